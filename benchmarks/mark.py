"""What a certificate costs: checking one in a package of 100 MB, against digesting the file, and without any file.

    .venv/bin/python benchmarks/mark.py [megabytes]

Each number is the best of several runs: other work on the machine only ever adds.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from assaymark.mark.certificate import check_certificate
from assaymark.mark.container import PAIR_ID
from assaymark.mark.verify import verify
from assaymark.signing.block import add_pair, read_block
from assaymark.signing.content import content_digests, sections
from assaymark.signing.layout import find_layout
from assaymark.testing.archive import STORED, Member
from assaymark.testing.sign import signed_archive
from assaymark.testing.trust import NOW, World

RUNS = 7


def best(work: Callable[[], object]) -> tuple[float, float]:
    """Give seconds of the wall clock and of the processor."""
    wall, cpu = [], []
    for _ in range(RUNS):
        started, used = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    return min(wall), min(cpu)


def line(name: str, times: tuple[float, float], note: str = "") -> None:
    print(f"{name:44} {times[0] * 1e3:9.1f} ms wall {times[1] * 1e3:9.1f} ms cpu  {note}")


def digest(path: Path) -> None:
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    world = World()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.apk"
        piece = b"".join(hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(1 << 15))
        path.write_bytes(signed_archive([Member("classes.dex", piece * size, STORED)], ["v2", "v3"]))
        container = world.certify(world.statement(path))
        path.write_bytes(b"".join(add_pair(path.read_bytes(), PAIR_ID, container)))
        root, statuses = world.root(), [world.status()]

        plain = best(lambda: digest(path))
        whole = best(lambda: verify([path], root, now=NOW, statuses=statuses))
        assert verify([path], root, now=NOW, statuses=statuses).state == "valid"
        line(f"SHA-256 of the file ({path.stat().st_size / 1e6:.0f} MB)", plain)
        limit = 1.3 * plain[1] + 0.01  # of the processor: the wall clock shows what else the machine does
        line("verify", whole, f"{whole[1] / plain[1]:.2f} times; bound {limit * 1e3:.0f} ms cpu: {whole[1] <= limit}")
        line("certificate alone: signatures and proof", best(lambda: check_certificate(container, root)))
        data = path.read_bytes()
        layout = find_layout(data)
        block = read_block(data, layout)
        assert block is not None
        for algorithm in ("sha256", "sha512", "sm3"):
            line(
                f"content digest, {algorithm}",
                best(lambda a=algorithm: content_digests(sections(data, layout, block), [a])),
            )
        line("embed", best(lambda: b"".join(add_pair(data, PAIR_ID, container))))
        print(f"container: {len(container)} bytes")


if __name__ == "__main__":
    main()
