"""The assembler: what dexdump reads back, and what it says of texts that cannot be assembled."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from assaymark.testing.dex import AssemblyError, assemble
from assaymark.testing.dex.binary import mutf8, sleb128, uleb128, uleb128p1

needs_dexdump = pytest.mark.skipif(not shutil.which("dexdump"), reason="dexdump is not installed")

RICH = """
.class public abstract Lcom/example/Rich;
.super Ljava/lang/Object;
.implements Ljava/lang/Runnable;
.implements Lcom/example/Face;
.source "Rich.java"

.annotation system Ldalvik/annotation/MemberClasses;
  value = { Lcom/example/Rich$Inner; }
.end annotation
.annotation runtime Lcom/example/All;
  b = true
  by = -0x1t
  c = 'x'
  d = 1.5
  e = .enum Lcom/example/Kind;->ONE:Lcom/example/Kind;
  f = 0.25f
  i = 300
  l = -0x8000000000000000L
  m = Lcom/example/Rich;->run()V
  n = null
  s = 0x7fffs
  str = "text"
  sub = .subannotation Lcom/example/Sub;
    v = { 1, 2 }
  .end subannotation
  t = [I
.end annotation

.field static final A:I = -0x2
.field static final B:J = 0x123456789
.field static final C:F = 1.5
.field static final D:D = -2.0
.field static final E:Z = true
.field static final F:C = 'q'
.field static final G:Ljava/lang/String; = "q\\n\\u4e2d"
.field static final H:Ljava/lang/Class; = Lcom/example/Rich;
.field static final I:S = 0x7fff
.field static last:I
.field protected volatile name:[[Ljava/lang/String;
  .annotation build Lcom/example/Sub;
  .end annotation
.end field

.method public abstract later(IJ)V
.end method
.method public native outside()[J
.end method

.method public varargs sum(IJ[Ljava/lang/String;)J
  .locals 3
  .param p1, "count"
    .annotation runtime Lcom/example/Sub;
    .end annotation
  .end param
  .param p4, "rest"
  .annotation system Ldalvik/annotation/Throws;
    value = { Ljava/io/IOException; }
  .end annotation
  .prologue
  .line 40
  :start
  const/4 v0, 0x0
  .local v0, "i":I
  .line 30
  :loop
  if-ge v0, p1, :end
  add-int/lit8 v0, v0, 0x1
  .line 1000
  goto :loop
  :end
  .end local v0
  move-wide v1, p2
  :stop
  return-wide v1
  :inner
  move-exception v0
  :outer
  .restart local v0
  move-object v0, v0
  throw v0
  .catch Ljava/io/IOException; {:loop .. :end} :inner
  .catch Ljava/lang/Error; {:start .. :stop} :outer
  .catchall {:start .. :stop} :outer
.end method

.method public run()V
  .registers 1
  return-void
.end method

.class Lcom/example/Rich$Inner;
.super Lcom/example/Rich;
"""


def dump(tmp_path: Path, text: str, *options: str, version: int = 35) -> str:
    path = tmp_path / "a.dex"
    path.write_bytes(assemble(text, version).data)
    return subprocess.run(["dexdump", *options, str(path)], capture_output=True, text=True, check=True).stdout


@needs_dexdump
def test_members_and_values(tmp_path: Path) -> None:
    found = dump(tmp_path, RICH, "-a")
    assert re.findall(r"value +: (.*)", found) == [
        "-2", "4886718345", "1.5", "-2", "true", "113", '"q\\n中"', "Lcom/example/Rich;", "32767",
    ]  # fmt: skip
    assert "0x0044 (PROTECTED VOLATILE)" in found
    assert "0x0101 (PUBLIC NATIVE)" in found
    assert "0x0401 (PUBLIC ABSTRACT)" in found
    assert "#1              : 'Lcom/example/Face;'" in found
    for part in ("sub=Lcom/example/Sub; v={ 1 2 }", "l=-9223372036854775808", "s=32767", "by=-1", "t=[I", "n=null"):
        assert part in found
    assert "VISIBILITY_SYSTEM Ldalvik/annotation/Throws; value={ Ljava/io/IOException; }" in found
    assert "VISIBILITY_BUILD Lcom/example/Sub;" in found
    assert re.search(r"parameters\n#0\n +VISIBILITY_RUNTIME Lcom/example/Sub;", found)


@needs_dexdump
def test_handlers_and_debug_information(tmp_path: Path) -> None:
    found = dump(tmp_path, RICH, "-d")
    catches = found[found.index("catches       : 3") :]
    error, everything = "Ljava/lang/Error; -> 0x0009", "<any> -> 0x0009"
    assert [line.strip() for line in catches[: catches.index("positions")].splitlines()[1:-1]] == [
        *("0x0000 - 0x0001", error, everything),
        *("0x0001 - 0x0006", "Ljava/io/IOException; -> 0x0008", error, everything),
        *("0x0006 - 0x0007", error, everything),
    ]
    assert re.findall(r"0x(\w+) line=(\d+)", catches)[:3] == [("0000", "40"), ("0001", "30"), ("0005", "1000")]
    assert re.search(r"0x0001 - 0x0006 reg=0 i I", catches)
    assert re.search(r"reg=4 count I", catches)
    assert re.search(r"reg=7 rest \[Ljava/lang/String;", catches)


def test_places() -> None:
    dex = assemble({"a.smali": RICH, "b.smali": ".class LB;\n.super LA;\n"})
    line = next(n for n, text in enumerate(RICH.splitlines(), 1) if "return-wide" in text)
    place = dex.place("a.smali", line)
    assert (place.owner, place.method, place.descriptor) == ("com.example.Rich", "sum", "(IJ[Ljava/lang/String;)J")
    assert place.source_line == 1000
    with pytest.raises(KeyError):
        dex.place("a.smali", 1)


def test_superclasses_come_first(tmp_path: Path) -> None:
    text = ".class LA;\n.super LB;\n.class LB;\n.super LC;\n.class LC;\n.super Ljava/lang/Object;\n"
    data = assemble(text).data
    assert data == assemble(text).data
    if shutil.which("dexdump"):
        assert re.findall(r"descriptor +: '(\w+);'", dump(tmp_path, text)) == ["LC", "LB", "LA"]


@needs_dexdump
def test_payloads_are_aligned(tmp_path: Path) -> None:
    body = "nop\n" * 3
    text = f""".class LA;
.super LB;
.method static a(I)V
.registers 2
{body}
fill-array-data v0, :data
sparse-switch p0, :table
:home
return-void
:data
.array-data 1
 1 2 -3
.end array-data
:table
.sparse-switch
 5 -> :home
 -5 -> :home
.end sparse-switch
.end method
"""
    found = dump(tmp_path, text, "-d")
    assert "nop // spacer" in found
    assert "array-data (6 units)" in found
    assert "sparse-switch-data (10 units)" in found


METHOD = ".class LA;\n.super LB;\n.method static a()V\n.registers 20\n{}\n.end method\n"


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        (".super LA;", 1, "expected '.class', found '.super'"),
        (".class LA;\n", 1, r"expected a .super line for LA;"),
        (".class LA;\n.super LB;\n.class LA;\n.super LB;", 3, "LA; is defined twice"),
        (".class LA;\n.super LB;\n.class LB;\n.super LA;", 1, "own superclass"),
        (".class LA;\n.super LB;\n.field x\n", 3, "expected a field"),
        (".class LA;\n.super LB;\n.field x:I = 1", 3, "only a static field"),
        (".class LA;\n.super LB;\n.field static x:B = 300", 3, "fits a field of type B"),
        (".class LA;\n.super LB;\n.field static x:I\n.field x:I", 4, "field x is defined twice"),
        (".class LA;\n.super LB;\n.method a()V\n.end method", 3, "expected code in a"),
        (".class LA;\n.super LB;\n.method abstract a()V\n.locals 0\nreturn-void\n.end method", 3, "cannot have code"),
        (METHOD.format("foo v0"), 5, "unknown instruction 'foo'"),
        (METHOD.format("move v0"), 5, "expected ',', found the end of the line"),
        (METHOD.format("move v0, v16"), 5, "register v16 is v16, and move reaches v15 at most"),
        (METHOD.format("const v20, 1"), 5, "outside the 20 registers"),
        (METHOD.format("const/4 v0, 8"), 5, "8 does not fit in 4 bits"),
        (METHOD.format("const/high16 v0, 0x7f000001"), 5, "low 16 bits are zero"),
        (METHOD.format("goto :nowhere"), 5, "expected a label that exists, found ':nowhere'"),
        (METHOD.format(":a\ngoto :a"), 6, "cannot jump to itself"),
        (METHOD.format("goto :a\n" + "nop\n" * 200 + ":a\nreturn-void"), 5, "too far for goto"),
        (METHOD.format(":a\nnop\n:a\nreturn-void"), 7, "label :a is set twice"),
        (METHOD.format("invoke-static {v0}, LA;->b()V"), 5, "expected 0 registers for the receiver and the arguments"),
        (METHOD.format("invoke-static {v0, v1, v2, v3, v4, v5}, LA;->b(IIIIII)V"), 5, "5 registers at most"),
        (METHOD.format("invoke-static {}, b()V"), 5, "expected the owner of the method"),
        (METHOD.format("packed-switch v0, :a\n:a\nreturn-void"), 5, "expected .packed-switch at :a"),
        (METHOD.format("return-void\n.packed-switch 0\n.end packed-switch"), 6, "expected one packed-switch"),
        (METHOD.format(":a\nreturn-void\n.catchall {:a .. :a} :a"), 7, "covers an instruction"),
        (METHOD.format("const-string v0, 'x'"), 5, "expected a string in"),
        (METHOD.format("return-void return-void"), 5, "expected the end of the line"),
        (METHOD.format("return-void\n.unknown"), 6, "unknown directive"),
        (METHOD.format('const-string v0, "open'), 5, "cannot read"),
        (METHOD.format("return-void").replace("20", "0").replace("a()", "a(J)"), 3, "2 registers hold the parameters"),
    ],
)
def test_errors_name_file_line_and_fault(text: str, line: int, complaint: str) -> None:
    with pytest.raises(AssemblyError, match=complaint) as caught:
        assemble({"x.smali": text})
    assert (caught.value.file, caught.value.line) == ("x.smali", line)
    assert str(caught.value).startswith(f"x.smali:{line}: ")


def test_small_encodings() -> None:
    # The examples of the format's page.
    assert [uleb128(n) for n in (0, 1, 127, 16256)] == [b"\0", b"\1", b"\x7f", b"\x80\x7f"]
    assert [sleb128(n) for n in (0, 1, -1, -128)] == [b"\0", b"\1", b"\x7f", b"\x80\x7f"]
    assert [uleb128p1(n) for n in (-1, 0, 126, 16255)] == [b"\0", b"\1", b"\x7f", b"\x80\x7f"]
    assert mutf8("a\0é中\U0001f600") == b"a\xc0\x80\xc3\xa9\xe4\xb8\xad\xed\xa0\xbd\xed\xb8\x80"
    with pytest.raises(ValueError, match="negative"):
        uleb128(-1)
