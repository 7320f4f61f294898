"""Makes trust roots: the first one with all its keys, and each next one.

A folder of trust holds `1.root`, `2.root`, … and key files. Which file is which key is found by the public key, not by
the name of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assaymark.log.errors import LogError
from assaymark.log.keys import read_secret, signer, write_secret
from assaymark.log.store import LocalStore
from assaymark.mark.keys import SecretKey, generate
from assaymark.mark.note import Key, Kind, Note, Signer, sign
from assaymark.mark.root import MAX_ROOT, TYPE, Root
from assaymark.mark.strict import from_json, to_base64

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new world of trust consists of. `witnesses` are others' keys with their address; `own` are made here."""

    origin: str
    issuer: str
    role: str = "inspector"
    level: int = 2
    roots: int = 3
    threshold: int = 2
    witnesses: Sequence[tuple[Key, str]] = ()
    own: int = 3
    quorum: int = 2
    days: int = 365
    status_url: str = ""
    algorithm: str = "ed25519"


@dataclass(frozen=True, slots=True)
class Change:
    """What the next root changes. All of it may be empty: then only the expiry moves.

    `cut_off` gives key ids with the last index that counts in each log (None: nothing counts); `replace` names root
    keys that are made anew; `logs` are origins of new logs; `issuers` are (name, role, level) of new keys; `text` is a
    tree to take instead of the present one.
    """

    days: int = 365
    cut_off: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)
    replace: Sequence[str] = ()
    logs: Sequence[str] = ()
    issuers: Sequence[tuple[str, str, int]] = ()
    text: bytes | None = None


class Trust:
    """A folder of trust. Secrets are read and written with one passphrase, or none."""

    def __init__(self, folder: Path, passphrase: str | None = None) -> None:
        """Look at a folder, which need not exist yet."""
        self.folder = folder
        self._passphrase = passphrase

    def init(self, plan: Plan, now: int) -> Root:
        """Make all keys and the first root. Raises `LogError` (`not-empty`, …), `Refused` for a bad plan."""
        if self.folder.is_dir() and any(self.folder.iterdir()):
            raise LogError("not-empty", f"{self.folder} is not empty", folder=str(self.folder))
        domain = plan.origin.partition("/")[0]
        roots = [self._note_key(f"{domain}/root-{at}") for at in range(1, plan.roots + 1)]
        own = [self._note_key(f"{domain}/witness-{at}", Kind.COSIGNATURE) for at in range(1, plan.own + 1)]
        log, status = self._note_key(plan.origin), self._note_key(f"{domain}/status")
        issuer = generate(plan.algorithm)
        witnesses = [*plan.witnesses, *((one.key, "") for one in own)]
        tree = {
            "_type": TYPE,
            "version": 1,
            "expires": now + plan.days * DAY,
            "rootKeys": [str(one.key) for one in roots],
            "threshold": plan.threshold,
            "logs": [str(log.key)],
            "policy": policy_text(witnesses, plan.quorum),
            "issuers": dict([_issuer(issuer, plan.issuer, plan.role, plan.level, now, plan.days)]),
            "statusKeys": [str(status.key)],
            "statusUrl": plan.status_url,
        }
        content = _sign(tree, roots)
        root = Root.parse(content)  # before anything is written
        self._make_folder()
        for name, one in (*_numbered("root", roots), *_numbered("witness", own), ("log", log), ("status", status)):
            self._write(name, SecretKey.of(one.secret))
        self._write("issuer", issuer)
        self._publish(root)
        return root

    def rotate(self, change: Change, now: int) -> Root:
        """Make the next root, signed by what there is here of the keys of the present one and of its own.

        Raises `LogError`, and `Refused` (`root-below-threshold`) if too few of the keys are here; then nothing changes.
        """
        present = self.current()
        tree = _tree(present.content) if change.text is None else _tree_of(change.text)
        made: dict[str, SecretKey] = {}
        version = present.version + 1
        tree |= {"version": version, "expires": now + change.days * DAY}
        for name in change.replace:
            made[f"root-{version}-{len(made)}"] = key = generate("ed25519")
            tree["rootKeys"] = _replaced(tree["rootKeys"], name, str(signer(key, name).key))
        for origin in change.logs:
            made[f"log-{version}-{len(made)}"] = key = generate("ed25519")
            tree["logs"] = [*tree["logs"], str(signer(key, origin).key)]
        for name, role, level in change.issuers:
            made[f"issuer-{version}-{len(made)}"] = key = generate("ed25519")
            tree["issuers"] |= dict([_issuer(key, name, role, level, now, change.days)])
        for keyid, indexes in change.cut_off.items():
            _cut_off(tree, keyid, indexes)
        wanted = {*present.keys, *map(Key.parse, tree["rootKeys"])}
        root = present.next(_sign(tree, self._signers(wanted, made.values())))
        for name, key in made.items():
            self._write(name, key)
        self._publish(root)
        return root

    def current(self) -> Root:
        """Give the newest root of this folder. Raises `LogError` (`no-root`), `Refused`."""
        versions = [int(one.stem) for one in self.folder.glob("*.root") if one.stem.isdecimal()]
        if not versions:
            raise LogError("no-root", f"{self.folder} has no root", folder=str(self.folder))
        return Root.parse(LocalStore(self.folder).read(f"{max(versions)}.root", MAX_ROOT))

    def signer(self, key: Key) -> Signer:
        """Give the secret of a key, from whichever file of this folder has it. Raises `LogError` (`no-such-key`)."""
        for one in self._signers([key]):
            return one
        raise LogError("no-such-key", f"no file holds the key {key.name}", name=key.name)

    def _signers(self, keys: Iterable[Key], more: Iterable[SecretKey] = ()) -> list[Signer]:
        held = [*more]
        for path in sorted(self.folder.glob("*.pem")):
            held.append(read_secret(path, self._passphrase))
        secrets = {one.point: one for one in held if one.algorithm == "ed25519"}
        found = [(key, secrets[key.public]) for key in keys if key.public in secrets]
        return sorted((signer(secret, key.name, key.kind) for key, secret in found), key=lambda one: str(one.key))

    def _note_key(self, name: str, kind: Kind = Kind.ED25519) -> Signer:
        return signer(generate("ed25519"), name, kind)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            detail = error.strerror
            raise LogError("cannot-write", str(error), folder=str(self.folder), detail=detail) from None

    def _write(self, name: str, key: SecretKey) -> None:
        write_secret(self.folder / f"{name}.pem", key, self._passphrase)

    def _publish(self, root: Root) -> None:
        LocalStore(self.folder).write({f"{root.version}.root": root.content})


