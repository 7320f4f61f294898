"""Identity of the files: digests, versions, signers, and what is odd about their containers.

What it observes: each file of the subject, every signature scheme in it (verified here, not copied from anywhere),
and every irregularity that a tolerant reader stepped over.
Why it matters: a verdict is about these bytes and this signer; an irregularity may hide content from whoever inspects
the file.
Limits: a signature is judged by the file alone; whose certificate it is, is for the reader.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import PurePosixPath

from assaymark import _engine
from assaymark.analysis.code import CODE_READS, DAMAGE, code_of
from assaymark.extend import Emission, detector
from assaymark.formats.program import Part, Program
from assaymark.model.tables import ANOMALY, ARTIFACT, SIGNATURE, Row, Value

MAX_ICON_BYTES = 32 << 10
_EVASIVE = {kind for kind, evasive in _engine.ODDITY_KINDS if evasive}
_SCHEMES = ("v1", "v2", "v3", "v3.1")


@detector(id="artifact", version=1, emits=(ARTIFACT, SIGNATURE, ANOMALY), reads=CODE_READS)
def artifact(program: Program) -> Iterator[Emission]:
    """Give one artifact row for each file, its signatures and its anomalies."""
    for part in program.parts:
        counts = _code(
            program, part
        )  # before the signatures: their check uses the DEX files that the code has inflated
        signers = list(_signatures(part))
        yield ARTIFACT, ARTIFACT.row(part.name, **_identity(part), **_signed(signers), **counts)
        for signer in signers:
            yield SIGNATURE, signer
        for kind, member, offset, detail in part.package.oddities():
            place = part.place(member) if member else part.name
            evasive = kind in _EVASIVE
            row = ANOMALY.row(place, kind=kind, member=member, offset=offset, detail=detail, evasive=evasive)
            yield ANOMALY, row
    for row in _dex_anomalies(program):
        yield ANOMALY, row


def _dex_anomalies(program: Program) -> Iterator[Row]:
    for dex, kind, offset, detail in code_of(program).problems:
        if kind not in DAMAGE:
            yield ANOMALY.row(dex, kind=kind, member=dex, offset=offset, detail=detail, evasive=False)


def _identity(part: Part) -> dict[str, Value]:
    libraries = sorted(name for name in part.members if name.startswith("lib/") and name.endswith(".so"))
    out: dict[str, Value] = {
        "role": part.role,
        "name": part.name,
        "format": part.format,
        "sha256": part.sha256,
        "size": part.size,
        "native_libraries": tuple(sorted({PurePosixPath(name).name for name in libraries})),
        "abis": tuple(
            sorted({PurePosixPath(name).parts[1] for name in libraries if len(PurePosixPath(name).parts) > 2})
        ),
    }
    manifest = part.manifest
    if manifest is None:
        return out
    return out | {
        "package": manifest.package,
        "version_name": manifest.version_name,
        "version_code": manifest.version_code,
        "min_sdk": manifest.min_sdk,
        "target_sdk": manifest.target_sdk,
        "compile_sdk": manifest.compile_sdk,
        "split": manifest.split,
        "label": manifest.application.text("label") if manifest.application else None,
        "label_zh": _chinese_label(part),
        "icon": _icon(part),
    }


def _chinese_label(part: Part) -> str | None:
    reference = part.manifest.application.reference("label") if part.manifest and part.manifest.application else 0
    if not reference or part.resources is None:
        return None
    values = part.resources.resolve(reference)
    return next(
        (string for qualifier, _kind, _data, string in values if qualifier.split("-")[0] in ("zh", "b+zh")), None
    )


def _icon(part: Part) -> str | None:
    reference = part.manifest.application.reference("icon") if part.manifest and part.manifest.application else 0
    if not reference or part.resources is None:
        return None
    files = {string for _qualifier, _kind, _data, string in part.resources.resolve(reference) if string}
    fitting: list[tuple[int, str, bytes]] = []
    for name in sorted(files):
        if not part.package.contains(name):
            continue
        try:
            data = part.package.read(name, MAX_ICON_BYTES)
        except _engine.EngineError:
            continue  # too large or damaged: an icon is a courtesy of the report
        fitting.append((len(data), name, data))
    for _size, _name, data in sorted(fitting, reverse=True):
        kind = _image_type(data)
        if kind:
            return f"data:{kind};base64,{b64encode(data).decode()}"
    return None


def _image_type(data: bytes) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _signatures(part: Part) -> Iterator[Row]:
    min_sdk = part.manifest.min_sdk if part.manifest else None
    if part.role == "container":
        return
    signers, _pairs, _problems = _engine.signatures(part.package, min_sdk)
    for one in signers:
        problem = f"{one['problem']}: {one['detail']}" if one["problem"] and one["detail"] else one["problem"]
        yield SIGNATURE.row(
            f"{part.name}:{one['scheme']}",
            artifact=part.name,
            scheme=one["scheme"],
            status=one["status"],
            signer=one["signer"],
            certificate_sha256=one["certificate_sha256"],
            certificate_subject=one["subject"] or None,
            certificate_issuer=one["issuer"] or None,
            valid_from=one["valid_from"] or None,
            valid_to=one["valid_to"] or None,
            algorithm=one["algorithm"] or None,
            key_bits=one["key_bits"] or None,
            lineage=tuple(one["lineage"]),
            problem=problem,
        )


def _signed(signers: list[Row]) -> dict[str, Value]:
    verified = [scheme for scheme in _SCHEMES if _all_verified(signers, scheme)]
    newest = verified[-1] if verified else None
    certificates = [
        str(SIGNATURE.cell(row, "certificate_sha256"))
        for row in signers
        if SIGNATURE.cell(row, "scheme") == newest is not None
    ]
    return {"schemes": tuple(verified), "signers": tuple(certificates)}


def _all_verified(signers: list[Row], scheme: str) -> bool:
    states = [SIGNATURE.cell(row, "status") for row in signers if SIGNATURE.cell(row, "scheme") == scheme]
    return bool(states) and all(state == "verified" for state in states)


def _code(program: Program, part: Part) -> dict[str, Value]:
    files = [one for one in code_of(program).dex_files if one.part == part.name]
    return {
        "dex_files": len(files),
        "classes": sum(one.classes for one in files),
        "methods": sum(one.methods for one in files),
        "code_methods": sum(one.code_methods for one in files),
        "method_ids": sum(one.method_ids for one in files),
        "strings": sum(one.strings for one in files),
        "instructions": sum(one.instructions for one in files),
    }
