"""Which texts the configuration accepts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spidercli.config import options, texts

CHECKS: list[Callable[[str], object]] = [
    *(texts.cidr, texts.addresses_of, texts.cidr_or_vswitch, texts.address_or_cidr, texts.address_or_empty),
    *(texts.endpoint, texts.metadata_endpoint, texts.pool_name, texts.multus_name, texts.Matching("a+", "an a").check),
    *(texts.line, options.truth, options.count, options.seconds, options.output_format, options.color, options.file),
]
ENDPOINTS = [
    *("ecs.cn-hangzhou.aliyuncs.com", "ecs:8443", "https://ecs.example.com", "10.0.0.1:1", "[fd00::1]:65535"),
    *("http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:8080", "http://127.0.0.53", "http://127.0.0.1:1/"),
]


@pytest.mark.parametrize("text", ENDPOINTS)
def test_endpoints(text: str) -> None:
    """HOST[:PORT] and loopback http are endpoints."""
    assert texts.endpoint(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "a b", "ecs/path", "https://u:p@ecs", "ftp://ecs", "ecs?x=1", "ecs:", "ecs:0", "ecs:65536", "ecs:x"),
        *("http://ecs.example.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://100.100.100.200"),
        *("[::1", "::1", "[x]", "999.0.0.1", "1.2.3", "-a.com", "a..b", "a\n", "http://localhost@evil", "://a"),
        *("http://http://a", "a.com#b", "127.0.0.1\\@evil"),
    ],
)
def test_what_is_no_endpoint(text: str) -> None:
    """Paths, users, ports out of range, and http to another machine are refused."""
    with pytest.raises(ValueError, match=r"expected|accepted"):
        texts.endpoint(text)


def test_the_metadata_service_speaks_http() -> None:
    """Http is accepted for the service's own address, and still for no other."""
    assert texts.metadata_endpoint("http://100.100.100.200") == "http://100.100.100.200"
    with pytest.raises(ValueError, match="loopback only"):
        texts.metadata_endpoint("http://100.100.100.201")


@pytest.mark.parametrize("text", ["{node}-{nic}", "pods-{node}-{octet}", "{eni}", "{vswitch}.{family}", "{instance}-x"])
def test_pool_names(text: str) -> None:
    """Known fields and what a Kubernetes name may have in it."""
    assert texts.pool_name(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "{pod}", "{node.name}", "{node[0]}", "{node!r}", "{node:>9}", "{}", "{0}", "{node", "node}", "{node}_x"),
        *("{node}/x", "Pool-{node}", "{{node}}", "{node:{nic}}", "{node}\n", "{node.__class__}"),
    ],
)
def test_what_is_no_pool_name(text: str) -> None:
    """Unknown fields, attributes, formats and characters that no name has are refused."""
    with pytest.raises(ValueError, match=r"field|can't be in a Kubernetes name"):
        texts.pool_name(text)


@pytest.mark.parametrize(("text", "problem"), [("ipvlan", "is missing"), ("{nic}-{node}", "unknown field")])
def test_multus_names_have_nic_and_nothing_else(text: str, problem: str) -> None:
    """A SpiderMultusConfig is one for each NIC name, so its name has {nic}."""
    assert texts.multus_name("ipvlan-{nic}") == "ipvlan-{nic}"
    with pytest.raises(ValueError, match=problem):
        texts.multus_name(text)


@pytest.mark.parametrize("text", ["10.0.0.1", "10.0.0.1-10.0.0.9", "10.0.0.0/30", "fd00::1-fd00::9", "fd00::/64"])
def test_addresses(text: str) -> None:
    """Addresses, ranges and CIDRs of both families."""
    assert texts.addresses_of(text) == text


@pytest.mark.parametrize("text", ["", "x", "10.0.0.1-", "10.0.0.9-10.0.0.1", "10.0.0.1-fd00::1", "10.0.0.1/24", "/8"])
def test_what_are_no_addresses(text: str) -> None:
    """Half ranges, backward ones and networks with host bits are refused."""
    with pytest.raises(ValueError, match=r"expected|backwards|mixes|host bits"):
        texts.addresses_of(text)


def test_host_bits_are_told_with_the_network() -> None:
    """The message for a CIDR with host bits says which network was probably meant."""
    with pytest.raises(ValueError, match=r"'10.0.0.1/24' has host bits set, 10.0.0.0/24 is the network"):
        texts.cidr_or_vswitch("10.0.0.1/24")


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90", 90), ("1.5", 1.5), ("90s", 90), ("5m", 300), ("1h", 3600), ("1h30m5s", 5405)]
)
def test_durations(text: str, seconds: float) -> None:
    """Plain seconds, and hours, minutes and seconds in that order."""
    assert options.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "5 m", "1d", "m", "30s1h", "1e9", "inf", "1h30", "9" * 20])
def test_what_is_no_duration(text: str) -> None:
    """Anything that would have to be guessed is refused."""
    with pytest.raises(ValueError, match="expected a duration"):
        options.seconds(text)


@settings(deadline=None)
@given(st.text() | st.text(alphabet="a{}[]:/.-!0 1%f@\n\0"), st.sampled_from(CHECKS))
def test_any_text_is_accepted_or_a_value_error(text: str, check: Callable[[str], object]) -> None:
    """No text makes a check fail in another way, and every complaint is one line."""
    try:
        check(text)
    except ValueError as error:
        complaint = str(error)
    else:
        complaint = ""
    assert "\n" not in complaint
