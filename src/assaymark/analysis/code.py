"""The code of a program as one view: all its DEX files together, the call graph from the manifest's entry points, and questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assaymark import _engine, catalog
from assaymark.formats.program import Program
