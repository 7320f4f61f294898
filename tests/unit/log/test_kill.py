"""`kill -9` at any moment: a real process appends, says what is acknowledged, and is killed; the next one goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from random import Random  # noqa: TID251 - seeded
from time import sleep

from assaymark.log.appending import read_checkpoint
from assaymark.log.fsck import check_log
from assaymark.log.publishing import publish
from assaymark.log.reading import Reader
from logs import LOG, cosigners, new_store, opened, policy

KILLS = 15

# Appends small batches for ever; says the first index and the size of each, and every checkpoint, once it is durable.
CHILD = """
import sys
from pathlib import Path
from random import Random
from logs import LOG, cosigners, opened, policy
from assaymark.log.publishing import publish
from assaymark.log.store import LocalStore

folder, run = Path(sys.argv[1]), sys.argv[2]
dice, witnesses, number = Random(run), cosigners(folder), 0
with opened(LocalStore(folder / "log"), folder) as log:
    print("open", flush=True)
    while True:
        batch = [f"{run} {number + at}".encode() for at in range(dice.randrange(1, 90))]
        number += len(batch)
        indexes = log.add(batch)
        print("added", indexes[0], len(batch), number - len(batch), flush=True)
        if dice.random() < 0.3:
            head = publish(log, LOG, policy(), witnesses).seen.checkpoint
            print("shown", head.size, head.root.hex(), flush=True)
"""


def test_nothing_acknowledged_is_lost_and_the_tree_never_forks(tmp_path: Path) -> None:
    dice = Random(1)
    store = new_store(tmp_path)
    acknowledged: dict[int, bytes] = {}
    shown: dict[int, str] = {}
    for run in range(KILLS):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), str(run)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert child.stdout is not None
        assert child.stderr is not None
        with child:
            assert child.stdout.readline() == "open\n", child.stderr.read()
            sleep(dice.random() * 0.4)
            child.send_signal(signal.SIGKILL)
            said = child.stdout.read()
        for line in said.splitlines():
            if not line.endswith(tuple("0123456789abcdef")):
                continue
            what, *values = line.split(" ")
            if what == "added" and len(values) == 3:
                first, count, number = map(int, values)
                acknowledged.update({first + at: f"{run} {number + at}".encode() for at in range(count)})
            if what == "shown" and len(values[1]) == 64:
                assert shown.setdefault(int(values[0]), values[1]) == values[1]
    with opened(store, tmp_path) as log:
        publish(log, LOG, policy(), cosigners(tmp_path))
        state = log.state
    reader = Reader(store, state.size)
    kept = [entry for _, entry in reader.entries()]
    assert len(acknowledged) > 300
    assert len(shown) > 3
    assert {index: kept[index] for index in acknowledged} == acknowledged
    assert len(set(kept)) == len(kept)
    assert {size: reader.root(size).hex() for size in shown} == shown
    assert list(check_log(store, LOG.key, state)) == []
    published = read_checkpoint(store, LOG.key)
    assert published is not None
    assert published[1].size == len(kept)
