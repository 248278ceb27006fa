"""What has been read of an artifact so far, and how much more may be."""

from __future__ import annotations

from packamal.archive.limits import MIB, Limits
from packamal.archive.members import Anomaly, AnomalyKind, Member, Unpacked
from packamal.archive.names import clean
from packamal.errors import ArchiveError

MAX_TEXTS = 50
"""Problems and notes kept; a report names the first of a million broken members, not all."""
MAX_LOST = 2_000
"""Parts that could not be read, each of which costs more time than one that can."""
_SNIFF_BYTES = 8192
"""Where a NUL tells a binary from a text, as other tools do it."""
_SOURCE_SUFFIXES = (
    *(".py", ".pyw", ".pyx", ".pth", ".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx"),
    *(".sh", ".bash", ".bat", ".cmd", ".ps1", ".vbs", ".rb", ".lua", ".php", ".pl"),
)


class Exhausted(ArchiveError):
    """A limit that ends the reading of everything."""


class Intake:
    """Collects members, anomalies and problems within limits; one for an artifact, inner archives included."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.kind = "file"
        """What the outermost archive is."""
        self.members: list[Member] = []
        self.prefix = ""
        """Put before every path: `outer.zip!/` while an inner archive is read."""
        self._anomalies: list[Anomaly] = []
        self._problems: list[str] = []
        self._notes: list[str] = []
        self._omitted = 0
        self._records = 0
        self._lost = 0
        self._kept_bytes = 0
        self._read_bytes = 0
        self._first: dict[str, tuple[int, int]] = {}
        """path -> (position of its first member, how many there are)"""
        self._folded: dict[str, str] = {}

    def add(self, name: str, data: bytes, mode: int = 0o644) -> None:
        """Keep one file. Raises Exhausted at the limit on their number."""
        if len(self.members) >= self.limits.members:
            raise Exhausted(f"more than {self.limits.members:,} files; the rest was not read")
        path, oddity = clean(name, self.limits.name_bytes)
        path = self.prefix + path
        if oddity:
            self._record(AnomalyKind.PATH, path, f"{oddity}: {name[:80]!r}")
        first, copies = self._first.get(path, (len(self.members), 0))
        self._first[path] = (first, copies + 1)
        if copies:
            same = "same" if self.members[first].data == data else "different"
            self._record(AnomalyKind.DUPLICATE, path, f"copy {copies + 1}, {same} content")
        elif (other := self._folded.setdefault(path.casefold(), path)) != path:
            self._record(AnomalyKind.CASE, path, f"differs only in case from {other}")
        self.members.append(Member(path, data, mode, copies))
        self._kept_bytes += len(data)

    def find(self, name: str) -> Member | None:
        """The first file of that name in the archive being read."""
        found = self._first.get(self.path_of(name))
        return self.members[found[0]] if found else None

    def add_cut(self, name: str, data: bytes, size: int, mode: int = 0o644) -> None:
        """Keep the beginning of a file of `size` bytes. Raises Exhausted when there is no room for any more at all."""
        what = f"{self.path_of(name)}: only the first {{}} MiB of {size // MIB:,} MiB were read"
        if len(data) < self.limits.member_bytes:
            self.add(name, data, mode)
            raise Exhausted(f"more than {self.limits.total_bytes // MIB:,} MiB unpacked; the rest was not read")
        if b"\0" in data[:_SNIFF_BYTES] and not name.lower().endswith(_SOURCE_SUFFIXES):
            self.add(name, data[: self.limits.head_bytes], mode)
            self._notes.append(what.format(self.limits.head_bytes // MIB))
        else:
            self.add(name, data, mode)
            self.fail(what.format(len(data) // MIB))

    def allowance(self, size: int) -> int:
        """How much of a file of `size` bytes may be read into memory."""
        return max(0, min(size, self.limits.member_bytes, self.limits.total_bytes - self._kept_bytes))

    def charge(self, size: int) -> None:
        """Count bytes that were unpacked, kept or not. Raises Exhausted."""
        self._read_bytes += size
        if self._read_bytes > self.limits.read_bytes:
            raise Exhausted(f"more than {self.limits.read_bytes // MIB:,} MiB to unpack; the rest was not read")

    def count_record(self) -> None:
        """Count a header of any kind. Raises Exhausted."""
        self._records += 1
        if self._records > self.limits.records:
            raise Exhausted(f"more than {self.limits.records:,} headers; the rest was not read")

    def check_ratio(self, unpacked: int, packed: int) -> None:
        """Stop a bomb early. Raises Exhausted."""
        if unpacked > self.limits.ratio_floor and unpacked > packed * self.limits.ratio:
            raise Exhausted(f"unpacks to more than {self.limits.ratio} times its size; the rest was not read")

    def spot(self, kind: AnomalyKind, name: str, detail: str) -> None:
        """Record something odd about a member, or about the archive when the name is empty."""
        if len(self._anomalies) >= self.limits.anomalies:
            self._omitted += 1
            return
        self._record(kind, self.path_of(name) if name else self.prefix.removesuffix("!/"), detail)

    def lose(self, kind: AnomalyKind, name: str, detail: str) -> None:
        """Record something odd that also kept a part from being read.

        In an inner archive that is a note, not a problem: broken and encrypted archives are common test data, and the
        outer member itself is still looked at. Raises Exhausted.
        """
        self.spot(kind, name, detail)
        self._lost += 1
        if self._lost > MAX_LOST:
            raise Exhausted(f"more than {MAX_LOST:,} parts could not be read; the rest was not tried")
        path = self.path_of(name) if name else self.prefix.removesuffix("!/")
        text = f"{path}: {detail}" if path else detail
        (self._notes if self.prefix else self._problems).append(text)

    def stop(self, reason: str) -> None:
        """Record the limit that ended the reading, wherever it was."""
        self._anomalies.append(Anomaly(AnomalyKind.BOMB, self.prefix.removesuffix("!/"), reason))
        where = self.prefix.removesuffix("!/")
        self._problems.append(f"{where}: {reason}" if where else reason)

    def fail(self, text: str) -> None:
        """Record that a part could not be read, so that clean cannot be said."""
        self._problems.append(text)

    def note(self, text: str) -> None:
        """Record what a reader should know without doubting the answer."""
        self._notes.append(text)

    def leftover(self, label: str, data: bytes | memoryview, detail: str) -> None:
        """Record bytes outside the archive's own structure, and keep them as a member so that they are looked at."""
        self.spot(AnomalyKind.TRAILING, "", f"{len(data):,} bytes {detail}")
        kept = bytes(data[: self.allowance(len(data))])
        if kept:
            self.add(label, kept)

    def path_of(self, name: str) -> str:
        """The clean path, inside which archive included."""
        return self.prefix + clean(name, self.limits.name_bytes).path

    def finish(self) -> Unpacked:
        """Everything that was read."""
        if self._omitted:
            self._notes.insert(0, f"{self._omitted:,} further oddities of the archive are not listed")
        texts = (_capped(self._problems), _capped(self._notes))
        return Unpacked(self.kind, tuple(self.members), tuple(self._anomalies), *texts)

    def _record(self, kind: AnomalyKind, path: str, detail: str) -> None:
        if len(self._anomalies) < self.limits.anomalies:
            self._anomalies.append(Anomaly(kind, path, detail))
        else:
            self._omitted += 1


def _capped(texts: list[str]) -> tuple[str, ...]:
    more = len(texts) - MAX_TEXTS
    return (*texts[:MAX_TEXTS], f"{more:,} more of the same") if more > 0 else tuple(texts)
