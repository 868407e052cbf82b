"""Where a plugin may connect to: every host in one spelling, and which addresses belong to the public internet."""

from __future__ import annotations

import re
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

IpAddress = IPv4Address | IPv6Address

_LONGEST_NAME = 253
#: A label of a host name: letters, digits and hyphens, no hyphen at either end.
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
#: What resolvers take for the last part of an IPv4 address, in decimal, octal or hexadecimal digits.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)

#: Special-purpose blocks (IANA) that no public host has, and the virtual address of a cloud's own services among public ones.
_SPECIAL_4 = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
)
#: The same for IPv6, within 2000::/3: everything outside of it is special.
_SPECIAL_6 = "2001::/23 2001:db8::/32 2002::/16 3fff::/20"


def canonical_host(text: str) -> str:
    """Return the one spelling of a host: an ASCII name in small letters without a dot at its end, or an IP address.

    A name that is not ASCII is encoded (IDNA). IPv6 has no brackets; an IPv4 address in an IPv6 one is the IPv4 address.
    Raises ValueError with a sentence when it is neither a name nor an address in the usual notation.
    """
    if len(text) > _LONGEST_NAME + 1:
        raise ValueError(f"a host name has at most {_LONGEST_NAME} characters")
    if ":" in text:
        return _canonical_ipv6(text)
    name = _encoded(text).lower().removesuffix(".")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _canonical_ipv4(name)
    if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"not a host name: {text[:80]!a}")
    return name


def literal_address(host: str) -> IpAddress | None:
    """Return the IP address that a canonical host is; None when it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: IpAddress) -> bool:
    """Return whether an address can be a host of the public internet.

    Not public are this machine, private and link-local networks, shared address space, metadata services, multicast and reserved
    blocks, also where such an IPv4 address is wrapped in an IPv6 one.
    """
    blocks_4, blocks_6 = _blocks()
    if isinstance(address, IPv4Address):
        return not any(address in block for block in blocks_4)
    wrapped = _wrapped(address)
    if wrapped is not None:
        return is_public(wrapped)
    return address in IPv6Network("2000::/3") and not any(address in block for block in blocks_6)


def covers_address(wide: str, narrow: str) -> bool:
    """Return whether the pattern ``wide`` (``host:port``) allows ``narrow``, an address or a pattern.

    ``*`` is any name and any public address, ``*.name`` every name below that one; a literal address allows exactly itself.
    """
    wide_parts, narrow_parts = _parts(wide), _parts(narrow)
    if wide_parts is None or narrow_parts is None:
        return False
    (wide_host, wide_port), (host, port) = wide_parts, narrow_parts
    if wide_port not in ("*", port):
        return False
    if wide_host == host:
        return True
    address = literal_address(host)
    if address is not None:
        return wide_host == "*" and is_public(address)
    return wide_host == "*" or (wide_host.startswith("*.") and host.endswith(wide_host[1:]))


def pattern_problem(pattern: str) -> str:
    """Return why ``pattern`` cannot be a network permission, or an empty string."""
    host, _, port = pattern.rpartition(":")
    if port != "*" and not (_PORT.fullmatch(port) and 0 < int(port) < 65536):
        return "the port is a number from 1 to 65535, or *"
    try:
        address = literal_address(_pattern_host(host))
    except ValueError as error:
        return str(error)
    if address is not None and (address.is_unspecified or address.is_multicast or address == _BROADCAST):
        return "not the address of one host"
    return ""


_BROADCAST = IPv4Address("255.255.255.255")


def _parts(text: str) -> tuple[str, str] | None:
    """Return the canonical host or pattern, and the port; None where the host is not one."""
    host, _, port = text.rpartition(":")
    try:
        return _pattern_host(host), port.lstrip("0")
    except ValueError:
        return None


def _pattern_host(host: str) -> str:
    if host == "*":
        return host
    if host.startswith("*."):
        name = canonical_host(host[2:])
        if literal_address(name) is not None:
            raise ValueError(f"there are no names below an address: {host[:80]!a}")
        return f"*.{name}"
    if host.startswith("[") and host.endswith("]"):
        return _canonical_ipv6(host[1:-1])
    return canonical_host(host)


def _encoded(text: str) -> str:
    if text.isascii():
        return text
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError(f"not a host name: {text[:80]!a}") from error


def _canonical_ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError as error:
        raise ValueError(f"an IPv4 address is written as four decimal numbers: {text[:80]!a}") from error


def _canonical_ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except ValueError as error:
        raise ValueError(f"not an IPv6 address: {text[:80]!a}") from error
    if address.scope_id is not None:
        raise ValueError(f"an address with a zone belongs to this machine's own network: {text[:80]!a}")
    return str(address.ipv4_mapped or address)


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv4-mapped or translated (NAT64) address stands for."""
    if address in IPv6Network("64:ff9b::/96"):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped


@cache
def _blocks() -> tuple[tuple[IPv4Network, ...], tuple[IPv6Network, ...]]:
    return tuple(map(IPv4Network, _SPECIAL_4.split())), tuple(map(IPv6Network, _SPECIAL_6.split()))
