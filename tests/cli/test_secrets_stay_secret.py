"""No secret in any output, whatever the verbosity and whatever happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from spidercli.sandbox.cloud.identity import AccessKey
from spidercli.sandbox.run import Sandbox

Run = Callable[..., Any]
SECRETS = (
    "LTAI5tSecretKeyIdOfTest",
    "Sup3rS3cret+/=Value",
    "sts-token-of-the-test",
    "kubernetes-bearer-token",
)
KEY = AccessKey(access_key_id=SECRETS[0], secret=SECRETS[1], security_token=SECRETS[2])
SIGNATURE = re.compile(r"Signature(?:=|%3D|\": ?\")(?!\[redacted\])[\w%+/]{8}", re.IGNORECASE)
COMMANDS = [
    "bootstrap",
    "pools sync",
    "pools list",
    "pools list -o json",
    "inventory -o yaml",
    "config show --origin",
    "export --from-cluster",
    "ccm render",
    "version",
]


@pytest.fixture(name="signed_in")
def secrets_everywhere(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, kubeconfig: Callable[..., str]) -> Sandbox:
    """The sandbox with credentials that are recognized wherever they turn up."""
    sandbox.world.add_key(KEY)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY.access_key_id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", KEY.secret)
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", SECRETS[2])
    assert sandbox.kubeconfig is not None
    server = re.search(r"http://[\d.:]+", sandbox.kubeconfig.read_text())
    assert server is not None
    monkeypatch.setenv("KUBECONFIG", kubeconfig(server[0], token=SECRETS[3]))
    monkeypatch.setenv("DEBUG", "sdk")  # makes the SDKs print their requests
    return sandbox


def leaks(ran: Any) -> list[str]:
    """What an output should not have."""
    text = ran.stdout + ran.stderr
    return [secret for secret in SECRETS if secret in text] + SIGNATURE.findall(text)


@pytest.mark.parametrize("command", COMMANDS)
def test_when_all_goes_well(spidercli: Run, signed_in: Sandbox, command: str) -> None:
    """A successful run at the highest verbosity tells no secret."""
    ran = spidercli(*command.split(), "--yes", "-vvv")

    assert (ran.code, leaks(ran)) == (0, [])


@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize(
    ("status", "error"),
    [(400, "SignatureDoesNotMatch"), (404, "InvalidAccessKeyId.NotFound"), (403, "Forbidden.RAM"), (400, "Unknown")],
)
def test_when_the_cloud_repeats_them(spidercli: Run, signed_in: Sandbox, form: str, status: int, error: str) -> None:
    """An answer that quotes the request, secrets and all, is told without them."""
    quoted = f"AccessKeyId={SECRETS[0]}&SecurityToken={SECRETS[2]}&Signature=abcdefgh12345678 {SECRETS[1]}"
    signed_in.world.refuse("DescribeInstances", status, error, quoted)
    ran = spidercli("pools", "sync", "--yes", "-vvv", "-o", form)

    assert ran.code in (1, 4)
    assert error in ran.stderr
    assert leaks(ran) == []


@pytest.mark.parametrize("wrong", ["ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"])
def test_when_a_credential_is_wrong(
    spidercli: Run, signed_in: Sandbox, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """A rejected credential is not quoted."""
    monkeypatch.setenv(wrong, "wrong-" + SECRETS[1])
    ran = spidercli("pools", "sync", "--yes", "-vvv")

    assert ran.code == 4
    assert leaks(ran) == []


@pytest.mark.parametrize("status", [401, 403, 500])
def test_when_the_cluster_refuses(spidercli: Run, signed_in: Sandbox, status: int) -> None:
    """A refusal that quotes the token is told without it."""
    signed_in.kube.refuse("*", "*", status, message="Authorization: Bearer of the user is not accepted")
    ran = spidercli("pools", "sync", "--yes", "-vvv")

    assert ran.code in (1, 4)
    assert leaks(ran) == []
