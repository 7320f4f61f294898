"""The command line: arguments and exit codes, nothing else. One file for each command or group of commands.

What a command works with is imported when it runs: starting `inspect` must not pay for the others.
"""

from assaymark.cli import ask, batch, judge  # noqa: F401 - they register their commands
from assaymark.cli.root import main

__all__ = ["main"]
