"""Fixtures that several tests of the mark share."""

from mark.authority import authority

__all__ = ["authority"]