def policy_text(witnesses: Sequence[tuple[Key, str]], quorum: int) -> str:
    """Give a policy that asks for so many of the witnesses; each is a key and an address, which may be empty."""
    lines = [f"witness w{at} {key} {url}".rstrip() for at, (key, url) in enumerate(witnesses, 1)]
    if quorum == 0:
        return "\n".join([*lines, "quorum none", ""])
    names = " ".join(f"w{at}" for at in range(1, len(witnesses) + 1))
    return "\n".join([*lines, f"group witnesses {quorum} {names}".rstrip(), "quorum witnesses", ""])


def _sign(tree: Mapping[str, Any], signers: Sequence[Signer]) -> bytes:
    return sign(json.dumps(tree, indent=1, ensure_ascii=False) + "\n", *signers).to_bytes()


def _tree(content: bytes) -> dict[str, Any]:
    return _tree_of(Note.parse(content, MAX_ROOT).text.encode())


def _tree_of(text: bytes) -> dict[str, Any]:
    try:
        tree = from_json(text)
    except ValueError as error:
        raise LogError("not-json", str(error), detail=str(error)) from None
    if not isinstance(tree, dict) or not isinstance(tree.get("rootKeys"), list):
        raise LogError("not-json", "not a root", detail="rootKeys")
    return tree


def _issuer(key: SecretKey, name: str, role: str, level: int, now: int, days: int) -> tuple[str, dict[str, Any]]:
    return key.keyid, {
        "name": name,
        "role": role,
        "alg": key.algorithm,
        "spki": to_base64(key.spki),
        "maxLevel": level,
        "validFrom": now,
        "validTo": now + days * DAY,
    }


def _cut_off(tree: dict[str, Any], keyid: str, indexes: Mapping[str, int | None]) -> None:
    """Set the last indexes of a key. Every log must be named: one that was forgotten would void all that is in it."""
    if keyid not in tree["issuers"]:
        raise LogError("no-such-key", keyid, name=keyid)
    issuer = tree["issuers"][keyid]
    merged: dict[str, int | None] = {**issuer.get("maxLogIndex", {}), **indexes}
    forgotten = [origin for one in tree["logs"] if (origin := Key.parse(one).name) not in merged]
    if forgotten:
        raise LogError("cut-off-incomplete", ", ".join(forgotten), logs=", ".join(forgotten))
    issuer["maxLogIndex"] = {origin: index for origin, index in merged.items() if index is not None}


def _replaced(keys: Sequence[str], name: str, new: str) -> list[str]:
    if all(Key.parse(one).name != name for one in keys):
        raise LogError("no-such-key", name, name=name)
    return [new if Key.parse(one).name == name else one for one in keys]


def _numbered(name: str, signers: Sequence[Signer]) -> list[tuple[str, Signer]]:
    return [(f"{name}-{at}", one) for at, one in enumerate(signers, 1)]
