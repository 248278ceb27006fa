"""Prints outcome, time and peak memory of reading each kind of archive bomb, one child process for each.

    python evals/hostile_memory.py            all bombs
    python evals/hostile_memory.py gzip zstd  those whose name contains one of the words

The bombs are made in memory: a compressed block of zeros repeats as often as needed, so many GB cost some MB.
"""

from __future__ import annotations

import bz2
import io
import lzma
import resource
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable

from packamal.archive import AnomalyKind, unpack

MIB = 1024 * 1024
BLOCK_MIB = 64
BOMB_MIB = 16 * 1024
COPIES = BOMB_MIB // BLOCK_MIB
ZEROS = bytes(BLOCK_MIB * MIB)


def tar_header(name: str, size: int) -> bytes:
    """One header that announces `size` bytes."""
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


HEAD = tar_header("package/bomb.bin", BOMB_MIB * MIB)


def gzip_stream(parts: list[bytes], repeated: bytes, copies: int) -> bytes:
    """One gzip stream of `parts` and then `copies` times `repeated`, which is compressed once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(b"".join(parts)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(repeated) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + head + block * copies + b"\x03\0" + bytes(8)


def bomb_gzip() -> bytes:
    """16 GiB in one member of a tar.gz."""
    return gzip_stream([HEAD], ZEROS, COPIES)


def bomb_gzip_streams() -> bytes:
    """The same over 256 concatenated streams."""
    import gzip

    return gzip.compress(HEAD) + gzip.compress(ZEROS, 9) * COPIES


def bomb_bzip2() -> bytes:
    """16 GiB in a tar.bz2 of some kB."""
    return bz2.compress(HEAD) + bz2.compress(ZEROS) * COPIES


def bomb_xz() -> bytes:
    """16 GiB in a tar.xz."""
    return lzma.compress(HEAD, preset=0) + lzma.compress(ZEROS, preset=0) * COPIES


def bomb_zstd() -> bytes:
    """16 GiB in a tar.zst."""
    import zstandard

    packer = zstandard.ZstdCompressor(level=3)
    return packer.compress(HEAD) + packer.compress(ZEROS) * COPIES


def bomb_zstd_window() -> bytes:
    """A zstd frame that asks for a window of 2 GiB."""
    import zstandard

    settings = zstandard.ZstdCompressionParameters(window_log=31, compression_level=1)
    return zstandard.ZstdCompressor(compression_params=settings).compress(HEAD + bytes(MIB))


def bomb_xz_window() -> bytes:
    """An xz stream that asks for a dictionary of 1.5 GiB."""
    small = lzma.compress(HEAD + bytes(MIB), filters=[{"id": lzma.FILTER_LZMA2, "preset": 0}])
    header = bytearray(small[12:24])
    header[header.index(0x21) + 2] = 39
    header[-4:] = struct.pack("<L", zlib.crc32(bytes(header[:-4])))
    return small[:12] + bytes(header) + small[24:]


def _zip(names: list[bytes], packed: bytes, unpacked: int, crc: int) -> bytes:
    """A zip of equal deflated files that is made without inflating anything."""
    body, directory = io.BytesIO(), io.BytesIO()
    for name in names:
        fields = (20, 0, 8, 0, 0, crc, len(packed), unpacked, len(name), 0)
        at = body.tell()
        body.write(struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + name + packed)
        central = (20, *fields[:-1], 0, 0, 0, 0, 0, at)
        directory.write(struct.pack("<4s6H3L5H2L", b"PK\1\2", *central) + name)
    count = len(names) & 0xFFFF
    size, start = directory.tell(), body.tell()
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, start, 0)
    return body.getvalue() + directory.getvalue() + end


def deflated(block: bytes, copies: int) -> bytes:
    """`copies` times `block`, raw deflate."""
    return gzip_stream([], block, copies)[10:-8]


def bomb_zip() -> bytes:
    """One file of 3.9 GiB in a zip of 4 MB."""
    copies = 62
    return _zip([b"bomb.bin"], deflated(ZEROS, copies), BLOCK_MIB * MIB * copies, 0)


def bomb_zip_lying() -> bytes:
    """The same, stating 1 kB."""
    return _zip([b"bomb.py"], deflated(ZEROS, COPIES), 1024, 0)


def bomb_zip_many() -> bytes:
    """4,000 files of 16 MiB each: 62 GiB."""
    block = bytes(16 * MIB)
    return _zip([b"%05d.py" % number for number in range(4000)], deflated(block, 1), len(block), zlib.crc32(block))


def bomb_zip_low_ratio() -> bytes:
    """Files of 100 MiB at a ratio of 100, as an honest compressor would make them: 12 GiB in 125 MB."""
    noise = b"".join(zlib.crc32(struct.pack("<L", n)).to_bytes(4, "little") for n in range(MIB // 4 // 100))
    block = (noise + bytes(MIB - len(noise))) * 100
    return _zip([b"%05d.bin" % number for number in range(120)], deflated(block, 1), len(block), zlib.crc32(block))


def million_tar() -> bytes:
    """A million empty files in a tar.gz."""
    names = b"".join(tar_header(f"package/{number:04d}.py", 0) for number in range(1000))
    return gzip_stream([], names, 1000)


def million_directories() -> bytes:
    """Two million directories in a tar.gz."""
    info = tarfile.TarInfo("package/folder")
    info.type = tarfile.DIRTYPE
    return gzip_stream([], info.tobuf() * 1000, 2000)


def million_zip() -> bytes:
    """A million files in a zip."""
    return _zip([b"package/%07d.py" % number for number in range(1_000_000)], b"\x03\0", 0, 0)


def million_links() -> bytes:
    """A million links in a tar.gz, each to the next."""
    blocks = []
    for number in range(1000):
        info = tarfile.TarInfo(f"link{number}")
        info.type, info.linkname = tarfile.SYMTYPE, f"link{number + 1}"
        blocks.append(info.tobuf())
    return gzip_stream([], b"".join(blocks), 1000)


def long_names() -> bytes:
    """Two thousand extended headers of 8 MiB, each for one name."""
    name = b"n" * (8 * MIB)
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, len(name)
    return gzip_stream([], info.tobuf(tarfile.GNU_FORMAT) + name + tar_header("x", 0), 2000)


def nested_zip() -> bytes:
    """Six levels of zips of 16 zips each, 4 GiB at every leaf."""
    inner = bomb_zip()
    for _ in range(5):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(16):
                archive.writestr(f"lib{number}.zip", inner)
        inner = buffer.getvalue()
    return inner


def nested_self() -> bytes:
    """A gzip in a gzip in a gzip ... a hundred times."""
    import gzip

    packed = b"x"
    for _ in range(100):
        packed = gzip.compress(packed)
    return packed


def sparse_tar() -> bytes:
    """A sparse file that pretends to be 8 GiB."""
    header = bytearray(tar_header("package/sparse.bin", 0))
    header[156:157] = b"S"
    header[483:495] = b"77777777777\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(1024)


BOMBS: dict[str, Callable[[], bytes]] = {
    name.removeprefix("bomb_"): function
    for name, function in list(globals().items())
    if name.startswith(("bomb_", "million_", "long_", "nested_", "sparse_"))
}


def child(name: str) -> None:
    """Make one bomb, read it, print what happened."""
    data = BOMBS[name]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    start = time.process_time()
    found = unpack(data, f"{name}.tgz")
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    kinds = ",".join(sorted({str(anomaly.kind) for anomaly in found.anomalies} - {AnomalyKind.NESTED}))
    outcome = "incomplete" if found.problems else "read"
    kept = sum(len(member.data) for member in found.members) // MIB
    row = f"{name:20} {len(data) / MIB:8.1f} {found.kind:8} {outcome:10} {len(found.members):8,} {kept:6}"
    print(f"{row} {seconds:7.2f} {before:7} {peak:7}  {kinds}: {(found.problems or ('',))[0][:70]}")


def main() -> None:
    """Run the children one after the other."""
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
        return
    words = sys.argv[1:] or [""]
    print("bomb                      MiB kind     outcome     members  keptM   CPU s  before    peak  (MiB resident)")
    for name in BOMBS:
        if any(word in name for word in words):
            sys.stdout.flush()
            done = subprocess.run([sys.executable, __file__, "--child", name], check=False)
            if done.returncode:
                print(f"{name:20} DIED with {done.returncode}")


if __name__ == "__main__":
    main()
