"""A pytest plug-in that collects the pages of `testing.literate`: one test for each case.

Settings: `literate_pages` (the folder, default `tests/detectors`), `literate_inspect` and `literate_detectors`, each
the name of a function as `module:name`; the defaults are those of the product.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from assaymark.testing.dex import AssemblyError
from assaymark.testing.literate import Case, Mismatch, PageError, read_page, run_case


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings."""
    parser.addini("literate_pages", "folder of the pages", default="tests/detectors")
    parser.addini("literate_inspect", "function that inspects a package", default="assaymark.pipeline:inspect")
    parser.addini("literate_detectors", "function that gives the detectors", default="assaymark.extend:detectors")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the pages of the folder."""
    folder = parent.config.rootpath / str(parent.config.getini("literate_pages"))
    if file_path.suffix == ".md" and file_path.parent == folder:
        return _Page.from_parent(parent, path=file_path)
    return None


def _function(config: pytest.Config, setting: str) -> Callable[..., Any]:
    module, _, name = str(config.getini(setting)).partition(":")
    return cast(Callable[..., Any], getattr(importlib.import_module(module), name))


class _Page(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        known = {one.id for one in _function(self.config, "literate_detectors")()}
        if self.path.stem not in known:
            raise PageError(f"{self.path.name}: no detector has the id {self.path.stem!r}")
        for case in read_page(self.path, self.path.read_text(encoding="utf-8")):
            yield _CaseItem.from_parent(self, name=case.title, case=case)


class _CaseItem(pytest.Item):
    def __init__(self, *, case: Case, **options: Any) -> None:
        super().__init__(**options)
        self.case = case

    def runtest(self) -> None:
        factory = cast(Any, self.config)._tmp_path_factory  # what the fixture tmp_path is made of
        run_case(self.case, _function(self.config, "literate_inspect"), factory.mktemp("literate"))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Mismatch | PageError | AssemblyError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.case.line - 1, f"{self.path.stem}: {self.case.title}"
