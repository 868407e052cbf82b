"""Hosts have one spelling, or are refused; which addresses are public; what a network permission covers."""

from __future__ import annotations

import random
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.plugins.plugin import Manifest, Permissions, Provision, ProvisionKind
from core.domain.untrusted.network_address import canonical_host, covers_address, is_public, literal_address, pattern_problem
from core.plugins.rules.permissions import permission_objections


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("example\u3002com", "example.com"),
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("\uff45xample.com", "example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("\uff11\uff12\uff17.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("::1", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::FFFF:7F00:1", "127.0.0.1"),
    ],
)
def test_a_host_has_one_spelling(text: str, host: str):
    assert canonical_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "HOST\0.example.com",
        "host\n.example.com",
        "host .example.com",
        "host\x7f.example.com",
        "host\x1b[2J.example.com",
        "a..example.com",
        ".example.com",
        "example.com..",
        "-a.example.com",
        "a-.example.com",
        "a_b.example.com",
        "*.example.com",
        "user@example.com",
        "user:secret@example.com",
        "example.com/path",
        "example.com%00.evil.org",
        "%31%32%37.0.0.1",
        "a\u2100.example.com",
        "\ud800.example.com",
        "a\u0000\u3002example.com",
        "\u3002",
        "a" * 64 + ".com",
        ".".join(["a" * 60] * 5),
        "a." * 3000 + "com",
        "\u00fc" * 5000,
        "[::1]",
        "[127.0.0.1]",
        "fe80::1%eth0",
        "::1%25lo",
        "::g",
        "1:2",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0x7f000001",
        "0X7F.0.0.1",
        "0177.0.0.1",
        "127.0.0.01",
        "2130706433",
        "1.2.3.4.5",
        "256.0.0.1",
        "example.0x1",
        "example.1",
        "0x",
    ],
)
def test_what_is_neither_a_name_nor_an_address_is_refused_in_printable_words(text: str):
    with pytest.raises(ValueError, match=r"host|IPv4|IPv6|zone") as told:
        print(canonical_host(text))
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 600


NOT_PUBLIC = (
    "0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254 169.254.170.2 172.16.0.1 "
    "172.31.255.255 192.0.0.192 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 "
    "255.255.255.255 :: ::1 ::7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:db8::1 "
    "2002:7f00:1:: 2002:a00:1:: fc00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fec0::1 ff02::1 3fff::1 5f00::1 4000::1"
)
PUBLIC = "8.8.8.8 93.184.216.34 172.32.0.1 100.128.0.1 223.255.255.255 2606:4700::1111 2a00:1450:4001::1 64:ff9b::808:808 ::ffff:8.8.8.8"


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_special_addresses_are_not_public_on_any_python(address: str):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC.split())
def test_ordinary_addresses_are_public(address: str):
    assert is_public(ip_address(address))


@given(st.ip_addresses())
def test_nothing_is_public_that_the_standard_library_calls_private(address):
    assert not (is_public(address) and (address.is_private or address.is_loopback or address.is_link_local or address.is_multicast))


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ("*.example.com:443", "HOST\0.example.com:443", False),
        ("*:443", "169.254.169.254:443", False),
        ("*:443", "[::1]:443", False),
        ("*:443", "8.8.8.8:443", True),
        ("*.0.0.1:80", "127.0.0.1:80", False),
        ("127.0.0.1:80", "[::ffff:127.0.0.1]:80", True),
        ("[0:0::1]:80", "[::1]:80", True),
        ("example.com:443", "EXAMPLE.com.:443", True),
        ("*.example.com:443", "a.example.com\u3002evil.org:443", False),
        ("*.example.com:443", "*.a.example.com:443", True),
        ("example.com:443", "*:443", False),
        ("*:*", "example.com:0443", True),
    ],
)
def test_a_pattern_covers_what_will_be_connected_to(wide: str, narrow: str, covered: bool):
    assert covers_address(wide, narrow) is covered


@pytest.mark.parametrize(
    "pattern",
    [
        "0x7f.1:80",
        "2130706433:80",
        "127.1:80",
        "*.1.2.3.4:80",
        "0.0.0.0:80",
        "224.0.0.1:80",
        "[::]:80",
        "a..b:80",
        "a:0",
        "a:65536",
        "a-:1",
    ],
)
def test_a_permission_that_names_no_host_is_refused_and_says_why(pattern: str):
    assert pattern_problem(pattern)
    asking = Manifest(
        id="sample",
        version="1.0.0",
        description="d",
        authors=("a",),
        license="MIT",
        minimum_host_version="0.1.0",
        entry_point="sample",
        provides=(Provision(kind=ProvisionKind.TASK, contract=1, name="sample"),),
        permissions=Permissions(net=(pattern,)),
    )
    assert permission_objections(asking) == (f"net {pattern}: {pattern_problem(pattern)}",)


@pytest.mark.parametrize("pattern", ["*:443", "*.example.com:*", "example.com:443", "127.0.0.1:8080", "[::1]:80", "10.0.0.1:1"])
def test_ordinary_permissions_have_no_problem(pattern: str):
    assert pattern_problem(pattern) == ""


PIECES = [
    *"aZ09-_.:%@/[]*\0\n\x1b ",
    *"\u3002\uff0e\u2024\uff11\u00fc\u00df\u200d\u202e\ud800\u2100",
    "xn--",
    "0x",
    "127",
    "169.254",
    "::",
    "ffff:",
    "example.com",
    "localhost",
    "a" * 64,
]


@pytest.mark.parametrize("count", [5_000, pytest.param(60_000, marks=pytest.mark.slow)])
def test_fuzz_a_host_is_canonical_or_refused_and_only_what_is_meant_is_covered(count: int):
    """Seeded. What comes out is ASCII, comes out of itself again, and lies below the granted name exactly if its text says so."""
    chance = random.Random(7)
    accepted = 0
    for _ in range(count):
        text = "".join(chance.choices(PIECES, k=chance.randint(1, 7)))
        try:
            host = canonical_host(text)
        except ValueError as error:
            assert str(error).isprintable()
            assert text.startswith(("*", "[")) or not covers_address("*:443", f"{text}:443")  # these two are patterns
            continue
        accepted += 1
        assert host.isascii()
        assert canonical_host(host) == host
        address = literal_address(host)
        if address is not None:
            assert covers_address("*:443", f"[{host}]:443" if ":" in host else f"{host}:443") is is_public(address)
        else:
            assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
            assert covers_address("*.example.com:443", f"{host}:443") is host.endswith(".example.com")
    assert accepted > count / 50
