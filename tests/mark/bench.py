"""What the numbered cases are made with: files, certificates and the world that they stand in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assaymark.mark.container import PAIR_ID
from assaymark.mark.demand import Demand
from assaymark.mark.status import StatusList
from assaymark.signing.block import add_pair
from assaymark.testing.archive import DEFLATED, Member, write_archive
from assaymark.testing.sign import Identity, signed_archive
from assaymark.testing.trust import NOW, World

CHANNEL, STAMP = 0x71777777, 0x6DFF800D
"""Pairs that stores and Google Play put into signing blocks."""


@dataclass
class Case:
    """One case: files, what they are checked with, and the outcome: a state, or the reason of a refusal."""

    paths: list[Path]
    world: World
    wanted: str
    demand: Demand = field(default_factory=Demand)
    statuses: list[StatusList] = field(default_factory=list)
    now: int = NOW
    place: str | None = None
    root_note: bytes | None = None
    name: str = ""


MEMBERS = (
    Member("AndroidManifest.xml", b"manifest " * 40),
    Member("classes.dex", b"code " * 2000),
    Member("res/raw/text", "文".encode() * 300),
)


class Bench:
    """Makes files and containers for one case, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.world = World()

    def apk(
        self,
        name: str = "app.apk",
        schemes: Sequence[str] = ("v2", "v3"),
        *,
        members: Sequence[Member] = MEMBERS,
        who: dict[str, Identity] | None = None,
        pairs: Sequence[tuple[int, bytes]] = (),
        lineage: Sequence[Identity] = (),
        comment: bytes = b"",
    ) -> Path:
        path = self.folder / name
        data = signed_archive(members, schemes, identities=who, pairs=pairs, lineage=lineage, comment=comment)
        path.write_bytes(data)
        return path

    def embed(self, path: Path, container: bytes) -> Path:
        path.write_bytes(b"".join(add_pair(path.read_bytes(), PAIR_ID, container)))
        return path

    def beside(self, path: Path, container: bytes) -> Path:
        path.with_name(path.name + ".assaymark").write_bytes(container)
        return path

    def marked(self, **changes: object) -> tuple[Path, bytes]:
        """Give a file signed with v2 and v3 that bears a certificate, and its container."""
        path = self.apk()
        container = self.world.certify(self.world.statement(path, **changes))
        return self.embed(path, container), container

    def edited(self, wanted: str, old: bytes, new: bytes) -> Case:
        """Give a file whose statement was changed before it was signed."""
        path = self.apk()
        statement = self.world.statement(path).to_bytes()
        assert old in statement
        return self.case(wanted, self.embed(path, self.world.certify(statement.replace(old, new))))

    def case(self, wanted: str, *paths: Path, **more: object) -> Case:
        return Case(list(paths), self.world, wanted, **more)  # type: ignore[arg-type]

    def fresh(self) -> list[StatusList]:
        return [self.world.status()]


Make = Callable[[Bench], Case]
CASES: dict[str, Make] = {}
"""All cases by name: the number, then what is special."""


def case(function: Make) -> Make:
    """Register a case; the function `case_07_…` makes the case `07_…`."""
    name = function.__name__.removeprefix("case_")
    assert name not in CASES
    CASES[name] = function
    return function


def flip(path: Path, at: int) -> Path:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))
    return path


def repack(path: Path) -> None:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        members = [Member(one.filename, archive.read(one), DEFLATED) for one in archive.infolist()]
    path.write_bytes(write_archive(reversed(members)).data)
