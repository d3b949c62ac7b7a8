"""What HTTP adds: paths, headers, metadata through a real client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from spidercli.sandbox.cloud.world import World


@pytest.fixture(name="http")
def _http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_metadata_in_token_mode(http: requests.Session, url: str) -> None:
    """A token is put and used as headers of any case."""
    ttl = {"X-aliyun-ecs-metadata-token-ttl-seconds": "21600"}
    token = http.put(f"{url}/latest/api/token", headers=ttl).text

    answer = http.get(f"{url}/latest/meta-data/region-id", headers={"X-Aliyun-Ecs-Metadata-Token": token})

    assert (answer.status_code, answer.text) == (200, "cn-hangzhou")


def test_unknown_path(http: requests.Session, url: str) -> None:
    """Any other path is not found."""
    assert http.get(f"{url}/elsewhere").status_code == 404


def test_unsigned_request(http: requests.Session, url: str) -> None:
    """A request without a key gets a JSON error with a request id in body and header."""
    answer = http.get(url, params={"Action": "DescribeRegions", "Version": "2014-05-26"})

    assert (answer.status_code, answer.json()["Code"]) == (400, "MissingAccessKeyId")
    assert answer.headers["x-acs-request-id"] == answer.json()["RequestId"]


def test_world_changes_while_it_is_served(http: requests.Session, url: str, world: World) -> None:
    """A change made by another thread shows in the next answer."""
    path = f"{url}/latest/meta-data/instance-id"
    before = http.get(path).text
    world.remove_instance(before)

    assert before != http.get(path).text
