"""The report as one HTML page: both languages inside, no request to anywhere, readable without scripts.

The templates lie in `templates/`. A content security policy names the page's own style and script by digest, so that
nothing else runs even if a string of the package were to break out; see W3C CSP Level 3, section 2.3.1.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.extend import renderer
from assaymark.model.report import Report
from assaymark.model.text import LANGUAGES
from assaymark.render._view.caps import Caps
from assaymark.render._view.page import page
from assaymark.render._view.words import Both, Shown, clean, say, say_kind

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

LIMIT = 1_500_000
"""Bytes of the largest page; what does not fit stays in the JSON report."""

_TAGS = {"zh": "zh-Hans", "en": "en"}


@renderer(id="html", media_type="text/html")
def render(report: Report, language: str) -> str:
    """Give the page, `language` showing first. Raises `ValueError` for a language that is not one of ours."""
    if language not in LANGUAGES:
        raise ValueError(f"no such language: {language}")
    caps = Caps()
    # Caps count items, and hostile items may be long: a page that came out too large is made again with less.
    while True:
        out = _environment().get_template("report.html.jinja").render(view=page(report, caps), language=language)
        if len(out.encode("utf-8", "replace")) <= LIMIT or caps == caps.halved():
            return out
        caps = caps.halved()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FunctionLoader(_read), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style, script = _read("report.css"), _read("report.js")
    environment.globals |= {
        "say": _say,
        "words": _words,
        "show": _show,
        "spoken": _spoken,
        "initial": _initial,
        "bands": _bands,
        "severity": lambda name: say_kind("severity", name),
        "state": lambda name: say(f"render.consent-{name}"),
        "filter_all": say("render.filter-all"),
        "style": Markup(style),  # noqa: S704 - our own file
        "script": Markup(script),  # noqa: S704 - our own file
        "policy": partial(_policy, _digest(style), _digest(script)),
    }
    return environment


def _read(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _policy(style: str, script: str, icon: str) -> str:
    """Give the content security policy; pictures may only be those inside the page, and only if it has one."""
    pictures = "data:" if icon else "'none'"
    return (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; img-src {pictures}; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


def _words(value: Both) -> Markup:
    """Give a text in both languages; the style sheet shows the chosen one."""
    from markupsafe import Markup, escape

    if value.zh == value.en:
        return Markup("<bdi>{}</bdi>").format(value.en) if value.en else escape("")
    return Markup('<span class="zh" lang="zh-Hans">{}</span><span class="en" lang="en">{}</span>').format(
        value.zh, value.en
    )


def _say(key: str, **params: object) -> Markup:
    return _words(say(key if "." in key else f"render.{key}", **params))


def _show(value: Shown) -> Markup:
    from markupsafe import Markup, escape

    if isinstance(value, Both):
        return _words(value)
    return Markup("<code>{}</code>").format(value.text) if value.text else escape("")


def _spoken(value: Both, language: str) -> Markup:
    """Give the text and attributes of an `option`, which can hold no markup: a script changes its language."""
    from markupsafe import Markup

    return Markup(' data-zh="{}" data-en="{}">{}').format(value.zh, value.en, value.of(language))


def _initial(value: Both, language: str) -> str:
    """Give the first letter of a name, for the mark on the identity card."""
    return next((char.upper() for char in clean(value.of(language)) if char.isalnum()), "·")


def _bands(counts: list[int]) -> list[tuple[str, str]]:
    """Give start and width of each part of a bar, in per cent."""
    total = sum(counts) or 1
    starts = [sum(counts[:index]) for index in range(len(counts))]
    return [
        (f"{100 * start / total:.3f}%", f"{100 * count / total:.3f}%")
        for start, count in zip(starts, counts, strict=True)
    ]
