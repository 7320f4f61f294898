"""Every opcode, assembled and read back by two readers that are not ours."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from assaymark.testing.dex import assemble
from assaymark.testing.dex.opcodes import OPCODES, OPERANDS, Opcode

OWNER = "Lcom/example/Every;"

REFERENCES = {
    "string": '"a \\"text\\" — 文"',
    "type": "[Ljava/lang/String;",
    "field": f"{OWNER}->field:I",
    "method": f"{OWNER}->method(IJ)V",
    "method-handle": f"invoke-static@{OWNER}->method(IJ)V",
    "call-site": f'site_0("linked", (IJ)V, 7, "more")@{OWNER}->bootstrap()Ljava/lang/invoke/CallSite;',
    "proto": "(IJ)V",
}

LITERALS = {"11n": -7, "21s": -30000, "22b": -100, "22s": 30000, "31i": 0x7F010203, "51l": -0x123456789ABCDEF}


def operands(opcode: Opcode) -> str:
    """Operands for one instruction that use high registers wherever the format has room for them."""
    texts: list[str] = []
    registers = iter(("v1", "v2", "v3"))
    reference = REFERENCES.get(opcode.reference, "")
    for operand in OPERANDS[opcode.format].split():
        match operand:
            case "register":
                texts.append(next(registers))
            case "label":
                texts.append({"packed-switch": ":packed", "sparse-switch": ":sparse"}.get(opcode.name, ":here"))
                if opcode.name == "fill-array-data":
                    texts[-1] = ":array"
            case "literal" if opcode.format == "21h":
                texts.append("0x7ff0000000000000L" if "wide" in opcode.name else "0x7f010000")
            case "literal":
                texts.append(str(LITERALS[opcode.format]))
            case "list" | "range":
                texts.append(arguments(opcode, operand))
            case "reference":
                texts.append(reference)
            case _:
                texts.append(REFERENCES["proto"])
    return ", ".join(texts)


def arguments(opcode: Opcode, operand: str) -> str:
    # (IJ)V takes three registers, and one for the receiver where there is one.
    bare = opcode.reference == "call-site" or "static" in opcode.name or opcode.reference == "type"
    count = 3 if bare else 4
    return f"{{v1 .. v{count}}}" if operand == "range" else "{" + ", ".join(f"v{n}" for n in range(1, count + 1)) + "}"


def every_opcode(*, without: str = "") -> str:
    lines = []
    for opcode in OPCODES.values():
        if opcode.name == without:
            continue
        text = f"{opcode.name} {operands(opcode)}".rstrip()
        lines.append("  :here\n  " + text if opcode.name == "nop" else "  " + text)
        # Short jumps reach 127 code units, so each has a target of its own beside it.
        if ":here" in text:
            label = f":l{opcode.number}"
            lines[-1] = f"  {text.replace(':here', label)}\n  {label}"
    return f"""
.class public {OWNER}
.super Ljava/lang/Object;
.field static field:I
.method every()V
  .registers 8
{chr(10).join(lines)}
  return-void
  :packed
  .packed-switch 0x10
    :here
    :here
  .end packed-switch
  :sparse
  .sparse-switch
    -0x5 -> :here
    0x7fffffff -> :here
  .end sparse-switch
  :array
  .array-data 2
    1 -2 0x7fff
  .end array-data
.end method
"""


TEXT = every_opcode()


def test_set_is_complete() -> None:
    unused = {0x3E, 0x3F, 0x40, 0x41, 0x42, 0x43, 0x73, 0x79, 0x7A, *range(0xE3, 0xFA)}
    assert {opcode.number for opcode in OPCODES.values()} == set(range(256)) - unused


def test_places_follow_the_formats() -> None:
    dex = assemble(TEXT, 39)
    lines = TEXT.splitlines()
    offset = 0
    for place in dex.places:
        name = lines[place.line - 1].split()[0]
        if name.startswith("."):
            break
        assert place.offset == offset, name
        offset += int(OPCODES[name].format[0])
    assert len(dex.places) == len(OPCODES) + 4


@pytest.mark.skipif(not shutil.which("dexdump"), reason="dexdump is not installed")
def test_dexdump_reads_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "every.dex"
    path.write_bytes(assemble(TEXT, 39).data)
    found = subprocess.run(["dexdump", "-d", str(path)], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"\|([0-9a-f]{4}): (\S+)(?: (.*))?$", found, re.MULTILINE)
    written = [
        line.split(maxsplit=1) for line in TEXT.splitlines() if line.startswith("  ") and line.split()[0] in OPCODES
    ]
    read = [row for row in rows if row[1] in OPCODES]
    assert [row[1] for row in read][: len(written)] == [line[0] for line in written]
    for (_, name, shown), line in zip(read, written, strict=False):
        text = line[1] if len(line) > 1 else ""
        registers = re.findall(r"\bv\d+\b", text)
        assert re.findall(r"\bv\d+\b", shown.split("//")[0])[: len(registers)] == registers or ".." in text, name
        if OPCODES[name].format in LITERALS:
            bits = {"11n": 8, "22b": 8, "21s": 16, "22s": 16, "31i": 32, "51l": 64}[OPCODES[name].format]
            assert shown.endswith(f"// #{LITERALS[OPCODES[name].format] & (1 << bits) - 1:0{bits // 4}x}"), name
        if OPCODES[name].reference == "string":
            assert '"a "text" — 文"' in shown
        if OPCODES[name].reference in ("field", "method"):
            assert f"{OWNER}." + REFERENCES[OPCODES[name].reference].split("->")[1].split("(")[0].split(":")[0] in shown
    assert "sparse-switch-data (10 units)" in found
    assert "packed-switch-data (8 units)" in found
    assert "array-data (7 units)" in found


@pytest.mark.parametrize("version", [35, 37, 38, 39, 40])  # Android never had a 036
@pytest.mark.skipif(not shutil.which("dexdump"), reason="dexdump is not installed")
def test_dexdump_accepts_each_version(tmp_path: Path, version: int) -> None:
    path = tmp_path / "a.dex"
    path.write_bytes(assemble(".class LA; .super Ljava/lang/Object;", version).data)
    done = subprocess.run(["dexdump", str(path)], capture_output=True, text=True, check=False)
    assert f"DEX version '{version:03}'" in done.stdout
    assert done.returncode == 0, done.stderr


def test_version_41_has_a_container_header() -> None:
    data = assemble(".class LA; .super Ljava/lang/Object;", 41).data
    assert data[:8] == b"dex\n041\0"
    assert struct.unpack_from("<I", data, 0x24) == (0x78,)
    assert struct.unpack_from("<II", data, 0x70) == (len(data), 0)
    with pytest.raises(ValueError, match="35 to 41"):
        assemble("", 42)


def test_androguard_reads_what_was_written() -> None:
    pytest.importorskip("androguard")
    from androguard.core.dex import DEX
    from loguru import logger

    logger.remove()
    # It takes 0xff for the start of an opcode of two bytes, as odexed files once had.
    text = every_opcode(without="const-method-type")
    found = DEX(assemble(text, 39).data)
    method = next(one for one in found.get_encoded_methods() if one.get_name() == "every")
    names = [one.get_name() for one in method.get_instructions()]
    written = [line.split()[0] for line in text.splitlines() if line.startswith("  ") and line.split()[0] in OPCODES]
    assert names[: len(written)] == written
