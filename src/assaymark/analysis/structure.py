"""How a package is built, where no name tells: a stub in front of hidden code, a shell around a web page, and the like.

Each rule gives the places it rests on, or nothing. The rules and their bounds are ours, drawn from how packers and web
shells have to work: Android makes the application object before everything else, so that is where hidden code is
unpacked; and the main screen of a shell has to load its page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice, product
from math import log2

from assaymark import _engine, catalog
from assaymark.analysis.code import CodeView, code_of
from assaymark.formats.program import Part, Program

STUB_CLASSES = 600
"""A stub that unpacks the real code has few classes."""

SHELL_SCREENS = 3
"""Screens of its own that a shell around a web page has at most: the page, a splash screen, one more."""

NATIVE_BYTES = 48 << 20
"""Bytes of native libraries that are looked through, of one kind of processor; larger ones are left out."""

ABIS = ("arm64-v8a", "armeabi-v7a", "armeabi", "x86_64", "x86")
"""Kinds of processors, the one that most phones have first."""

NAMED = 12
"""Names told of one native library."""

CODE_ENDINGS = (".dex", ".jar", ".apk", ".odex", ".so")
SAMPLE = 4096
"""Bytes of such a file that are looked at; a smaller file is too short to tell."""

ENTROPY = 7.5
"""Bits a byte from which data looks encrypted; the code of processors and of DEX files lies around 6."""

MAGICS = (b"dex\n", b"cdex", b"dey\n", b"PK", b"\x7fELF", b"\x1f\x8b", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd")
"""How DEX, compact DEX, optimised DEX, ZIP, ELF and the usual compressed files start."""

Marks = Mapping[str, tuple[str, ...]]


def structures(program: Program) -> Marks:
    """Give the places that each structure rests on, by name; only those that are there. Made once."""
    return program.once("structures", _structures)


def _structures(program: Program) -> Marks:
    code = code_of(program)
    found = {
        "stub": tuple(_stub(program, code)),
        "web-shell": tuple(_web_shell(program, code)),
        "native-callback": tuple(_native_callback(program)),
        "encrypted-code": tuple(_encrypted_code(program)),
    }
    return {name: marks for name, marks in found.items() if marks}


# --- a stub in front of hidden code

_LOADERS = (
    ("java.lang.System", "loadLibrary"),
    ("java.lang.System", "load"),
    ("java.lang.Runtime", "load"),
    ("java.lang.Runtime", "loadLibrary"),
    ("dalvik.system.DexClassLoader", "<init>"),
    ("dalvik.system.InMemoryDexClassLoader", "<init>"),
    ("dalvik.system.PathClassLoader", "<init>"),
    ("dalvik.system.DexFile", "loadDex"),
    ("dalvik.system.DexFile", "<init>"),
)


def _stub(program: Program, code: CodeView) -> Iterator[str]:
    """Give the class that starts first, what it loads, and the missing components, if it stands before hidden code.

    Three things together: most declared components, and one that a user starts among them, are not in the code; there
    is little code; and a class that Android makes first, or one beside it, loads a native library or more code.
    """
    manifest = program.manifest
    declared = {one.target or one.name for one in manifest.components if one.enabled}
    missing = set(code.missing_components())
    started = {one.target or one.name for one in manifest.components if one.launcher}
    if not missing or 2 * len(missing) < len(declared) or (started and not started & missing):
        return
    if sum(one.classes for one in code.dex_files) > STUB_CLASSES:
        return
    factory = manifest.application.text("appComponentFactory") if manifest.application is not None else None
    stated = [name for name in (manifest.application_class, factory) if name]
    first = [name for name, here in zip(stated, code.has_classes(stated), strict=True) if here]
    around = tuple({name.rpartition(".")[0] for name in first})
    selectors = [(cls, method, "", False) for cls, method in _LOADERS]
    loads = [hit for hit in code.calls(selectors) if hit.reachable and hit.cls.rpartition(".")[0] in around]
    if loads:
        yield from first
        yield from (hit.place for hit in islice(loads, 3))
        yield from sorted(missing)[:3]


# --- a shell around a web page

_LOADS = ("loadUrl", "loadData", "loadDataWithBaseURL", "postUrl")
_PAGE = re.compile(r"https?://|file:///|data:|<", re.IGNORECASE)


def _web_shell(program: Program, code: CodeView) -> Iterator[str]:
    """Give the places where the main screen loads a page that its code states, if the app has few other screens."""
    manifest = program.manifest
    screens = {one.name for one in manifest.components if one.kind == "activity" and one.enabled}
    screens = {name for name in screens if code.owner(name) == "app"}
    started = {one.target or one.name for one in manifest.components if one.launcher}
    if not started or len(screens) > SHELL_SCREENS:
        return
    own = {name for chain in code.superclasses(sorted(started)) for name in chain if code.owner(name) == "app"}
    selectors = [("android.webkit.WebView", name, "", True) for name in _LOADS]
    for hit, texts in code.calls_with_texts(selectors):
        page = next((text for text in texts if text and _PAGE.match(text)), None)
        if hit.reachable and page and hit.cls.partition("$")[0] in own:
            yield hit.place


# --- native libraries that name what gives personal information


@cache
def _native_words() -> tuple[tuple[str, ...], tuple[tuple[str, tuple[int, ...]], ...]]:
    """Give the words to look for, and what each set of them together says.

    JNI finds a class by its name with slashes and a method by its own, so both must be there, and the key where it is
    the key that makes the call count; a system property, file or URI is one word.
    """
    words: dict[str, int] = {}
    meanings: list[tuple[str, tuple[int, ...]]] = []
    for api in catalog.load_apis():
        if api.kind == "string" and api.name.startswith(("ro.", "/", "content://")):
            if not api.name.startswith(("/sdcard", "/mnt/", "/storage/")):
                meanings.append((api.title, (words.setdefault(api.name, len(words)),)))
        elif api.class_name.startswith(("android.", "java.")) and api.name != "<init>":
            path = api.class_name.replace(".", "/")
            keys = [key for key in api.argument if not key.isdigit()]
            for form, key in product((path, f"L{path}"), keys or [""] * (not api.argument)):
                needed = (form, api.name, key) if key else (form, api.name)
                title = f"{api.title}({key})" if key else api.title
                meanings.append((title, tuple(words.setdefault(word, len(words)) for word in needed)))
    return tuple(words), tuple(meanings)


def _native_callback(program: Program) -> Iterator[str]:
    """Give native libraries of one kind of processor with the interfaces that they name."""
    words, meanings = _native_words()
    left = NATIVE_BYTES
    for part, name, size in _libraries(program):
        if size > left:
            continue
        try:
            found = set(part.package.words(name, list(words), left))
        except _engine.EngineError:
            continue  # damaged, or larger than stated: the archive's oddities say so
        left -= size
        said = dict.fromkeys(title for title, needed in meanings if found.issuperset(needed))
        if said:
            more = ", …" if len(said) > NAMED else ""
            yield f"{part.place(name)}: {', '.join(islice(said, NAMED))}{more}"


def _libraries(program: Program) -> Iterator[tuple[Part, str, int]]:
    """Give the native libraries of the first kind of processor that there is: part, name, size; small ones first."""
    held: dict[str, list[tuple[int, str, Part]]] = {}
    for part in program.packages:
        for name, size in part.members.items():
            folder, _, file = name.removeprefix("lib/").partition("/")
            if name.startswith("lib/") and file.endswith(".so"):
                held.setdefault(folder, []).append((size, name, part))
    chosen = next((abi for abi in (*ABIS, *sorted(held)) if abi in held), "")
    for size, name, part in sorted(held.get(chosen, ()), key=lambda one: one[:2]):
        yield part, name, size


# --- files named like code that hold none


def _encrypted_code(program: Program) -> Iterator[str]:
    for part in program.packages:
        for name, size in part.members.items():
            if size >= SAMPLE and name.endswith(CODE_ENDINGS):
                head = part.package.prefix(name, SAMPLE)
                if len(head) == SAMPLE and not head.startswith(MAGICS) and _entropy(head) > ENTROPY:
                    yield part.place(name)


def _entropy(data: bytes) -> float:
    """Give the Shannon entropy of bytes, in bits a byte."""
    return -sum(count / len(data) * log2(count / len(data)) for count in Counter(data).values())
