"""A wire that answers from a script and keeps what it was asked, and an authority that signs certificates."""

from __future__ import annotations

import dataclasses
import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from spidercli.gateways.cluster.api import Api
from spidercli.gateways.cluster.retrying import Patience
from spidercli.gateways.cluster.wire import Answer, Request


@dataclasses.dataclass
class ScriptedWire:
    """Answers in the given order, the last one for ever; an exception is raised."""

    script: list[Answer | Exception]
    host: str = "api.test:6443"
    asked: list[Request] = dataclasses.field(default_factory=list)

    def send(self, request: Request) -> Answer:
        self.asked.append(request)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def make_answer(document: object, *, status: int = 200, **extra: Any) -> Answer:
    return Answer(status=status, body=json.dumps(document).encode(), **extra)


def make_status(code: int, message: str = "", *, reason: str = "", **details: Any) -> Answer:
    document = {
        "kind": "Status",
        "status": "Failure",
        "message": message,
        "reason": reason,
        "details": details,
        "code": code,
    }
    return make_answer(document, status=code)


@pytest.fixture(name="answer")
def _answer() -> Callable[..., Answer]:
    """An answer with a JSON document."""
    return make_answer


@pytest.fixture(name="status")
def _status() -> Callable[..., Answer]:
    """A refusal as Kubernetes writes it."""
    return make_status


@pytest.fixture(name="slept")
def _slept() -> list[float]:
    """How long was slept before each further attempt."""
    return []


@pytest.fixture(name="patience")
def _patience(slept: list[float]) -> Patience:
    """Patience without waiting and without chance."""
    return Patience(sleep=slept.append, jitter=lambda: 1.0)


@pytest.fixture(name="wire")
def _wire() -> Callable[..., ScriptedWire]:
    """A wire with a script."""
    return lambda *script: ScriptedWire(list(script))


@pytest.fixture(name="api")
def _api(patience: Patience) -> Callable[..., Api]:
    """An API with a script, or over a wire."""

    def build(*script: Answer | Exception | ScriptedWire) -> Api:
        only = script[0]
        return Api(only if isinstance(only, ScriptedWire) else ScriptedWire(list(script)), patience)  # type: ignore[arg-type]

    return build


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pair:
    """A certificate and its key, both PEM."""

    certificate: str
    key: str
    locked: str  # the same key behind a passphrase


class Authority:
    """A CA of a cluster, with nothing but what a test needs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kubernetes")])
        ca = x509.BasicConstraints(ca=True, path_length=None)
        usage = x509.KeyUsage(**dict.fromkeys(_USAGES, False) | {"key_cert_sign": True})
        self.certificate = _pem(self._signed(self._name, self._key, (ca, True), (usage, True)))

    def pair(self, name: str, *alternatives: x509.GeneralName) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName(alternatives or [x509.DNSName(name)])
        certificate = self._signed(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]), key, (names, False))
        return Pair(
            certificate=_pem(certificate),
            key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            locked=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode(),
        )

    def serving(self, *alternatives: x509.GeneralName, asks: bool = False) -> ssl.SSLContext:
        """A server's context, for 127.0.0.1 if nothing else is said; it may insist on a client certificate."""
        pair = self.pair("kube-apiserver", *(alternatives or [x509.IPAddress(IPv4Address("127.0.0.1"))]))
        path = self._folder / "server.pem"
        path.write_text(pair.certificate + pair.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        if asks:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=self.certificate)
        return context

    def _signed(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: tuple[x509.ExtensionType, bool]
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder(self._name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(ours, critical=False)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self._key, hashes.SHA256())


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


@pytest.fixture(name="authority")
def _authority(tmp_path: Path) -> Authority:
    """A certificate authority."""
    return Authority(tmp_path)


@pytest.fixture(name="kept")
def _kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What lies in the folder for temporary files, which is the test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return lambda: [str(path) for path in folder.rglob("*")]
