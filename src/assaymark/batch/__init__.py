"""Thousands of packages at once: inspect what a lake does not hold yet, over a pool of bounded child processes."""

from assaymark.batch.run import Batch, Progress, Summary

__all__ = ["Batch", "Progress", "Summary"]
