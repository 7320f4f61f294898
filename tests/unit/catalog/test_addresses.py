"""The catalog of addresses: top-level domains, names written like addresses, network calls."""

from __future__ import annotations

import pytest

from assaymark.catalog.addresses import load_network_calls, load_not_endpoints, load_top_level, why_not


def test_top_level_domains_are_labels() -> None:
    names = load_top_level()
    assert names["cn"] == names["中国"] == names["com"] == "internet"
    assert (names["local"], names["localhost"]) == ("local", "device")
    assert all(name == name.lower() and not name.startswith(".") for name in names)


@pytest.mark.parametrize("extension", ["html", "xml", "json", "apk", "dex", "jar", "png", "txt", "class"])
def test_endings_of_files_are_none(extension: str) -> None:
    assert extension not in load_top_level()


def test_rows_are_written_once() -> None:
    rows = [(row.host, row.path, row.part) for row in load_not_endpoints()]
    assert len(rows) == len(set(rows))
    assert all(not row.path or row.path.startswith("/") for row in load_not_endpoints())


@pytest.mark.parametrize(
    ("host", "path", "kind"),
    [
        ("schemas.android.com", "/apk/res-auto", "namespace"),
        ("www.assaymark.org", "/xmlns/report", "namespace"),
        ("a.b.example.com", "", "reserved"),
        ("notexample.com", "", None),
        ("www.googleapis.com", "/auth/games", "namespace"),
        ("www.googleapis.com", "/books/v1", None),
        ("github.com", "/assaymark/assaymark/blob/main/README.md", "documentation"),
        ("github.com", "/assaymark/assaymark/releases/download/1.0/a.zip", None),
        ("mail.google.com", "/", "namespace"),
        ("mail.google.com", "/mail/u/0", None),
    ],
)
def test_rows_cover_hosts_and_paths(host: str, path: str, kind: str | None) -> None:
    assert why_not(host, path) == kind


def test_the_address_is_among_the_parameters() -> None:
    for row in load_network_calls():
        assert "Ljava/lang/String;" in row.descriptor
        assert row.descriptor.startswith("(ILjava" if row.argument else "(Ljava")
