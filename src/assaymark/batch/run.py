"""A batch: from a folder of packages to a lake that holds each of them exactly once.

Three steps, each in bounded children, all driven by one loop in one thread:

1. digest files, a group for each child; what the lake holds under the versions of today is done already;
2. inspect what is left, one child for each file; what comes of it, evidence or a refusal, is staged on disk; of a file
   that the lake holds under other versions only the detectors that changed are run;
3. fold staged inspections into shards, and at the end merge small shards into few.

Evidence only: verdicts are SQL over it and cost microseconds (`assaymark judge`), so a changed rule pack opens no
package. The parent alone commits, and a kill at any moment loses at most the inspections that were running.
"""

from __future__ import annotations

import json
import os
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from assaymark.batch import installed, work
from assaymark.batch.folder import packages
from assaymark.batch.pool import Ended, Pool
from assaymark.lake import staged
from assaymark.lake.index import Commit, Index, commit_shard, read_index, sweep
from assaymark.lake.layout import Lake, draft_files, fingerprint
from assaymark.model.errors import AssaymarkError, CannotInspect, LakeError
from assaymark.sandbox import Bounds

if TYPE_CHECKING:
    from assaymark.batch.renewal import Renewal

GROUP = 16
"""Files that one child digests."""

SHARD_APPS = 256
"""Finished inspections that make a shard."""

FULL_APPS = 10_000
"""A shard with as many apps is left alone by compaction."""

MACHINE_REASONS = ("out-of-memory", "out-of-time", "crashed")
"""Refusals that another machine, or wider bounds, may not repeat."""

WRITER_BOUNDS = Bounds(memory=8 << 30, cpu_seconds=4 * 3600, wall_seconds=4 * 3600)


@dataclass(slots=True)
class Summary:
    """What came of a batch, in numbers of files. They add up to `files`."""

    files: int = 0
    inspected: int = 0
    renewed: int = 0
    """Of those inspected: only by the detectors that changed."""
    refused: Counter[str] = field(default_factory=Counter)
    known: int = 0
    """In the lake already, under the versions of today."""
    twins: int = 0
    """The same content as another file of this batch."""
    unreadable: int = 0
    """Files without a digest, for they could not be read. They are not in the lake; the next run tries them again."""

    @property
    def done(self) -> int:
        """Give how many files have an outcome."""
        return self.inspected + self.refused.total() + self.known + self.twins + self.unreadable


Digest = tuple[Path, tuple[str, int] | None]
"""A file, its SHA-256 and size; `None` if it could not be read."""

Progress = Callable[[Summary], None]
"""Called whenever something may have changed, at least twice a second."""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    app: str
    size: int


