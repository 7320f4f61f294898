"""Every row of the catalogs of addresses: calls that take one, names that are none, top-level domains. One app each."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from assaymark import pipeline
from assaymark.catalog.addresses import NetworkCall, NotEndpoint, load_network_calls, load_not_endpoints, load_top_level
from assaymark.model.tables import ENDPOINT
from assaymark.testing.apk import Apk

Rows = Mapping[str, tuple[object, object]]
"""URL of each row of evidence: how it is used, and its network."""

MAIN = ".class public Lcom/example/app/Main;\n.super Landroid/app/Activity;\n"


def endpoints(folder: pytest.TempPathFactory, smali: list[str]) -> Rows:
    path = folder.mktemp("addresses") / "app.apk"
    path.write_bytes(Apk(smali=[MAIN, *smali]).build())
    _program, evidence, _runs = pipeline.collect(path)
    at = ENDPOINT.position
    return {str(row[at["url"]]): (row[at["use"]], row[at["network"]]) for row in evidence["endpoint"]}


def method(name: str, lines: list[str], above: str = "java.lang.Object") -> str:
    body = "".join(f"    {line}\n" for line in lines)
    head = f".class public L{name};\n.super L{above.replace('.', '/')};\n"
    return f"{head}.method static run()V\n    .locals 2\n{body}    return-void\n.end method\n"


# --- calls


def address(place: int, row: NetworkCall, *, near: bool = False) -> str:
    host = f"{'near' if near else 'row'}{place}.assaymark.org"
    return f"https://{host}/v1" if row.takes == "url" else f"{host}:443"


def call(place: int, row: NetworkCall, *, near: bool = False, owner: str = "") -> list[str]:
    name = row.name if not near else "other"
    owner = owner or f"L{row.class_name.replace('.', '/')};"
    descriptor = row.descriptor if ")" in row.descriptor else f"{row.descriptor})"
    kinds = re.findall(r"\[*(?:L[^;]+;|[ZBCSIJFD])", descriptor.partition(")")[0])
    given = ", ".join("v0" if index == row.argument else "v1" for index in range(len(kinds)))
    address_line = f'const-string v0, "{address(place, row, near=near).removesuffix(":443")}"'
    return [
        address_line,
        "const/16 v1, 0x1bb",
        f"invoke-static {{{given}}}, {owner}->{name}{descriptor.partition(')')[0]})V",
    ]


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    smali = []
    for place, row in enumerate(load_network_calls()):
        smali += [method(f"row/C{place}", call(place, row)), method(f"near/C{place}", call(place, row, near=True))]
        if row.subclasses:
            mine = f"under/C{place}"
            smali.append(method(mine, call(place + 1000, row, owner=f"L{mine};"), row.class_name))
    return endpoints(tmp_path_factory, smali)


@pytest.mark.parametrize(("place", "row"), list(enumerate(load_network_calls())))
def test_a_call_makes_what_it_is_given_an_endpoint(place: int, row: NetworkCall, called: Rows) -> None:
    found = {**{url.removesuffix(":443"): how for url, how in called.items()}, **called}
    assert found[address(place, row).removesuffix(":443")] == ("link" if row.link else "network-call", "internet")
    near = called.get(address(place, row, near=True))
    assert near == (("constant", "internet") if row.takes == "url" else None)
    if row.subclasses:
        assert called[address(place + 1000, row)][0] == "network-call"


# --- names that are no addresses


def named(row: NotEndpoint, *, near: bool = False) -> str:
    """An address that a row covers, or one that is only nearly covered."""
    host = {"*": "some.assaymark.org"}.get(row.host, f"sub{row.host}" if row.host.startswith(".") else row.host)
    if near and row.part:
        return f"http://{host}{row.path or '/'}{row.part.replace('/', '-')}"
    if near:
        host = f"{host.rpartition('.')[0]}x.org" if row.host.startswith(".") else f"x{host}.org"
    return f"http://{host}{row.path or '/a'}{row.part if row.part not in row.path else ''}"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    lines = [f'const-string v0, "{named(row, near=near)}"' for row in load_not_endpoints() for near in (False, True)]
    return endpoints(tmp_path_factory, [method("row/All", lines)])


@pytest.mark.parametrize("row", load_not_endpoints(), ids=lambda row: f"{row.host}{row.path}{row.part}")
def test_a_name_is_no_endpoint_and_what_looks_alike_is(row: NotEndpoint, written: Rows) -> None:
    assert named(row) not in written
    assert named(row, near=True) in written


# --- top-level domains


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    lines = [
        f'const-string v0, "https://{host}.{name}{tail}/v1"'
        for name in load_top_level()
        for host, tail in (("service", ""), ("service", "q7"))
    ]
    return endpoints(tmp_path_factory, [method("row/All", lines)])


@pytest.mark.parametrize(("name", "network"), list(load_top_level().items()))
def test_a_top_level_domain_makes_a_host(name: str, network: str, hosts: Rows) -> None:
    found = {network for url, (_use, network) in hosts.items() if url == f"https://service.{name}/v1"}
    assert found == {network}
    assert f"https://service.{name}q7/v1" not in hosts
