"""The report as JSON: the report itself, byte for byte the form whose digest a certificate signs."""

from __future__ import annotations

from assaymark.extend import renderer
from assaymark.model.report import Report


@renderer(id="json", media_type="application/json")
def render(report: Report, language: str) -> str:  # noqa: ARG001 - both languages are inside
    """Give the report as one line of JSON with a final newline."""
    return report.to_json()
