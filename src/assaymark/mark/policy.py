"""Which checkpoints are believed: known logs, known witnesses, and how many of them (https://c2sp.org/tlog-policy).

The format was not tagged when this was written; this follows its text of June 2026. Beyond it, a key that is listed
both as a log and as a witness is refused: a log does not watch itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from assaymark.mark.checkpoint import Checkpoint
from assaymark.mark.note import Key, Kind, Note, Signed
from assaymark.mark.reasons import Reason, Refused

MAX_POLICY = 1 << 16
MAX_NAMES = 256
"""Logs, witnesses and groups together."""

NONE = "none"
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Group:
    """A set of witnesses and other groups that has seen a checkpoint if `threshold` of its members have."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that the policy believes. `time` is the median of the witnesses' times, the earlier of two."""

    checkpoint: Checkpoint
    log: Key
    witnesses: tuple[Signed, ...]
    time: int | None


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs by origin, witnesses and groups by their name in the policy, and the name that must have seen it.

    `urls` gives the address of a log's or witness' key, where the policy has one.
    """

    logs: Mapping[str, Key]
    witnesses: Mapping[str, Key]
    groups: Mapping[str, Group]
    quorum: str
    urls: Mapping[Key, str]

    @classmethod
    def parse(cls, content: bytes | str, more_logs: Iterable[Key] = ()) -> Policy:
        """Read a policy; `more_logs` are logs known from elsewhere. Raises `Refused` (`policy-malformed`)."""
        try:
            reader = _Reader()
            for key in more_logs:
                reader.add_log(key)
            reader.read(content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)
            if reader.quorum is None:
                raise ValueError("no quorum")
            return cls(reader.logs, reader.witnesses, reader.groups, reader.quorum, reader.urls)
        except ValueError as error:
            raise Refused(Reason.POLICY_MALFORMED, str(error)) from None

    def check(self, note: Note) -> Seen:
        """Give the checkpoint of a note if a known log signed it and enough witnesses saw it.

        Raises `Refused`: `checkpoint-malformed`, `log-unknown`, `log-not-signed`, `signature-wrong`, `quorum-missed`.
        """
        checkpoint = Checkpoint.parse(note.text)
        log = self.logs.get(checkpoint.origin)
        if log is None:
            raise Refused(Reason.LOG_UNKNOWN, checkpoint.origin, log=checkpoint.origin)
        try:
            signed = note.verify([log, *self.witnesses.values()])
        except Refused as refused:
            if refused.reason is not Reason.SIGNATURE_MISSING:
                raise
            signed = []
        if all(one.key != log for one in signed):
            raise Refused(Reason.LOG_NOT_SIGNED, checkpoint.origin, log=checkpoint.origin)
        witnesses = tuple(one for one in signed if one.key != log)
        self._require_quorum({one.key for one in witnesses})
        times = sorted(one.time for one in witnesses if one.time is not None)
        return Seen(checkpoint, log, witnesses, times[(len(times) - 1) // 2] if times else None)

    def _require_quorum(self, keys: Collection[Key]) -> None:
        # A key counts once, under whatever names; groups only name what was defined before them, so one pass does.
        present = {name for name, key in self.witnesses.items() if key in keys}
        for name, group in self.groups.items():
            if sum(member in present for member in group.members) >= group.threshold:
                present.add(name)
        if self.quorum != NONE and self.quorum not in present:
            raise Refused(Reason.QUORUM_MISSED, f"{len(keys)} witnesses", witnesses=len(keys))


class _Reader:
    """Lines of a policy, read one by one. Raises `ValueError`."""

    def __init__(self) -> None:
        self.logs: dict[str, Key] = {}
        self.witnesses: dict[str, Key] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self.urls: dict[Key, str] = {}
        self._publics: set[bytes] = set()
        self._members: set[str] = set()

    def read(self, content: bytes) -> None:
        if len(content) > MAX_POLICY or _FORBIDDEN.search(content):
            raise ValueError("too long, or a control character")
        verbs: Mapping[str, Callable[[list[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        # Bytes that are not UTF-8 stay what they are: names are compared, never interpreted.
        for line in content.decode("utf-8", "surrogateescape").split("\n"):
            items = [item for item in re.split(r"[ \t]+", line) if item]
            if not items or items[0].startswith("#"):
                continue
            if items[0] not in verbs:
                raise ValueError("a line that is none of log, witness, group and quorum")
            verbs[items[0]](items[1:])
            if len(self.logs) + len(self.witnesses) + len(self.groups) > MAX_NAMES:
                raise ValueError("too many names")

    def add_log(self, key: Key, url: str | None = None) -> None:
        self._add_key(key, Kind.ED25519, url)
        if key.name in self.logs:
            raise ValueError("two keys for one log")
        self.logs[key.name] = key

    def _log(self, items: list[str]) -> None:
        if len(items) not in (1, 2):
            raise ValueError("log needs a key, and may have an address")
        self.add_log(_key(items[0]), *items[1:])

    def _witness(self, items: list[str]) -> None:
        if len(items) not in (2, 3):
            raise ValueError("witness needs a name and a key, and may have an address")
        self._new_name(items[0])
        key = _key(items[1])
        self._add_key(key, Kind.COSIGNATURE, *items[2:])
        self.witnesses[items[0]] = key

    def _group(self, items: list[str]) -> None:
        if len(items) < 3:
            raise ValueError("group needs a name, a threshold and members")
        name, threshold, *members = items
        self._new_name(name)
        for member in members:
            if member in self._members or not self._defined(member):
                raise ValueError("a member of a group is unknown, or in two groups")
            self._members.add(member)
        counts = {"any": 1, "all": len(members)}
        if threshold not in counts and not re.fullmatch("[1-9][0-9]{0,3}", threshold, re.ASCII):
            raise ValueError("the threshold of a group is no number")
        count = counts[threshold] if threshold in counts else int(threshold)
        if count > len(members):
            raise ValueError("the threshold of a group is greater than the group")
        self.groups[name] = Group(count, tuple(members))

    def _quorum(self, items: list[str]) -> None:
        if len(items) != 1 or self.quorum is not None:
            raise ValueError("quorum needs one name, once")
        if items[0] != NONE and not self._defined(items[0]):
            raise ValueError("the quorum is unknown")
        self.quorum = items[0]

    def _defined(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _new_name(self, name: str) -> None:
        if name == NONE or self._defined(name):
            raise ValueError("a name is taken")

    def _add_key(self, key: Key, kind: Kind, url: str | None = None) -> None:
        if key.kind is not kind or key.public in self._publics:
            raise ValueError("a key is of the wrong type, or listed twice")
        self._publics.add(key.public)
        if url is not None:
            self.urls[key] = url


def _key(text: str) -> Key:
    try:
        return Key.parse(text)
    except Refused as refused:
        raise ValueError(str(refused)) from None
