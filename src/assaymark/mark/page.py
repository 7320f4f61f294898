"""The page about a certificate, for people: whom it is for, who says what, what was not looked at.

One file, no scripts.

A QR code proves nothing: it leads to this page, which shows package and signer, so that a person or a phone can compare
them with what is installed.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from html import escape
from io import BytesIO

from assaymark.mark.certificate import Certificate
from assaymark.mark.status import Standing, State
from assaymark.model.text import text

_CONTENT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
:root{color-scheme:light dark;font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif}
body{max-width:44rem;margin:2rem auto;padding:0 1rem}
header{display:flex;gap:1.5rem;align-items:flex-start;flex-wrap:wrap;justify-content:space-between}
h1{font-size:1.4rem;margin:.2rem 0}
.state{display:inline-block;padding:.1rem .6rem;border:1px solid;border-radius:1rem;font-weight:600}
dl{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.3rem 1rem}
dt{opacity:.75}
dd{margin:0;overflow-wrap:anywhere}
code{font-size:.85em}
.qr{width:9rem;height:9rem;background:#fff}
details{margin:1rem 0}
li{overflow-wrap:anywhere}
dd ul{margin:0;padding-left:1.2rem}
@media(max-width:30rem){dl{grid-template-columns:1fr}dt{margin-top:.5rem}}
"""


def certificate_page(
    certificate: Certificate,
    lang: str,
    *,
    title: str,
    url: str | None = None,
    standing: Standing | None = None,
    clauses: Mapping[str, str] | None = None,
) -> str:
    """Give the page in `zh` or `en`.

    `title`: of the profile; `url`: where the page will be, for its QR code; `standing`: what a status list says;
    `clauses`: titles of clauses by id. What is of level 1 is never called certified.
    """
    said = certificate.statement
    own = "-self" if said.level == 1 else ""
    heading = text(lang, f"page.heading{own}", package=said.package)
    code = _figure(url, lang) if url else ""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in _rows(certificate, lang, title))
    return "".join(
        (
            f'<!doctype html>\n<html lang="{"zh-CN" if lang == "zh" else "en"}">\n<head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_CONTENT}">',
            f"<title>{escape(heading)}</title><style>{_STYLE}</style></head>\n<body>\n<header><div>",
            f"<p>{escape(text(lang, f'page.kind{own}'))}</p><h1>{escape(heading)}</h1>",
            f'<p><span class="state">{escape(_state(standing, lang))}</span></p></div>{code}</header>\n<main>\n',
            f"<dl>{rows}</dl>\n{_scope(certificate, lang, clauses or {})}\n</main>\n",
            f"<footer><p>{escape(text(lang, 'page.compare'))}</p></footer>\n</body>\n</html>\n",
        )
    )


def qr_svg(url: str) -> str:
    """Give a QR code as a `data:` address of an SVG picture.

    Capital letters take less room: the address is written so.
    """
    import segno

    out = BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", border=4, xmldecl=False, svgns=True, nl=False)
    from assaymark.mark.strict import to_base64

    return "data:image/svg+xml;base64," + to_base64(out.getvalue())


def _figure(url: str, lang: str) -> str:
    return f'<img class="qr" alt="{escape(text(lang, "page.qr", url=url))}" src="{qr_svg(url)}">'


def _rows(certificate: Certificate, lang: str, title: str) -> Iterator[tuple[str, str]]:
    said, logged = certificate.statement, certificate.logged

    def name(key: str) -> str:
        return text(lang, f"verify.{key}")

    version = text(lang, "verify.version", version=said.version_code)
    yield name("package"), f"<code>{escape(said.package)}</code>, {escape(version)}"
    schemes: dict[tuple[str, ...], list[str]] = {}
    for scheme, signers in said.signers.items():
        schemes.setdefault(signers, []).append(scheme)
    for signers, names in schemes.items():
        label = text(lang, "page.signer", scheme=", ".join(names))
        yield label, "<br>".join(f"<code>{_grouped(one)}</code>" for one in signers)
    yield name("level"), escape(text(lang, f"verify.level-{said.level}"))
    if said.inspection:
        yield name("profile"), f"{escape(title)} <code>({escape(said.inspection.profile)})</code>"
    roles = (f"{issuer.name} ({text(lang, f'verify.role-{issuer.role}')})" for issuer in certificate.issuers)
    yield name("issuers"), escape(", ".join(roles))
    span = text(lang, "verify.from-to", start=_date(said.issued_at), end=_date(said.not_after))
    yield name("valid-times"), escape(span)
    yield name("serial"), f"<code>{escape(said.serial)}</code>"
    entry = text(lang, "verify.log-entry", origin=logged.origin, index=logged.index)
    yield name("log"), escape(entry)
    files = (f"<li><code>{escape(one.name)}</code></li>" for one in said.subjects)
    yield text(lang, "page.files"), f"<ul>{''.join(files)}</ul>"


def _scope(certificate: Certificate, lang: str, clauses: Mapping[str, str]) -> str:
    """Give what was checked and what was not."""
    inspection = certificate.statement.inspection
    parts = [f"<h2>{escape(text(lang, 'page.scope'))}</h2><p>{escape(text(lang, 'page.checked'))}</p>"]
    if inspection and inspection.not_assessed:
        named = ((one, escape(clauses.get(one, ""))) for one in inspection.not_assessed)
        items = "".join(f"<li>{title} <code>{escape(one)}</code></li>" for one, title in named)
        summary = text(lang, "page.open", n=len(inspection.not_assessed))
        parts.append(f"<details><summary>{escape(summary)}</summary><ul>{items}</ul></details>")
    parts.append(f"<p>{escape(text(lang, 'verify.limits'))}</p>")
    return "".join(parts)


def _state(standing: Standing | None, lang: str) -> str:
    if standing is None:
        return text(lang, "page.state-unknown")
    return text(lang, f"page.state-{State(standing.state).name.lower()}", days=standing.age // 86_400)


def _grouped(digest: str) -> str:
    """Give a digest in groups that eyes can compare."""
    return " ".join(digest[at : at + 8] for at in range(0, len(digest), 8))


def _date(moment: int) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%d")
