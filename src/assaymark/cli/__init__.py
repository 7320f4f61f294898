"""The command line: arguments and exit codes, nothing else. One file for each group of commands."""

from assaymark.cli.main import main

__all__ = ["main"]
