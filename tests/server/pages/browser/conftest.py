"""A real Chromium over its pipe: JSON between NULs on two descriptors, so that nothing but the browser is needed."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator

import pytest
from services import find

WAIT_S = 30
FLAGS = [
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--hide-scrollbars", "--force-color-profile=srgb", "--mute-audio",
]  # fmt: skip


class Chromium:
    """One browser; its pages are `Tab`s."""

    def __init__(self) -> None:
        program = find("chromium")
        if program is None:
            pytest.skip("not run: Chromium is not installed")
        self.folder = tempfile.mkdtemp(prefix="packamal-browser-")
        to_child, self.out = os.pipe()
        self.inlet, from_child = os.pipe()
        self.child = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={self.folder}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: (os.dup2(to_child, 3), os.dup2(from_child, 4)), close_fds=False,
            env={"HOME": self.folder, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, start_new_session=True,
        )  # fmt: skip
        os.close(to_child)
        os.close(from_child)
        self.numbers = itertools.count(1)
        self.buffer = b""
        self.events: list[dict] = []

    def call(self, method: str, session: str = "", **params: object) -> dict:
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self.out, json.dumps(message).encode() + b"\0")
        ends = time.monotonic() + WAIT_S
        while True:
            for said in self._read(ends):
                if said.get("id") == number:
                    assert "error" not in said, said
                    return said["result"]
                self.events.append(said)

    def _read(self, ends: float) -> list[dict]:
        assert select.select([self.inlet], [], [], max(0, ends - time.monotonic()))[0], "the browser does not answer"
        got = os.read(self.inlet, 1 << 20)
        assert got, "the browser went away"
        *whole, self.buffer = (self.buffer + got).split(b"\0")
        return [json.loads(part) for part in whole]

    def close(self) -> None:
        with contextlib.suppress(OSError, AssertionError):
            self.call("Browser.close")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(10)
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        os.close(self.out)
        os.close(self.inlet)
        shutil.rmtree(self.folder, ignore_errors=True)


class Tab:
    """One page in a profile of its own."""

    def __init__(self, chromium: Chromium, address: str, width: int, height: int, is_dark: bool) -> None:
        self.chromium, self.address = chromium, address
        self.context = chromium.call("Target.createBrowserContext")["browserContextId"]
        target = chromium.call("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        self.session = chromium.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        theme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[theme])

    def call(self, method: str, **params: object) -> dict:
        return self.chromium.call(method, self.session, **params)

    def open(self, path: str) -> None:
        self.call("Page.navigate", url=self.address + path)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, script: str) -> object:
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, script: str, within_s: float = WAIT_S) -> None:
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            with contextlib.suppress(AssertionError):
                if self.value(script):
                    return
            time.sleep(0.05)
        shown = self.value("location.href + document.body.innerText")
        raise AssertionError(f"never: {script}; {shown}"[:800])

    def press(self, *keys: str) -> None:
        for key in keys:
            text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
            codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38}
            code = {"windowsVirtualKeyCode": codes[key], "code": key} if key in codes else {}
            self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text, **code)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key, **code)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    @property
    def complaints(self) -> list[str]:
        """What the console said: refused by the policy, not found, thrown."""
        self.value("1")
        found = []
        for event in self.chromium.events:
            params = event.get("params", {})
            if event.get("sessionId") != self.session:
                continue
            if event["method"] == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            if event["method"] == "Runtime.exceptionThrown":
                found.append(json.dumps(params["exceptionDetails"])[:300])
        return found

    @property
    def asked(self) -> list[str]:
        """Addresses that the page loaded."""
        return [
            event["params"]["request"]["url"]
            for event in self.chromium.events
            if event.get("sessionId") == self.session and event["method"] == "Network.requestWillBeSent"
        ]

    def close(self) -> None:
        self.chromium.call("Target.disposeBrowserContext", browserContextId=self.context)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    started = Chromium()
    yield started
    started.close()


@pytest.fixture
def tab_at(chromium):
    """Opens a tab in which nobody is signed in, at an address whose certificate nobody vouches for."""
    opened: list[Tab] = []

    def open_one(address: str, width: int = 1440, height: int = 900, is_dark: bool = False) -> Tab:
        one = Tab(chromium, address, width, height, is_dark)
        opened.append(one)
        one.call("Security.setIgnoreCertificateErrors", ignore=True)
        return one

    yield open_one
    for one in opened:
        one.close()
    chromium.events.clear()


@pytest.fixture
def tab(chromium, live_server, settings):
    """Opens a tab in which somebody is signed in: `tab()`, `tab(390, is_dark=True)`."""
    from django.test import Client

    from packamal.server.accounts.local import NAME
    from packamal.server.accounts.models import Role, User

    opened: list[Tab] = []

    def open_one(width: int = 1440, height: int = 900, is_dark: bool = False, role: str = "admin") -> Tab:
        one = Tab(chromium, live_server.url, width, height, is_dark)
        opened.append(one)
        user, _ = User.objects.update_or_create(username=NAME, defaults={"role": Role(role)})
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        one.call("Network.setCookie", name=settings.SESSION_COOKIE_NAME, value=session, url=live_server.url)
        return one

    yield open_one
    for one in opened:
        one.close()
    chromium.events.clear()
