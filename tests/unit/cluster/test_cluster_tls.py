"""Certificates and keys that are read once."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import Configuration

from spidercli.errors import ConfigInvalid
from spidercli.gateways.cluster import tls


@pytest.fixture(name="configure")
def _configure(tmp_path: Path) -> Callable[..., Configuration]:
    """A client's configuration, with settings that are texts written to files."""

    def build(host: str = "https://dev.test", proxy: str = "", **texts: str) -> Configuration:
        configuration = Configuration(host=host, proxy=proxy, no_proxy="")
        for name, text in texts.items():
            (tmp_path / name).write_text(text)
            setattr(configuration, name, str(tmp_path / name))
        return configuration

    return build


def test_plain_http_needs_nothing(configure: Callable[..., Configuration]) -> None:
    """A server on this machine has no certificate."""
    assert tls.secure(configure("http://127.0.0.1:1")) is None


def test_the_clusters_authority_is_trusted_alone(configure: Callable[..., Configuration], authority: Any) -> None:
    """With a CA of its own no other may vouch for the cluster, and the client has no file to read again."""
    configuration = configure(ssl_ca_cert=authority.certificate)

    context = tls.secure(configuration)

    assert context is not None
    assert 1 == len(context.get_ca_certs())
    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)
    assert configuration.ssl_ca_cert is None


def test_the_check_can_be_skipped(configure: Callable[..., Configuration]) -> None:
    """insecure-skip-tls-verify is the user's decision."""
    configuration = configure()
    configuration.verify_ssl = False

    context = tls.secure(configuration)

    assert context is not None
    assert (ssl.CERT_NONE, False) == (context.verify_mode, context.check_hostname)


def test_a_proxy_is_checked_against_the_same_authority(configure: Callable[..., Configuration], authority: Any) -> None:
    """A proxy that is https itself has a certificate of the cluster's CA, as for kubectl."""
    configuration = configure(proxy="https://proxy.test", ssl_ca_cert=authority.certificate)

    context = tls.secure(configuration)

    assert context is not configuration.proxy_ssl_context
    assert 1 == len(configuration.proxy_ssl_context.get_ca_certs())


@pytest.mark.parametrize("case", ["authority", "certificate", "key", "other-key", "passphrase"])
def test_what_can_not_be_used_is_told(
    configure: Callable[..., Configuration], authority: Any, capfd: pytest.CaptureFixture[str], case: str
) -> None:
    """The part is named, no secret is shown, and nobody is asked for a passphrase."""
    pair = authority.pair("jane")
    texts = {"ssl_ca_cert": authority.certificate, "cert_file": pair.certificate, "key_file": pair.key}
    broken = {
        "authority": {"ssl_ca_cert": "s3cr3t"},
        "certificate": {"cert_file": "s3cr3t"},
        "key": {"key_file": "s3cr3t"},
        "other-key": {"key_file": authority.pair("joe").key},
        "passphrase": {"key_file": pair.locked},
    }

    with pytest.raises(ConfigInvalid) as caught:
        tls.secure(configure(**(texts | broken[case])))

    part = "the cluster's CA certificates" if case == "authority" else "the client certificate or its key"
    assert f"{part} can't be used" in caught.value.message
    assert "s3cr3t" not in f"{caught.value.message} {caught.value.hint}"
    assert ("", "") == capfd.readouterr()
