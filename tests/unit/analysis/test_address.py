"""The judgement of addresses: what is one, where its host is, and what only looks like one."""

from __future__ import annotations

import pytest

from assaymark.analysis.address import address_of, addresses_in, host_of


@pytest.mark.parametrize(
    ("url", "host", "network"),
    [
        ("https://api.assaymark.org/v1/report?id=%d", "api.assaymark.org", "internet"),
        ("HTTP://API.Assaymark.ORG", "api.assaymark.org", "internet"),
        ("https://assaymark.com.cn:8443/", "assaymark.com.cn", "internet"),
        ("https://检测.中国/首页", "检测.中国", "internet"),
        ("https://xn--fiq228c.xn--fiqs8s/", "xn--fiq228c.xn--fiqs8s", "internet"),
        ("wss://push_1.assaymark.org/socket", "push_1.assaymark.org", "internet"),
        ("mqtt://broker.assaymark.net:1883", "broker.assaymark.net", "internet"),
        ("https://weather:key@api.assaymark.org/", "api.assaymark.org", "internet"),
        ("https://8.8.8.8/resolve", "8.8.8.8", "internet"),
        ("http://192.168.1.1/cgi-bin", "192.168.1.1", "local"),
        ("http://10.0.2.2:8080", "10.0.2.2", "local"),
        ("http://printer.local/", "printer.local", "local"),
        ("http://localhost:8080/", "localhost", "device"),
        ("http://127.0.0.1", "127.0.0.1", "device"),
        ("http://[::1]:9000/", "::1", "device"),
        ("https://[2606:4700:4700::1111]/dns-query", "2606:4700:4700::1111", "internet"),
        ("https://%s.tile.assaymark.org/", "*.tile.assaymark.org", "internet"),
        ("https://{}.assaymark.org/{}", "*.assaymark.org", "internet"),
        ("https://assaymark.org./", "assaymark.org", "internet"),
    ],
)
def test_an_address_has_a_real_host(url: str, host: str, network: str) -> None:
    address = address_of(url)
    assert address is not None
    assert (address.host, address.network) == (host, network)


@pytest.mark.parametrize(
    "text",
    [
        "https://",
        "http://www",
        "http://%s/path",
        "https://{}/v1",
        "https://{}.org/",
        "http://.org/",
        "http://a..org/",
        "http://-a-.org/",
        "http://com.assaymark.Settings",
        "http://Main.onCreate",
        "https://256.1.1.1/",
        "https://1.2.3/",
        "http://[::1/",
        "http://[not-an-address]/",
        "market://details?id=org.assaymark",
        "content://org.assaymark.provider/items",
        "file:///android_asset/index.html",
        "https://" + "a" * 2000 + ".org/",
    ],
)
def test_what_has_no_real_host_is_no_address(text: str) -> None:
    assert address_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "http://schemas.android.com/apk/res/android",
        "http://www.w3.org/2001/XMLSchema",
        "http://xmlpull.org/v1/doc/features.html#process-namespaces",
        "http://java.sun.com/jaxp/properties/schemaLanguage",
        "http://www.apache.org/licenses/LICENSE-2.0",
        "https://www.googleapis.com/auth/drive.file",
        "https://example.com/",
        "http://www.example.com/index.html",
        "http://192.0.2.1/",
        "http://[2001:db8::1]/",
    ],
)
def test_names_and_reserved_hosts_are_no_addresses(text: str) -> None:
    assert address_of(text) is None


def test_only_a_part_of_a_host_may_be_names() -> None:
    assert address_of("https://www.googleapis.com/drive/v3/files") is not None
    assert address_of("https://www.apache.org/dist/") is not None


def test_pages_for_developers_are_marked() -> None:
    address = address_of("https://developer.android.com/training")
    assert address is not None
    assert address.documentation


@pytest.mark.parametrize(
    ("url", "cleartext"),
    [
        ("http://assaymark.org", True),
        ("ws://assaymark.org", True),
        ("https://assaymark.org", False),
        ("tcp://assaymark.org:7000", None),
    ],
)
def test_the_scheme_says_whether_it_is_encrypted(url: str, cleartext: bool | None) -> None:
    address = address_of(url)
    assert address is not None
    assert address.cleartext is cleartext


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        (" https://assaymark.org/a ", ["https://assaymark.org/a"]),
        ("http://a.assaymark.org,https://b.assaymark.org", ["http://a.assaymark.org", "https://b.assaymark.org"]),
        ('<a href="https://assaymark.org/help">help</a>', ["https://assaymark.org/help"]),
        ("{'url':'https://assaymark.org/x'}", ["https://assaymark.org/x"]),
        ("Failed. See https://assaymark.org/errors for more.", []),
        ("(?:http|https)://[a-z.]+", []),
        ("see https://assaymark.org", []),
    ],
)
def test_links_inside_sentences_are_no_addresses(text: str, urls: list[str]) -> None:
    assert [address.url for address in addresses_in(text)] == urls


def test_a_bare_host_may_have_a_port() -> None:
    address = host_of("push.assaymark.org", "7000")
    assert address is not None
    assert (address.url, address.host, address.scheme) == ("push.assaymark.org:7000", "push.assaymark.org", "")
    assert address.cleartext is None


@pytest.mark.parametrize("text", ["", "push", "com.assaymark.Push", "/dev/socket", "example.com"])
def test_other_texts_are_no_hosts(text: str) -> None:
    assert host_of(text) is None
