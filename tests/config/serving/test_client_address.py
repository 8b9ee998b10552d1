"""Who is really asking, from nothing that the client can forge."""

from ipaddress import ip_network

import pytest
from django.test import RequestFactory

from config.serving.client_address import client_address, client_address_text, lockout_address


def request(peer, **headers):
    return RequestFactory().get("/", REMOTE_ADDR=peer, **headers)


@pytest.fixture
def proxies(settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1"), ip_network("10.1.0.0/16")]


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:0DB8:0::0001", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("", "None"),
        ("unix:", "None"),
        ("192.0.2.1:80", "None"),
        ("192.0.2.1\x00", "None"),
    ],
)
def test_the_peer_is_the_client(peer, expected):
    assert str(client_address(request(peer))) == expected


@pytest.mark.parametrize(
    "name",
    [
        *("X_FORWARDED_FOR", "FORWARDED", "X_REAL_IP", "VIA"),
        *("X_FORWARDED_PROTO", "X_FORWARDED_HOST", "X_CLIENT_IP", "CF_CONNECTING_IP"),
        *("X_FORWARDED", "X_FORWARDED_SERVER", "X_FORWARDED_SSL", "X_CLUSTER_CLIENT_IP"),
        *("X_ORIGINATING_IP", "TRUE_CLIENT_IP", "FASTLY_CLIENT_IP", "CLIENT_IP"),
    ],
)
def test_a_header_of_an_unknown_proxy_makes_the_client_unknown(proxies, name):
    forwarded = request("192.0.2.1", **{f"HTTP_{name}": "127.0.0.1"})

    assert client_address(forwarded) is None
    assert client_address_text(forwarded) == "192.0.2.1"


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("127.0.0.1, 192.0.2.1", "192.0.2.1"),
        ("198.51.100.1, 192.0.2.1, 10.1.2.3", "192.0.2.1"),
        ("192.0.2.1,10.1.2.3,127.0.0.1", "192.0.2.1"),
        (" 192.0.2.1 ,, ", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("127.0.0.1, garbage", "None"),
        ("garbage, 192.0.2.1", "192.0.2.1"),
        ("127.0.0.1, unknown, 10.1.2.3", "None"),
        ("192.0.2.1:4711", "None"),
        ("1" * 100_000, "None"),
        ("\x00", "None"),
    ],
)
def test_the_chain_is_read_from_the_right(proxies, chain, expected):
    assert str(client_address(request("127.0.0.1", HTTP_X_FORWARDED_FOR=chain))) == expected


def test_a_proxy_that_asks_for_itself_is_the_client(proxies):
    assert str(client_address(request("127.0.0.1"))) == "127.0.0.1"
    assert str(client_address(request("127.0.0.1", HTTP_X_FORWARDED_FOR="10.1.2.3"))) == "127.0.0.1"


@pytest.mark.parametrize("chain", [None, "", " , "])
def test_a_proxy_that_names_its_client_elsewhere_makes_it_unknown(proxies, chain):
    headers = {"HTTP_X_REAL_IP": "192.0.2.1"}
    if chain is not None:
        headers["HTTP_X_FORWARDED_FOR"] = chain

    assert client_address(request("127.0.0.1", **headers)) is None


def test_a_trusted_proxy_may_come_as_ipv6(proxies):
    forwarded = request("::ffff:127.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.1")

    assert str(client_address(forwarded)) == "192.0.2.1"


def test_text_and_lockout_tell_what_they_can():
    nowhere = request("")

    assert client_address_text(nowhere) == "unknown"
    assert lockout_address(nowhere) is None
