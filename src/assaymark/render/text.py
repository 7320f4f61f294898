"""The first screen of a report for a terminal: what would be named, which data, what was not seen."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from assaymark.extend import renderer
from assaymark.model.report import Report
from assaymark.model.text import text as sentence
from assaymark.render._view.caps import Caps
from assaymark.render._view.coverage import Coverage
from assaymark.render._view.datamap import DataMap
from assaymark.render._view.findings import Phrase
from assaymark.render._view.identity import Identity
from assaymark.render._view.page import Page, page
from assaymark.render._view.words import joined, say_kind

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

WIDTH = 100
"""Columns of the text where no terminal says otherwise."""

# Each list of the summary is short enough for the whole to stay on one screen.
_CAPS = Caps(rows=1, cards=1, places=0, listed=0, steps=2, columns=8, categories=6)
_MOST = 5
_OWNERS = 2

# A sign beside each word, so that nothing is told by colour alone; plain shapes that every terminal font has.
_SIGNS = {"violated": "■", "suspected": "◆", "decided": "█", "indicated": "▓", "needs-run": "▒", "needs-person": "░"}
_STYLES = {
    "violated": "bold red",
    "suspected": "yellow",
    "decided": "green",
    "indicated": "yellow",
    "needs-run": "blue",
    "needs-person": "magenta",
    "blocked": "dim",
}
_BLOCKED = "·"


@renderer(id="text", media_type="text/plain")
def render(report: Report, language: str) -> str:
    """Give the summary as plain text without colour, `WIDTH` columns wide."""
    from rich.console import Console

    out = StringIO()
    console = Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    print_summary(report, language, console)
    # Table cells are padded to their width; a file has no use for that.
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def print_summary(report: Report, language: str, console: Console) -> None:
    """Print the summary to a console, whose width, colour and terminal the caller has chosen."""
    view = page(report, _CAPS)
    for part in (
        _head(view.identity, language),
        _title("answer-named", language),
        _named(view, language),
        _title("answer-data", language),
        _data(view.map, language),
        _title("answer-unseen", language),
        *_unseen(view.coverage, language, min(console.width - 4, 60)),
        _foot(view, language),
    ):
        # Strings of the package are data: no markup, no emoji codes, no guessed highlights.
        console.print(part, markup=False, highlight=False, emoji=False)


def _say(language: str, key: str, **params: object) -> str:
    return sentence(language, f"render.{key}", **params)


def _text(value: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(value, style=style)


def _paragraph(value: str) -> RenderableType:
    from rich.padding import Padding

    return Padding(_text(value), (0, 2), expand=False)


def _title(key: str, language: str) -> Text:
    return _text(f"\n{_say(language, key)}", "bold")


def _head(who: Identity, language: str) -> Text:
    schemes = ", ".join(who.schemes)
    signed = _say(language, "text-signed", schemes=schemes) if schemes else _say(language, "id-unsigned")
    out = _text(" ".join(part for part in (who.label.of(language), who.version) if part), "bold")
    out.append("\n" + " · ".join(part for part in (who.package, who.format, who.size, signed) if part))
    if who.digest:
        out.append(f"\nsha256 {who.digest}", "dim")
    return out


def _grid(*ratios: int) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2), pad_edge=False)
    for ratio in ratios:
        table.add_column(ratio=ratio or None, no_wrap=not ratio, overflow="fold")
    return table


def _named(view: Page, language: str) -> RenderableType:
    if not view.phrases:
        return _paragraph(view.silence.of(language))
    table = _grid(0, 0, 3, 2)
    for one in view.phrases[:_MOST]:
        table.add_row(*_phrase(one, language))
    return _listed(table, len(view.phrases) - _MOST, language)


def _phrase(one: Phrase, language: str) -> list[Text]:
    style = _STYLES[one.status]
    sure = sentence(language, f"status.{one.status}")
    heavy = say_kind("severity", one.severity).of(language)
    if one.accepted:
        sure += f" · {_say(language, 'accepted')}"
    what = _text(one.notice.of(language), "bold")
    what.append(f" ×{one.count}" if one.count > 1 else "")
    what.append("\n" + _chips(one, language), "dim")
    who = joined((owner.name for owner in one.owners), most=_OWNERS)
    return [_text(f"  {_SIGNS[one.status]} {sure}", style), _text(heavy), what, _text(who.of(language))]


def _chips(one: Phrase, language: str) -> str:
    # Citations have commas of their own.
    shown = " · ".join(chip.of(language) for chip in one.chips[:3])
    rest = len(one.chips) - 3
    return shown if rest <= 0 else f"{shown} · +{rest}"


def _data(found: DataMap, language: str) -> RenderableType:
    if not found.lines:
        return _paragraph(_say(language, "answer-no-data"))
    table = _grid(0, 3, 0, 4)
    for line in found.lines:
        name = line.name.of(language)
        who = ", ".join(f"{owner.name.of(language)} {count}" for owner, count in line.owners[:_OWNERS])
        rest = len(line.owners) - _OWNERS
        if rest > 0:
            who += " " + _say(language, "and-more", n=rest)
        mark = f"★ {_say(language, 'sensitive')}" if line.sensitive else ""
        calls = _say(language, "calls-count", n=line.calls)
        table.add_row(_text(f"  {mark}" if mark else "", "bold"), _text(name), _text(calls), _text(who))
    return _listed(table, found.hidden_lines, language)


def _unseen(found: Coverage, language: str, width: int) -> list[RenderableType]:
    out: list[RenderableType] = []
    if found.total:
        bar = _text("  ")
        for part, cells in zip(found.parts, shares([part.count for part in found.parts], width), strict=True):
            bar.append(_SIGNS.get(part.id, _BLOCKED) * cells, _STYLES.get(part.id, "dim"))
        out += [bar, _legend(found, language)]
    if not found.reasons:
        out.append(_paragraph(_say(language, "no-gaps")))
    if found.here:
        table = _grid(0, 1)
        for reason in found.here[:_MOST]:
            weight = _say(language, "reason-all" if reason.total else "reason-some")
            table.add_row(_text(f"  – {weight}"), _text(reason.sentence.of(language)))
        out.append(_listed(table, len(found.here) - _MOST, language))
    if found.everywhere:
        things = joined((reason.short for reason in found.everywhere), most=8).of(language)
        out.append(_paragraph(_say(language, "unseen-beyond", things=things)))
    if found.whys:
        whys = (f"{why.short.of(language)} {why.count}" for why in found.whys)
        out.append(_paragraph(_say(language, "why-line") + " · ".join(whys)))
    return out


def _legend(found: Coverage, language: str) -> RenderableType:
    from rich.columns import Columns
    from rich.padding import Padding

    items = []
    for part in found.parts:
        if part.count:
            item = _text(_SIGNS.get(part.id, _BLOCKED), _STYLES.get(part.id, "dim"))
            items.append(item.append(f" {part.name.of(language)} {part.count}", "not dim"))
    return Padding(Columns(items, padding=(0, 2)), (0, 0, 0, 2))


def _foot(view: Page, language: str) -> Text:
    counted = [f"{sentence(language, f'status.{status}')} {count}" for status, count in view.statuses if count]
    lines = [f"{_say(language, 'text-statuses')}{' · '.join(counted)}"] if counted else []
    if any(view.excepted):
        used, unused = view.excepted
        lines.append(_say(language, "text-exceptions", used=used, unused=unused))
    packs = " · ".join(code.text for _, code, _ in view.origin.packs)
    lines.append(" · ".join(part for part in (view.origin.engine, packs) if part))
    lines.append(_say(language, "text-read-more"))
    return _text("\n" + "\n".join(lines))


def _listed(table: RenderableType, rest: int, language: str) -> RenderableType:
    from rich.console import Group

    return Group(table, _text("  " + _say(language, "text-more", n=rest))) if rest > 0 else table


def shares(counts: list[int], width: int) -> list[int]:
    """Split `width` cells by counts: every count above zero gets one or more; they add up to `width` if they can."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    cells = [max(1, count * width // total) if count else 0 for count in counts]
    largest = max(range(len(counts)), key=lambda index: counts[index])
    cells[largest] = max(1, cells[largest] + width - sum(cells))
    return cells
