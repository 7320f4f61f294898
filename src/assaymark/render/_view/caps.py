"""How much of a large report one page shows."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Caps:
    """Most items of each list on the page. What is over stays in the JSON report, and the page says how much."""

    rows: int = 120
    """rows of a table"""
    cards: int = 80
    """findings"""
    places: int = 6
    """places of one finding or one cell of the data map"""
    listed: int = 600
    """places under the data map, all cells together"""
    steps: int = 30
    """steps of one path"""
    columns: int = 12
    """owners in the data map and the timeline"""
    categories: int = 60
    """data categories in the data map"""

    def halved(self) -> Caps:
        """Give caps half as large, never below one."""
        return Caps(**{one.name: max(1, getattr(self, one.name) // 2) for one in fields(self)})
