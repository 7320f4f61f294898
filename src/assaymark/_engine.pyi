# ---- code: all DEX files of one program ------------------------------------------------------------------------------------------

type Constant = tuple[str, str | int | list[str | int | None]]
"""What is known of a value: kind (`string`, `integer`, `class`, `field`, `array`), then the text, the number or the elements.

`field` is the content of a static field that has no constant value in the program, such as `android.os.Build.SERIAL`.
"""

type CodeHit = tuple[
    int,
    str,
    str,
    int,
    tuple[str, str, str],
    str,
    int,
    int | None,
    bool,
    list[Constant | None],
]
"""A place in the code: position of the selector, kind, what the code names, id of the calling method, (class, method, descriptor) of
the calling method, DEX file, code unit, source line, can it run, and for a call what is known of each parameter (without the object).

Kinds: `virtual`, `super`, `direct`, `static`, `interface`, `polymorphic`, `custom` (behind a lambda or string concatenation), `handle`; `read`,
`write`; `class`, `cast`, `instance-of`, `new`, `array`; `string`.
"""

@final
class Code:
    """All DEX files of one program together. Ids of methods are valid for this object only.

    Nothing is known to run until `reach` was called.
    """

    def __new__(cls, packages: list[Package]) -> Self:
        """Read `classes.dex`, `classes2.dex`, … of each package up to the first that is missing, as Android does.

        A DEX file that cannot be read is a row of `problems`; the others are read all the same. With several packages, DEX names
        start with the position of the package: `1:classes.dex`.
        """
    @staticmethod
    def of_dex(files: list[tuple[str, bytes]]) -> Code:
        """Read DEX files in loading order, each with its name."""
    @property
    def unloaded(self) -> list[str]:
        """Members that look like DEX files and that Android does not load by itself, sorted."""
    @property
    def problems(self) -> list[tuple[str, str, int, str]]:
        """Damage and irregularities that were stepped over, at most 100 of each DEX: DEX file, kind, offset, particulars."""
    def dex_names(self) -> list[str]:
        """Names of the DEX files that were read. The parts of a container (version 041) are `classes.dex`, `classes.dex!1`, …"""
    def stats(self) -> list[dict[str, int]]:
        """Counts of each DEX, in the order of `dex_names`.

        Keys: size (bytes), version, checksum_ok, string_ids, type_ids, proto_ids, field_ids, method_ids, class_defs, methods, fields (both:
        defined), code_methods, instructions, damaged_classes, damaged_methods, damaged_strings, problems (all, listed or not).
        """
    def reach(self, classes: list[str], on_click: list[str]) -> dict[str, int]:
        """Find the methods that can run, from the classes that the platform makes objects of and methods that layouts name.

        `classes`: dotted names of enabled components, of the application class, of views in layouts, of classes in meta-data.
        Gives methods (with code), reached (of these), instantiated (classes), steps, and complete (0 if the limit of steps was hit).
        """
    def find_calls(self, selectors: list[tuple[str, str, str, bool]]) -> list[CodeHit]:
        """Find calls of methods, by selector, caller, code unit.

        A selector is (class, method, start of the descriptor or "", also calls on subclasses of the program that inherit the method).
        `*` stands for all methods of a class, `<init>` for its constructors. Raises `EngineError` (`limit-hit`) beyond a million rows.
        """
    def find_fields(self, selectors: list[tuple[str, str]]) -> list[CodeHit]:
        """Find reads and writes of fields, each given as (class, field); `*` stands for all fields of a class."""
    def find_types(self, prefixes: list[str]) -> list[CodeHit]:
        """Find uses of types whose dotted names start with a prefix, calls on them left out."""
    def find_strings(
        self, equal: list[str], prefixes: list[str] = ..., parts: list[str] = ...
    ) -> list[tuple[int, str, CodeHit | None]]:
        """Find strings that equal, start with or contain a text: selector (numbered through the three lists), string, and its use.

        A string that no instruction uses has one row without a use: it may be a name, an annotation, or the value of a constant.
        """
    def packages(self) -> list[tuple[str, int, int, int]]:
        """All packages by name: dotted name, classes defined, classes with a method that can run, methods defined."""
    def classes(self, prefixes: list[str]) -> list[tuple[int, str]]:
        """Classes defined here whose dotted names start with a prefix: position of the prefix, name."""
    def type_refs(self, prefixes: list[str]) -> list[tuple[int, str]]:
        """Types named and not defined here whose dotted names start with a prefix: position of the prefix, name."""
    def has_class(self, names: list[str]) -> list[bool]:
        """Whether each class is defined here."""
    def superclasses(self, names: list[str]) -> list[list[str]]:
        """Each class and its superclasses, nearest first, up to the first one outside; empty for a name that does not occur."""
    def subclasses(self, names: list[str]) -> list[list[str]]:
        """Classes defined here that extend or implement each type, at any depth."""
    def strings_of_classes(self, names: list[str]) -> list[list[str]]:
        """Strings that the methods of each class use."""
    def static_fields(self, fields: list[tuple[str, str]]) -> list[Constant | None]:
        """Constants of static final fields, each given as (class, field)."""
    def class_annotations(self, names: list[str]) -> list[list[tuple[str, str, list[tuple[str, list[str]]]]]]:
        """Annotations of each class and its members: what it stands on, its type, its elements.

        It stands on `""` (the class), the name of a field, or name and descriptor of a method.
        """
    def native_methods(self) -> list[tuple[str, str, str, bool]]:
        """Methods implemented in native code: class, method, descriptor, can it run."""
    def find_methods(self, class_name: str, method: str, descriptor: str | None = ...) -> list[int]:
        """Ids of the definitions of a method."""
    def methods(self, class_name: str) -> list[tuple[int, str, str, int]]:
        """Methods that a class defines: id, name, descriptor, access flags."""
    def paths_to(self, methods: list[int]) -> list[list[tuple[str, str]]]:
        """A way from an entry point to each method: `class.method`, and why it runs; empty for one that cannot run.

        Reasons: `entry`, `call`, `dispatch` (a call on a supertype), `callback` (the platform may call it), `initializer`, `reflection`
        (a constant names its class).
        """
    def instructions(self, method: int) -> list[tuple[int, str]]:
        """Code unit and mnemonic of each instruction of a method, tables between them included."""
    def lines(self, method: int) -> list[tuple[int, int]]:
        """Code units of a method at which a source line starts, and that line; 0 for code without one."""
