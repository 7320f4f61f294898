"""assaymark: tests mobile apps for how they treat personal information, clause by clause."""

__version__ = "0.1.0"
