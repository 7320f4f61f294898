"""The tables behind the findings: what is in the package, fact by fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assaymark.model.report import FINDINGS, Report
from assaymark.render._view.caps import Caps
from assaymark.render._view.findings import clause_words
from assaymark.render._view.places import FROM_CODE, sdk_version
from assaymark.render._view.words import Both, Code, Names, Shown, both, clean, joined, same, say, say_kind

Row = Mapping[str, Any]
Cells = tuple[Shown, ...]

NOTHING = Both("", "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of the page. The first column names the row."""

    id: str
    title: Both
    heads: tuple[Both, ...]
    rows: tuple[Cells, ...]
    total: int
    note: Both | None = None

    @property
    def more(self) -> int:
        """Rows that are not shown."""
        return self.total - len(self.rows)


def sheets(report: Report, names: Names, caps: Caps) -> list[Sheet]:
    """Give every table of the page, empty ones too: that nothing was seen is an answer."""
    evidence: Mapping[str, Sequence[Row]] = report["evidence"]

    def make(
        table: str,
        heads: str,
        cells: Callable[[Row], Cells],
        order: Callable[[Row], object],
        rows: Sequence[Row] | None = None,
    ) -> Sheet:
        found = evidence.get(table, ()) if rows is None else rows
        # Rows of equal rank stay in the order of the report, which is fixed.
        kept = sorted(found, key=lambda row: repr(order(row)))[: caps.rows]
        return Sheet(
            id=f"t-{table.replace('_', '-')}",
            title=say(f"render.table.{table}"),
            heads=tuple(say(f"render.head-{head}") for head in heads.split()),
            rows=tuple(cells(row) for row in kept),
            total=len(found),
            note=say(f"render.note-{table}"),
        )

    listed = {row.get("sdk") for row in evidence.get("disclosed_sdk", ())}
    hosts = _hosts(evidence.get("endpoint", ()))
    return [
        make(
            "sdk",
            # Without a list to compare with, a column of "no" would say more than was seen.
            f"sdk vendor version presence purpose known-by reachable documented{' named' if listed else ''}",
            lambda row: _sdk(row, names) + ((_yes_no(row["id"] in listed),) if listed else ()),
            _by("name"),
        ),
        make(
            "sdk_call",
            "sdk step told order held owner place",
            lambda row: _sdk_call(row, names),
            lambda row: (_ORDERS.get(str(row.get("consent")), 3), row.get("sdk"), row.get("role")),
        ),
        make(
            "consent_gate",
            "says control agrees layout owner place",
            lambda row: _consent_gate(row, names),
            lambda row: (not row.get("agrees"), row.get("at") or ""),
        ),
        make(
            "permission",
            "permission protection opens usage callers notes",
            lambda row: _permission(row, names),
            _permission_order,
        ),
        make(
            "component",
            "component kind owner exported guard actions",
            lambda row: _component(row, names),
            _component_order,
        ),
        make(
            "endpoint",
            "host scheme encrypted use owner reachable network addresses example",
            lambda row: _endpoint(row, names),
            _endpoint_order,
            hosts,
        ),
        make("secret", "secret masked length use owner reachable place", lambda row: _secret(row, names), _by("kind")),
        make("setting", "setting value scope effect meaning", _setting, _setting_order),
        make("signature", "signing status certificate subject valid algorithm problem", _signature, _by("scheme")),
        make(
            "anomaly", "oddity member detail evasive", _anomaly, lambda row: (not row.get("evasive"), row.get("kind"))
        ),
        make(
            "gap", "unseen member count hides detail", _gap, lambda row: (row.get("weight") != "total", row.get("kind"))
        ),
    ]


def clause_sheet(report: Report, names: Names, caps: Caps) -> Sheet:
    """Give the verdicts that are no findings: not assessed, met as far as seen, not applicable."""
    order = {"not-assessed": 0, "satisfied": 1, "not-applicable": 2}
    quiet = [one for one in report["verdicts"] if one["status"] not in FINDINGS]
    quiet.sort(
        key=lambda one: (order.get(one["status"], 3), str(one["clause"]), one["subject"] != "app", str(one["subject"]))
    )

    def cells(one: Row) -> Cells:
        chip, title = clause_words(report, one["clause"])
        claim = Both(clean(one.get("claim_zh") or one["claim"], 600), clean(one["claim"], 600))
        return (chip, title, names.owner(one["subject"]), say(f"status.{one['status']}"), claim)

    return Sheet(
        id="t-clause",
        title=say("render.table.clause"),
        heads=tuple(say(f"render.head-{head}") for head in ("clause", "title", "owner", "status", "claim")),
        rows=tuple(cells(one) for one in quiet[: caps.rows]),
        total=len(quiet),
        note=say("render.note-clause"),
    )


