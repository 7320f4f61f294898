"""Components: the activities, services, receivers and providers that the manifest declares.

What it observes: each component with what may start it, from where, and whether its class is in the code.
Why it matters: components are the doors of an app; they decide what runs without the user, and what others may ask of
it.
Limits: receivers that code registers at run time are not here.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.analysis.code import CODE_READS, code_of
from assaymark.extend import Emission, detector
from assaymark.formats.program import Program
from assaymark.model.tables import COMPONENT


@detector(id="component", version=1, emits=(COMPONENT,), reads=CODE_READS)
def component(program: Program) -> Iterator[Emission]:
    """Give one row for each component of the manifest, splits included."""
    code = code_of(program)
    classes = [one.target or one.name for one in program.manifest.components]
    present = dict(zip(classes, code.has_classes(classes), strict=True))
    for one in program.manifest.components:
        yield (
            COMPONENT,
            COMPONENT.row(
                one.at,
                kind=one.kind,
                name=one.name,
                target=one.target,
                owner=code.owner(one.target or one.name),
                enabled=one.enabled,
                exported=one.exported,
                exported_by=one.exported_by,
                permission=one.permission,
                process=one.process,
                actions=one.actions,
                categories=one.categories,
                links=one.links,
                authorities=one.authorities,
                foreground_service=one.foreground_service,
                launcher=one.launcher,
                present=present[one.target or one.name],
            ),
        )