class Batch:
    """One run over one folder. It holds the right to write the lake while it runs."""

    def __init__(
        self, folder: Path, lake: Path, *, jobs: int = 1, bounds: Bounds | None = None, retry: bool = False
    ) -> None:
        """Say what to do: `retry` inspects again what was refused for one of `MACHINE_REASONS`."""
        self._folder = folder
        self._lake = Lake(lake.absolute())
        self._bounds = bounds or Bounds()
        self._retry = retry
        self._pool = Pool(jobs)
        self._groups: deque[tuple[int, list[Path]]] = deque()
        self._digests: dict[int, list[Digest]] = {}  # by the place of the group's first file
        self._awaited = 0
        self._files: deque[_File] = deque()
        self._known: dict[str, str] = {}  # in the lake or staged: app, and why it was refused
        self._seen: set[str] = set()
        self._staged: list[str] = []
        self._fresh: set[str] = set()
        self._folding = False
        self.summary = Summary()

    def run(self, progress: Progress) -> Summary:
        """Do it. Raises `LakeError` if the lake cannot be used; files that fail do not raise."""
        if find_spec("duckdb") is None:  # not imported: it would bring threads into the process that forks
            raise LakeError("no-duckdb", "a lake needs DuckDB: install assaymark[lake]")
        self._lake.create()
        with self._lake.writing():
            try:
                self._begin()
                self._inspect_all(progress)
                self._merge_all(progress)
            except OSError as error:
                folder = str(self._lake.folder)
                raise LakeError("cannot-write", str(error), folder=folder, detail=error.strerror) from error
            finally:
                self._pool.close()
        return self.summary

    def _begin(self) -> None:
        self._versions = installed.versions()
        self._fingerprint = fingerprint(self._versions)
        self._index = index = read_index(self._lake)
        """What the lake held before: the shards that kept rows come from. None of them goes before all is folded."""
        sweep(self._lake, index)
        self._number = index.next_number()
        committed = index.current(self._fingerprint)
        waiting = staged.leftovers(self._lake, self._fingerprint, committed)
        self._known = committed | waiting
        self._staged = list(waiting)
        if self._retry:
            again = {app for app, reason in self._known.items() if reason in MACHINE_REASONS}
            self._staged = [app for app in self._staged if app not in again]
            self._known = {app: reason for app, reason in self._known.items() if app not in again}
        files = list(packages(self._folder, self._lake.folder))
        self._groups.extend((start, files[start : start + GROUP]) for start in range(0, len(files), GROUP))
        self.summary.files = len(files)

    def _inspect_all(self, progress: Progress) -> None:
        while self._groups or self._files or self._pool.busy:
            while self._pool.free and self._start_one():
                pass
            self._pool.step(0.5)
            progress(self.summary)
        while self._staged:
            self._start_fold()
            self._drain(progress)

    def _drain(self, progress: Progress) -> None:
        while self._pool.busy:
            self._pool.step(0.5)
            progress(self.summary)

    def _start_one(self) -> bool:
        if len(self._staged) >= SHARD_APPS and not self._folding:
            self._start_fold()
        elif self._files:
            self._start_inspection(self._files.popleft())
        elif self._groups:
            self._start_digests(*self._groups.popleft())
        else:
            return False
        return True

    # 1. Digests

    def _start_digests(self, start: int, paths: list[Path]) -> None:
        task = partial(work.digest_files, paths=tuple(paths))
        self._pool.start(paths[0], task, self._bounds, partial(self._digested, start, paths))

    def _digested(self, start: int, paths: list[Path], ended: Ended) -> None:
        if ended.error is None:
            found = json.loads(ended.answer)
        elif len(paths) == 1:
            found = [None]
        else:  # one of them is to blame: each for itself
            self._groups.extendleft((start + place, [path]) for place, path in enumerate(paths))
            return
        self._digests[start] = list(zip(paths, found, strict=True))
        while self._awaited in self._digests:  # in the order of the paths: which of two twins is the first is no chance
            group = self._digests.pop(self._awaited)
            self._awaited += len(group)
            for path, digest in group:
                self._sort_out(path, digest)

    def _sort_out(self, path: Path, digest: tuple[str, int] | None) -> None:
        if digest is None:
            self.summary.unreadable += 1
            return
        app, size = digest
        if app in self._seen:
            self.summary.twins += 1
        elif app in self._known:
            self.summary.known += 1
        else:
            self._files.append(_File(path, app, size))
        self._seen.add(app)

    # 2. Inspections

    def _start_inspection(self, file: _File, *, again: bool = False) -> None:
        handler = partial(self._inspected, file, again=again)
        task = partial(work.inspect_file, kept=self._renewal.kept(file.app))
        self._pool.start(file.path, task, self._bounds, handler)

    @cached_property
    def _renewal(self) -> Renewal:
        """Load what inspections need, before the first of them is forked, and see what of earlier ones holds."""
        # Here: a run that finds everything in the lake does without.
        from assaymark import pipeline
        from assaymark.batch.renewal import Renewal

        pipeline.warm()
        return Renewal(self._index, self._versions)

    def _inspected(self, file: _File, ended: Ended, *, again: bool) -> None:
        if ended.killed and not again:
            # The system needed the memory, or a person killed the wrong process: once more before it is blamed.
            self._start_inspection(file, again=True)
            return
        if isinstance(ended.error, CannotInspect):
            one = work.refusal(file.app, file.size, ended.error)
        elif ended.error is not None:
            raise ended.error
        else:
            one = staged.Staged.from_bytes(ended.answer)
        if one.app != file.app:  # it changed after its digest was taken: what it was is gone
            self.summary.unreadable += 1
            return
        self._keep(one, file.path.relative_to(self._folder).as_posix())

    def _keep(self, one: staged.Staged, name: str) -> None:
        staged.stage(self._lake, self._fingerprint, one, name)
        self._fresh.add(one.app)
        self._staged.append(one.app)
        self._known[one.app] = one.reason
        if one.reason:
            self.summary.refused[one.reason] += 1
        else:
            self.summary.inspected += 1
            self.summary.renewed += bool(one.kept)

    # 3. Shards

    def _start_fold(self, apps: Sequence[str] = ()) -> None:
        if not apps:
            apps, self._staged = self._staged[:SHARD_APPS], self._staged[SHARD_APPS:]
        self._folding = True
        name, draft = self._next_shard()
        places = [staged.place(self._lake, self._fingerprint, app) for app in apps]
        task = partial(
            work.fold, lake=self._lake, draft=draft, staged=places, versions=self._fingerprint, index=self._index
        )
        self._pool.start(name, task, WRITER_BOUNDS, partial(self._folded, name, draft, sorted(apps)))

    def _next_shard(self) -> tuple[str, str]:
        """Give the name of a new shard, and of its drafts: a child that outlives a killed batch writes elsewhere."""
        name = f"{self._number:06d}"
        self._number += 1
        return name, f"{name}-{os.getpid()}"

    def _folded(self, name: str, draft: str, apps: Sequence[str], ended: Ended) -> None:
        self._folding = False
        if ended.error is not None:
            self._fold_failed(draft, apps, ended.error)
            return
        rows = json.loads(ended.answer)
        refused = {app: reason for app in apps if (reason := self._known[app])}
        versions = {self._fingerprint: self._versions}
        commit_shard(
            self._lake,
            Commit(name, rows, {self._fingerprint: tuple(apps)}, refused, versions),
            draft_files(draft, rows),
        )
        rmtree(self._lake.drafts / draft, ignore_errors=True)
        for app in apps:
            staged.place(self._lake, self._fingerprint, app).unlink(missing_ok=True)

    def _fold_failed(self, draft: str, apps: Sequence[str], error: AssaymarkError) -> None:
        """Halve the group until the app is found whose rows cannot be stored; that one is refused."""
        rmtree(self._lake.drafts / draft, ignore_errors=True)
        if not isinstance(error, CannotInspect) or error.reason != "crashed":
            raise self._cannot_write(error)
        if len(apps) > 1:
            middle = len(apps) // 2
            for half in (apps[:middle], apps[middle:]):
                self._start_fold(half)
                while self._folding:
                    self._pool.step(0.5)
        elif self._known[apps[0]]:  # a refusal is four short texts: if that cannot be stored, nothing can
            raise self._cannot_write(error)
        else:
            name, one = staged.read_staged(staged.place(self._lake, self._fingerprint, apps[0]))
            if one.app in self._fresh:
                self.summary.inspected -= 1
                self.summary.renewed -= bool(one.kept)
            else:
                self.summary.known -= 1
            self._keep(work.refusal(one.app, one.size, error), name)

    def _cannot_write(self, error: AssaymarkError) -> LakeError:
        folder = str(self._lake.folder)
        return LakeError("cannot-write", str(error), folder=folder, detail=str(error.params.get("detail", error)))

    def _merge_all(self, progress: Progress) -> None:
        """Merge shards that are small, or hold rows that do not count any more, into few."""
        while chosen := _worth_merging(index := read_index(self._lake)):
            name, draft = self._next_shard()
            task = partial(work.merge, lake=self._lake, draft=draft, index=index, shards=chosen)
            outcome: list[Ended] = []
            self._pool.start(name, task, WRITER_BOUNDS, outcome.append)
            self._drain(progress)
            ended = outcome[0]
            if ended.error is not None:
                raise self._cannot_write(ended.error)
            rows = json.loads(ended.answer)
            commit_shard(self._lake, index.merged(name, rows, chosen), draft_files(draft, rows))
            rmtree(self._lake.drafts / draft, ignore_errors=True)
            sweep(self._lake, read_index(self._lake), drafts=False)


def _worth_merging(index: Index) -> tuple[str, ...]:
    """Give the shards to merge next, first those with rows that do not count; none if it would change nothing."""
    gone = {name for name in index.shards if index.superseded(name)}
    chosen: list[str] = []
    total = 0
    for name in sorted(index.shards, key=lambda name: (name not in gone, name)):
        apps = len(index.live(name))
        small = apps < FULL_APPS * 9 // 10
        if (small or name in gone) and (not chosen or total + apps <= FULL_APPS):
            chosen.append(name)
            total += apps
    return tuple(chosen) if len(chosen) > 1 or gone & set(chosen) else ()
