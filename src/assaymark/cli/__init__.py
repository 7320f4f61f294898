"""The command line: arguments and exit codes, nothing else. One file for each command; `inspect` is in `root`."""

from assaymark.cli.root import main

__all__ = ["main"]
