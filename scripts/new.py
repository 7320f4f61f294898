"""Starts a detector: `make new detector=clipboard-read` writes its module and a page with a failing case."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

MODULE = '''"""{title}: one line that says what this detector observes.

What it observes:
Why it matters:
Limits:
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.analysis.code import CODE_READS
from assaymark.extend import Emission, detector
from assaymark.formats.program import Program
from assaymark.model.tables import API_CALL


@detector(id="{id}", version=1, emits=(API_CALL,), reads=CODE_READS)
def {name}(program: Program) -> Iterator[Emission]:
    """Give one row for each place."""
    yield from ()
'''

PAGE = """# {id}

What this detector observes, in a sentence.

## The common case

A sentence that says what the app does here.

```smali
.class public Lcom/example/Main;
.super Landroid/app/Activity;

.method protected onCreate(Landroid/os/Bundle;)V
    .locals 1
    return-void    # evidence: api_call data=something
.end method
```
"""


def main(arguments: list[str]) -> int:
    """Write both files; refuse a name that is taken or is not in kebab case."""
    given = dict(argument.partition("=")[::2] for argument in arguments)
    wanted = given.get("detector", "")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", wanted):
        print("usage: make new detector=clipboard-read")
        return 2
    name = wanted.replace("-", "_")
    files = {
        ROOT / "src/assaymark/detectors" / f"{name}.py": MODULE,
        ROOT / "tests/detectors" / f"{wanted}.md": PAGE,
    }
    if taken := [path for path in files if path.exists()]:
        print(f"already there: {taken[0].relative_to(ROOT)}")
        return 2
    for path, template in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            template.format(id=wanted, name=name, title=wanted.replace("-", " ").capitalize()), encoding="utf-8"
        )
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
