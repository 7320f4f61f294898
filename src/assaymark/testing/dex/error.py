"""What a person learns when smali text cannot be assembled."""

from __future__ import annotations


class AssemblyError(ValueError):
    """Smali text, a manifest or a resource text that cannot be built: the place, what was expected, what stands there.

    `line` counts from 1; 0 means the fault belongs to the file as a whole.
    """

    def __init__(self, file: str, line: int, message: str) -> None:
        """Keep the place beside the message; `str(error)` reads `file:line: message`."""
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = file
        self.line = line
        self.message = message
