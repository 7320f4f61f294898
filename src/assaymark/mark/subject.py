"""What a certificate is compared with: digests and signers of one file, computed when they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from assaymark.mark.container import PAIR_ID
from assaymark.mark.statement import Statement, Subject
from assaymark.signing.block import SigningBlock, read_block
from assaymark.signing.content import content_digests, sections
from assaymark.signing.entries import directory_names, entries_digest
from assaymark.signing.errors import SigningError
from assaymark.signing.layout import Layout, find_layout, mapped
from assaymark.signing.signers import Signers, read_signers, stated_algorithms, verify_signers

EXPECTED = "assaymark-expected"
"""An entry of this name, which the developer's signature covers, says that a certificate belongs into the file."""

NAMES = {"sha256": "apkContentSha256", "sha512": "apkContentSha512", "sm3": "apkContentSm3"}
"""How digests over the content that signature schemes sign are called in a statement."""

_PIECE = 1 << 20


class File:
    """One file that may bear a mark. Nothing is read before it is asked for; every digest is computed once.

    All properties raise `SigningError` where the file does not hold what they are about.
    """

    def __init__(self, path: Path, data: memoryview) -> None:
        """Take a mapped file; `opened` makes one."""
        self.path = path
        self.data = data
        self._digests: dict[str, bytes] = {}

    @cached_property
    def layout(self) -> Layout | None:
        """Where the parts of the archive lie; None if it is no archive at all."""
        try:
            return find_layout(self.data)
        except SigningError as error:
            if error.reason == "no-archive":
                return None
            raise

    @cached_property
    def block(self) -> SigningBlock | None:
        """The signing block, if there is one."""
        return None if self.layout is None else read_block(self.data, self.layout)

    @property
    def marks(self) -> list[bytes]:
        """The values of the pairs that hold containers; in a sound file at most one."""
        return [] if self.block is None else self.block.values(PAIR_ID)

    @property
    def expects_mark(self) -> bool:
        """Whether the file says that a certificate belongs into it."""
        return self.layout is not None and EXPECTED.encode() in directory_names(self.data, self.layout)

    @property
    def signed_by_block(self) -> bool:
        """Whether a scheme of the signing block signs the file, so that content digests are what counts."""
        return self.block is not None and bool(stated_algorithms(self.block))

    def content(self, algorithms: set[str]) -> dict[str, str]:
        """Give content digests (of `sha256`, `sha512`, `sm3`) by their names in a statement."""
        if self.block is None or self.layout is None:
            raise SigningError("no-block")
        missing = algorithms - self._digests.keys()
        self._digests |= content_digests(sections(self.data, self.layout, self.block), sorted(missing))
        return {NAMES[name]: self._digests[name].hex() for name in sorted(algorithms)}

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the whole file."""
        digest = hashlib.sha256()
        for at in range(0, len(self.data), _PIECE):
            digest.update(self.data[at : at + _PIECE])
        return digest.hexdigest()

    @cached_property
    def entries_sha256(self) -> str:
        """SHA-256 over the entries of the archive; strict, see `signing.entries`."""
        return entries_digest(self.data).hex()

    @cached_property
    def signers(self) -> Signers:
        """Who signed.

        With a scheme of the signing block, its digests are those computed so far; else every entry is verified.
        """
        if self.layout is None:
            return Signers({}, {}, None)
        if self.signed_by_block:
            return read_signers(self.path, self._digests)
        return verify_signers(self.path)

    @property
    def stated(self) -> set[str]:
        """The digests (of `sha256`, `sha512`) that the developer's own signature is over."""
        return set() if self.block is None else set(stated_algorithms(self.block)) & {"sha256", "sha512"}

    def find_subject(self, statement: Statement) -> tuple[Subject, bool] | None:
        """Give the subject that this file is, and whether it is the very file (else its contents are equal).

        None if it is no subject.

        A file with a signing block is compared by the digest that the developer's signature is over, so that it is
        digested once; any other by SHA-256, then by its entries.
        """
        exact = self._by_content(statement) if self.signed_by_block else None
        if exact is not None:
            return exact, True
        if any("sha256" in one.digest for one in statement.subjects):
            for one in statement.subjects:
                if one.digest.get("sha256") == self.sha256:
                    return one, True
        if not self.signed_by_block and self.layout is not None:
            for one in statement.subjects:
                if "zipEntriesSha256" in one.digest and one.digest["zipEntriesSha256"] == self.entries_sha256:
                    return one, False
        return None

    def _by_content(self, statement: Statement) -> Subject | None:
        for one in statement.subjects:
            known = {algorithm for algorithm, name in NAMES.items() if name in one.digest}
            # What the developer signed is digested anyway; if the subject does not have it, its first other digest
            # counts.
            chosen = known & self.stated or set(sorted(known)[:1])
            if chosen and all(one.digest[name] == value for name, value in self.content(chosen).items()):
                return one
        return None


@contextmanager
def opened(path: Path) -> Iterator[File]:
    """Map a file for as long as it is looked at. Raises `SigningError` (`unreadable`)."""
    with mapped(path) as data:
        yield File(path, data)
