"""The walls of a pod around a real process, put up as a runtime does it, then looked at."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SKIPPED = 77
SHUT_IN = """
import ctypes, json, os, sys
from packamal.executors.inside import confinement
from packamal.executors.kubernetes.settings import Profile

libc = ctypes.CDLL(None, use_errno=True)
NEWNS, RDONLY, REMOUNT, BIND, REC, PRIVATE = 0x20000, 0x1, 0x20, 0x1000, 0x4000, 0x40000

def must(status):
    if status:
        print(os.strerror(ctypes.get_errno()))
        sys.exit(77)

if os.geteuid():
    print("it takes root")
    sys.exit(77)

class Step(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("value", ctypes.c_uint)]

class Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("steps", ctypes.POINTER(Step))]

def read_only_root():
    must(libc.unshare(NEWNS))
    must(libc.mount(None, b"/", None, REC | PRIVATE, None))
    must(libc.mount(b"/", b"/", None, BIND | REC, None))
    must(libc.mount(None, b"/", None, REMOUNT | BIND | RDONLY, None))
    os.chdir("/")
    os.chroot("/")

def user():
    if without != "bounding set":
        number = 0
        while libc.prctl(24, number, 0, 0, 0) == 0:  # PR_CAPBSET_DROP
            number += 1
    os.setgroups([10001])
    os.setresgid(10001, 10001, 10001)
    os.setresuid(10001, 10001, 10001)

def no_new_privileges():
    must(libc.prctl(38, 1, 0, 0, 0))

def seccomp():
    allow = Step(0x06, 0, 0, 0x7FFF0000)
    must(libc.prctl(22, 2, ctypes.byref(Program(1, ctypes.pointer(allow))), 0, 0))

without = sys.argv[1]
walls = {"root": read_only_root, "user": user, "privileges": no_new_privileges, "seccomp": seccomp}
for name, put_up in walls.items():
    try:
        name == without or put_up()
    except PermissionError as error:
        print(error)
        sys.exit(77)
print(json.dumps(confinement.trouble(confinement.look(), Profile.RESTRICTED)))
"""


def trouble(without=""):
    done = subprocess.run([sys.executable, "-c", SHUT_IN, without], capture_output=True, text=True, check=False)
    if done.returncode == SKIPPED:
        pytest.skip(f"this machine lets nobody put up the walls: {done.stdout.strip()}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ("", []), ("root", ["the root file system can be written"]),
        ("user", ["the user is root", "a group is root", "capabilities can be had"]),
        ("bounding set", ["capabilities can be had"]), ("seccomp", ["no seccomp filter is in force"]),
    ],
)  # fmt: skip
def test_each_wall_is_seen_where_it_stands_and_missed_where_it_does_not(without, said):
    assert trouble(without) == said
