from __future__ import annotations

from assaymark import extend
from assaymark.render import json_report
from golden.samples import busy_app


def test_it_is_the_report_whatever_the_language() -> None:
    report = busy_app()
    assert json_report.render(report, "zh") == json_report.render(report, "en") == report.to_json()


def test_the_renderers_are_found_by_scanning() -> None:
    found = {one.id: one.media_type for one in extend.renderers()}
    assert {"html": "text/html", "json": "application/json", "text": "text/plain"}.items() <= found.items()