def exception_sheet(report: Report, names: Names, caps: Caps) -> Sheet | None:
    """Give the exceptions that came with the inspection, those that hold for nothing first; `None` without any."""
    found: Sequence[Row] = report["coverage"].get("exceptions") or ()
    if not found:
        return None
    rows = tuple(
        (
            clause_words(report, str(one["clause"]))[0],
            names.owner(one["subject"]),
            say("render.exception-used" if one["used"] else "render.exception-unused"),
            same(one["reason"]),
        )
        for one in sorted(found, key=lambda one: bool(one["used"]))[: caps.rows]
    )
    heads = tuple(say(f"render.head-{head}") for head in ("clause", "owner", "status", "reason"))
    return Sheet("t-exception", say("render.exceptions"), heads, rows, len(found), say("render.exceptions-lead"))


def detector_sheet(report: Report, caps: Caps) -> Sheet:
    """Give how each detector ended."""
    found: Sequence[Row] = report["coverage"].get("detectors") or ()
    rows = tuple(
        (
            Code(f"{clean(one['id'], 80)} {clean(one.get('version'), 10)}".strip()),
            say_kind("render.ended", one.get("status")),
            _number(one.get("rows")),
            same(one.get("problem")),
        )
        for one in found[: caps.rows]
    )
    heads = tuple(say(f"render.head-{head}") for head in ("detector", "status", "rows", "problem"))
    return Sheet("t-detector", say("render.table.detector"), heads, rows, len(found), say("render.note-detector"))


def _by(column: str) -> Callable[[Row], object]:
    return lambda row: str(row.get(column)).lower()


def _sdk(row: Row, names: Names) -> Cells:
    version = clean(row.get("version"), 60)
    source, from_code = clean(row.get("version_from"), 80), row.get("version_from") == FROM_CODE
    vendor = both({"zh": row.get("vendor_zh"), "en": row.get("vendor")})
    return (
        names.owner(row["id"]),
        vendor,
        sdk_version(row) if from_code or not source else say("render.version-from", version=version, source=source),
        say_kind("render.presence", row.get("presence")),
        names.purpose(row.get("purpose")) if row.get("purpose") else NOTHING,
        _with(joined(say_kind("render.known-by", one) for one in row.get("known_by") or ()), row.get("confidence")),
        _yes_no(row.get("reachable")),
        joined((names.data(one) for one in row.get("data") or ()), most=5),
    )


def _with(words: Both, confidence: object) -> Both:
    if not confidence:
        return words
    sure = say_kind("render.confidence", confidence)
    return Both(f"{words.zh}（{sure.zh}）", f"{words.en} ({sure.en})") if words.en else sure


def _permission(row: Row, names: Names) -> Cells:
    notes = [
        *([say("render.permission-background")] if row.get("background") else []),
        *([say("render.permission-runtime")] if row.get("runtime_request") else []),
        *([say("render.permission-defined")] if row.get("defined") else []),
        *([say("render.permission-max", n=row["max_sdk"])] if row.get("max_sdk") is not None else []),
    ]
    return (
        _permission_name(row.get("name"), names),
        say_kind("render.protection", row.get("protection")),
        joined((names.data(one) for one in row.get("data") or ()), most=5),
        say_kind("render.usage", row.get("usage")),
        joined((names.owner(one) for one in row.get("callers") or ()), most=5),
        joined(notes),
    )


def _permission_name(name: object, names: Names) -> Shown:
    known, shown = names.permission(name), clean(name)
    if known is None or shown in (known.zh, known.en):
        return Code(shown)
    return Both(f"{known.zh} · {shown}", f"{known.en} · {shown}")


_PROTECTION = ("special", "dangerous", "signature", "unknown", "normal")


def _permission_order(row: Row) -> object:
    level = row.get("protection")
    return (not row.get("requested"), _PROTECTION.index(level) if level in _PROTECTION else 9, str(row.get("name")))


def _component(row: Row, names: Names) -> Cells:
    exported = say_kind("render.exported-by", row.get("exported_by")) if row.get("exported") else say("render.no")
    actions = [same(str(one).rsplit(".", 1)[-1]) for one in row.get("actions") or ()]
    return (
        Code(clean(row.get("name"))),
        say_kind("render.component", row.get("kind")),
        names.owner(row.get("owner")),
        exported,
        Code(clean(row.get("permission"))),
        joined(actions, most=3),
    )


def _component_order(row: Row) -> object:
    return (not row.get("exported"), bool(row.get("permission")), str(row.get("kind")), str(row.get("name")))


_USES = ("network-call", "link", "constant", "resource")


def _hosts(rows: Iterable[Row]) -> list[Row]:
    """Give one row for each host, scheme and owner: its strongest use, and the number of addresses behind it."""
    held: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        key = (str(row.get("host") or ""), str(row.get("scheme") or ""), str(row.get("owner") or ""))
        one = held.setdefault(key, {**row, "addresses": 0})
        one["addresses"] += 1
        one["use"] = min(one.get("use"), row.get("use"), key=_use_rank)
        # Not known only where no address of the host is: one that can be reached is enough.
        if row.get("reachable") is not None:
            one["reachable"] = bool(one.get("reachable")) or bool(row["reachable"])
    return list(held.values())


def _use_rank(use: object) -> int:
    return _USES.index(use) if use in _USES else len(_USES)


