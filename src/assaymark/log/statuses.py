"""Sets the status of entries: a new list each time, beside the log, and its digest in the log.

The digest in the log keeps the list honest: nobody can be shown a list that was never public, and what a list once said
can be proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256

from assaymark.log.appending import Log
from assaymark.log.errors import LogError
from assaymark.log.store import Source
from assaymark.mark.note import Key, Signer, sign
from assaymark.mark.status import MAX_STATUS, State, StatusList

STATUS = "status"
"""The list, beside the checkpoint of its log."""

_ENTRY = b"assaymark-status-digest/v1\n"


def status_entry(note: bytes) -> bytes:
    """Give the entry of the log that stands for a list."""
    return _ENTRY + sha256(note).digest()


def is_status_entry(entry: bytes) -> bool:
    """Say whether an entry of a log is the digest of a status list."""
    return entry.startswith(_ENTRY) and len(entry) == len(_ENTRY) + 32


def read_status(source: Source, keys: Iterable[Key]) -> StatusList | None:
    """Give the newest list of a log, or None before the first. Raises `LogError`, `Refused`."""
    return _read(source, keys)[0]


def set_status(log: Log, signer: Signer, changes: Mapping[int, State], now: int) -> StatusList:
    """Publish a list over the whole log with these changes; none are needed to renew the list.

    Raises `LogError`: `no-such-entry`; `revoked-stays` for a revoked entry that would become anything else.
    """
    log.integrate()
    held, before = _read(log.store, [signer.key])
    states = held.not_good() if held else {}
    for index, state in changes.items():
        if not 0 <= index < log.state.size:
            raise LogError("no-such-entry", f"entry {index}", index=index, size=log.state.size)
        if states.get(index) is State.REVOKED and state is not State.REVOKED:
            raise LogError("revoked-stays", f"entry {index}", index=index)
        states[index] = state
    time = max(now, held.time + 1) if held else now
    new = StatusList.of(log.state.key.name, time, log.state.size, states)
    note = sign(new.text(), signer).to_bytes()
    log.add([status_entry(note)])
    if not log.store.swap(STATUS, before, note):
        raise LogError("busy", f"{log.store}: another list came out meanwhile", folder=str(log.store))
    return new


def _read(source: Source, keys: Iterable[Key]) -> tuple[StatusList | None, bytes | None]:
    try:
        content = source.read(STATUS, MAX_STATUS)
    except FileNotFoundError:
        return None, None
    return StatusList.parse(content, keys), content
