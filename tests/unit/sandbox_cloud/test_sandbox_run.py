"""A whole sandbox: cloud, cluster, files and variables."""

from __future__ import annotations

import pathlib
import stat
from collections.abc import Iterator

import pytest
import requests
import yaml

from spidercli.errors import UsageProblem
from spidercli.sandbox.run import Sandbox
from spidercli.sandbox.scenarios import guide


@pytest.fixture(name="http")
def _http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_everything_is_served(http: requests.Session) -> None:
    """Inside the block, the variables lead to a cloud and a cluster that know the same nodes."""
    with Sandbox("guide") as sandbox:
        environ = sandbox.environ
        kubeconfig = yaml.safe_load(pathlib.Path(environ["KUBECONFIG"]).read_text())
        server = kubeconfig["clusters"][0]["cluster"]["server"]
        nodes = http.get(f"{server}/api/v1/nodes").json()["items"]
        hostname = http.get(f"{environ['SPIDERCLI_METADATA_ENDPOINT']}/latest/meta-data/hostname").text

    assert ([node["metadata"]["name"] for node in nodes], hostname) == (["master", "worker"], "master")


def test_variables() -> None:
    """The variables are those that clients read, with dummies for credentials."""
    with Sandbox("guide") as sandbox:
        environ = sandbox.environ

    endpoints = {environ.pop(f"SPIDERCLI_{name}_ENDPOINT") for name in ("ECS", "VPC", "STS", "METADATA")}
    assert [endpoint.startswith("http://127.0.0.1:") for endpoint in endpoints] == [True]
    assert environ.pop("KUBECONFIG") != environ.pop("SPIDERCLI_CONFIG")
    assert environ == {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "sandbox-access-key-id",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "sandbox-access-key-secret",
        "ALIBABA_CLOUD_REGION_ID": "cn-hangzhou",
    }


def test_files_are_private_and_temporary() -> None:
    """The files are in a folder of the user's own, which is gone afterwards."""
    with Sandbox("guide") as sandbox:
        config = pathlib.Path(sandbox.environ["SPIDERCLI_CONFIG"])
        mode = stat.S_IMODE(config.parent.stat().st_mode)
        text = config.read_text()

    assert (mode, text, config.parent.exists()) == (0o700, guide.CONFIG_TEXT, False)


def test_nothing_is_left_after_an_error() -> None:
    """An error inside the block ends the sandbox and is not swallowed."""
    sandbox = Sandbox("guide")
    with pytest.raises(KeyError), sandbox:
        raise KeyError

    assert (sandbox.kubeconfig, sandbox.environ) == (None, {})


def test_unknown_scenario() -> None:
    """A scenario that does not exist is a usage error, before anything starts."""
    with pytest.raises(UsageProblem):
        Sandbox("moon")