def _endpoint_order(row: Row) -> object:
    return (_use_rank(row.get("use")), str(row.get("host")), str(row.get("scheme")), str(row.get("owner")))


def _endpoint(row: Row, names: Names) -> Cells:
    cleartext = row.get("cleartext")
    return (
        Code(clean(row.get("host"))),
        Code(clean(row.get("scheme"), 20)),
        _yes_no(None if cleartext is None else not cleartext),
        say_kind("render.use", row.get("use")) if row.get("use") else NOTHING,
        names.owner(row.get("owner")),
        _yes_no(row.get("reachable")) if row.get("use") != "resource" else NOTHING,
        say_kind("render.network", row.get("network")) if row.get("network") else NOTHING,
        _number(row["addresses"]),
        Code(clean(row.get("url"), 120)),
    )


_ORDERS = {"before": 0, "no-gate": 1, "unknown": 2}
"""What was seen too early comes first."""


def _sdk_call(row: Row, names: Names) -> Cells:
    order = row.get("consent")
    return (
        names.owner(row.get("sdk")),
        say_kind("render.sdk-step", row.get("role")),
        say_kind("render.sdk-told", row.get("told")) if row.get("told") else NOTHING,
        say_kind("render.sdk-order", order),
        _yes_no(row.get("held")) if row.get("held") is not None else NOTHING,
        names.owner(row.get("owner")),
        Code(clean(row.get("at"), 160)),
    )


def _consent_gate(row: Row, names: Names) -> Cells:
    layouts = [clean(one, 80) for one in row.get("layouts") or ()]
    # The layout has a column of its own: where nothing else is known of the place, the listener says more.
    place = (
        f"{row.get('class')}.{row.get('method')}" if row.get("at") in layouts and row.get("class") else row.get("at")
    )
    return (
        joined((same(clean(text, 80)) for text in row.get("says") or ()), most=3),
        say_kind("render.gate-control", row.get("control")),
        _yes_no(row.get("agrees")),
        Code(", ".join(layouts[:2])),
        names.owner(row.get("owner")),
        Code(clean(place, 160)),
    )


def _secret(row: Row, names: Names) -> Cells:
    return (
        say_kind("secret", row.get("kind")),
        Code(clean(row.get("masked"), 40)),
        _number(row.get("length")),
        say_kind("render.secret-in", row.get("use")),
        names.owner(row.get("owner")),
        _yes_no(row.get("reachable")) if row.get("use") == "code" else NOTHING,
        Code(clean(row.get("at"), 160)),
    )


def _setting(row: Row) -> Cells:
    name = str(row.get("name"))
    return (
        say_kind("setting", name),
        Code(clean(row.get("value"))),
        Code(clean(row.get("scope"))),
        say_kind("render.effect", row.get("effect")),
        say_kind("setting.means", name),
    )


_EFFECTS = ("hides", "observes-others", "weakens", "starts-itself", "runs-in-background", "neutral", "protects")


def _setting_order(row: Row) -> object:
    effect = row.get("effect")
    return (_EFFECTS.index(effect) if effect in _EFFECTS else 9, str(row.get("name")), str(row.get("scope")))


def _signature(row: Row) -> Cells:
    bits = row.get("key_bits")
    algorithm = " ".join(part for part in (clean(row.get("algorithm"), 60), f"({bits})" if bits else "") if part)
    start, end = clean(row.get("valid_from"), 30)[:10], clean(row.get("valid_to"), 30)[:10]
    return (
        Code(clean(row.get("scheme"), 20)),
        say_kind("render.signature", row.get("status")),
        Code(clean(row.get("certificate_sha256"))),
        Code(clean(row.get("certificate_subject"), 160)),
        Code(f"{start} – {end}" if start or end else ""),
        Code(algorithm),
        same(row.get("problem")),
    )


def _anomaly(row: Row) -> Cells:
    offset = f" @ {row['offset']}" if row.get("offset") is not None else ""
    return (
        say_kind("anomaly", row.get("kind")),
        Code(clean(row.get("member")) + offset),
        same(row.get("detail")),
        _yes_no(row.get("evasive")),
    )


def _gap(row: Row) -> Cells:
    hides = joined((_inline(say_kind("render.table", one)) for one in row.get("hides") or ()), most=4)
    if hides.en:
        hides = say(f"render.hides-{'all' if row.get('weight') == 'total' else 'some'}", tables=hides)
    return (
        say_kind("gap", row.get("kind")),
        Code(clean(row.get("member"))),
        _number(row.get("count")),
        hides,
        same(row.get("reason")),
    )


def _inline(title: Both) -> Both:
    """Give a title as it stands inside a sentence; abbreviations keep their capitals."""
    return title if title.en[1:2].isupper() else Both(title.zh, title.en[:1].lower() + title.en[1:])


def _number(value: object) -> Both:
    shown = f"{value:,}" if isinstance(value, int) else ""
    return Both(shown, shown)


def _yes_no(value: object) -> Both:
    if value is None:
        return say("render.not-known")
    return say("render.yes" if value else "render.no")
