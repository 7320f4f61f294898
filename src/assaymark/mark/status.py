"""Status lists: which entries of a log are suspended, revoked or superseded. Offline, with the age of the news.

A list is a signed note. Its text is six lines: `assaymark-status/v1`, the origin of the log, the time of the list, the
first index that it covers, how many, and two bits for each (base64 of zlib): index `first + i` stands in byte `i >> 2`
at bit `(i & 3) * 2`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from assaymark.mark.note import Key, Note
from assaymark.mark.reasons import Reason, Refused
from assaymark.mark.strict import from_base64, from_decimal, to_base64

HEADER = "assaymark-status/v1"
MAX_STATUS = 1 << 25
"""Bytes of a list as it is sent."""

MAX_COVERED = 1 << 27
"""Indexes of one list: 32 MB of bits."""

LEEWAY = 300
"""Seconds that a list may be ahead of the verifier's clock."""


class State(IntEnum):
    """What two bits say."""

    GOOD = 0
    SUSPENDED = 1
    REVOKED = 2
    SUPERSEDED = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """What a list says of one entry. `age` is in seconds, never below zero."""

    state: State
    age: int


@dataclass(frozen=True, slots=True)
class StatusList:
    """States of the entries `first` to `first + count - 1` of a log at one `time` (seconds since 1970)."""

    origin: str
    time: int
    first: int
    count: int
    bits: bytes

    @classmethod
    def parse(cls, content: bytes, keys: Iterable[Key]) -> StatusList:
        """Read a list that one of the keys signed. Raises `Refused` (`status-malformed`, `signature-wrong`, …)."""
        note = Note.parse(content, MAX_STATUS)
        note.verify(keys)
        try:
            header, origin, time, first, count, packed, end = note.text.split("\n")
            if header != HEADER or not origin or end:
                raise ValueError("not a status list")
            covered = from_decimal(count)
            if covered > MAX_COVERED:
                raise ValueError("covers too much")
            bits = _inflate(from_base64(packed), -(-covered // 4))
            if covered % 4 and bits[-1] >> (covered % 4) * 2:
                raise ValueError("bits beyond the last index")
            return cls(origin, from_decimal(time), from_decimal(first), covered, bits)
        except (ValueError, zlib.error) as error:
            raise Refused(Reason.STATUS_MALFORMED, str(error)) from None

    @classmethod
    def of(cls, origin: str, time: int, count: int, states: Mapping[int, State], first: int = 0) -> StatusList:
        """Make a list from the states that are not good. Raises `ValueError` for an index that it does not cover."""
        bits = bytearray(-(-count // 4))
        for index, state in states.items():
            at = index - first
            if not 0 <= at < count:
                raise ValueError(f"index {index} is not covered")
            bits[at >> 2] |= state << (at & 3) * 2
        return cls(origin, time, first, count, bytes(bits))

    def text(self) -> str:
        """Give the text that is signed."""
        packed = to_base64(zlib.compress(self.bits, 9))
        return f"{HEADER}\n{self.origin}\n{self.time}\n{self.first}\n{self.count}\n{packed}\n"

    def find_state(self, index: int) -> State | None:
        """Give the state of an entry, or None if the list does not cover it."""
        at = index - self.first
        return State(self.bits[at >> 2] >> (at & 3) * 2 & 3) if 0 <= at < self.count else None

    def standing(self, index: int, now: int) -> Standing | None:
        """Give the state of an entry and how old this news is; None if the list does not cover it."""
        state = self.find_state(index)
        return None if state is None else Standing(state, max(0, now - self.time))

    def not_good(self) -> dict[int, State]:
        """Give the states that are not good, by index."""
        found: dict[int, State] = {}
        for at, byte in enumerate(self.bits):
            if byte:
                found |= {self.first + at * 4 + i: State(byte >> i * 2 & 3) for i in range(4) if byte >> i * 2 & 3}
        return found

    def require_newer(self, held: StatusList | None, now: int) -> None:
        """Raise `Refused` unless this list may take the place of the one that is held.

        Reasons: `status-other-log`; `status-future` if it is ahead of the clock; `status-older` if its time is before
        that of the held one, if it covers less, or if it is another list of the same time.
        """
        if self.time > now + LEEWAY:
            raise Refused(Reason.STATUS_FUTURE, f"{self.time}", time=self.time)
        if held is None or self == held:
            return
        if self.origin != held.origin:
            raise Refused(Reason.STATUS_OTHER_LOG, self.origin, log=self.origin)
        if self.time <= held.time:
            raise Refused(Reason.STATUS_OLDER, f"{self.time} after {held.time}", time=self.time)
        if self.first > held.first or self.first + self.count < held.first + held.count:
            raise Refused(Reason.STATUS_OLDER, "covers less than the one held", time=self.time)


def _inflate(packed: bytes, size: int) -> bytes:
    """Inflate to exactly `size` bytes; never makes more than one byte too many."""
    inflater = zlib.decompressobj()
    content = inflater.decompress(packed, size + 1)
    if len(content) != size or not inflater.eof or inflater.unused_data:
        raise ValueError("the bits are not of the stated length")
    return content
