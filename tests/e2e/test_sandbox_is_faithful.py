"""The sandbox answers as the real control plane does: the same story is told to both, and their answers compared.

Left out of the comparison is what depends on chance or on a controller's speed: ids, times, versions, and status.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from spidercli.kinds import CONFIG_MAP
from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.app import kube_app
from spidercli.sandbox.serving import Server
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.plane import ControlPlane
from tests.e2e.controlplane.rest import Access, Answer, Rest
from tests.e2e.stories import STORIES, Story
from tests.e2e.storytelling import Storyteller, differences


@pytest.fixture
def api() -> KubeApi:
    """The sandbox's API server with Spiderpool, and no objects."""
    return KubeApi()


@pytest.fixture(name="sandbox")
def empty_sandbox(api: KubeApi) -> Iterator[Cluster]:
    """The same as a cluster."""
    with Server(kube_app(api)) as server:
        yield Cluster(Rest(Access(url=server.url, authority=pathlib.Path("none"), token="none")))


@pytest.mark.parametrize("tell", STORIES.values(), ids=STORIES.keys())
def test_both_answer_alike(tell: Story, cluster: Cluster, sandbox: Cluster) -> None:
    """Status, message and object are the same at every step of the story."""
    real, imitation = Storyteller(cluster), Storyteller(sandbox)

    tell(real)
    tell(imitation)

    assert "" == "\n".join(differences(real.answers, imitation.answers))


class Pages:
    """ConfigMaps a to d, of which the first two were read before b and c went, and e came."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        for name in "abcd":
            self._create(name)
        first = self._listed(limit="2")
        self._token, self._version = (first.body["metadata"][key] for key in ("continue", "resourceVersion"))
        for name in "bc":
            rest.must("DELETE", CONFIG_MAP.path(name, "default"))
        self._create("e")

    def ends(self) -> list[Any]:
        """What becomes of the old token, of the one that comes in its place, of a list and a watch of that version."""
        expired = self._listed(**{"limit": "2", "continue": self._token})
        rest = self._listed(**{"continue": expired.body["metadata"].get("continue", "")})
        exact = self._listed(resourceVersion=self._version, resourceVersionMatch="Exact")
        names = [item["metadata"]["name"] for item in rest.body.get("items", ())]
        event = self._listed(watch="1", resourceVersion=self._version, timeoutSeconds="1").body
        told = [event["type"], event["object"].get("code")]
        return [expired.status, expired.message, rest.status, names, exact.status, exact.message, *told]

    def _create(self, name: str) -> None:
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"paged": "yes"}}}
        self._rest.must(
            "POST", CONFIG_MAP.path(name, "default").rpartition("/")[0], manifest, query={"fieldManager": "e2e"}
        )

    def _listed(self, **query: str) -> Answer:
        return self._rest.ask("GET", CONFIG_MAP.collection, query={"labelSelector": "paged=yes", **query})


def test_pages_of_forgotten_versions(own_plane: ControlPlane, cluster: Cluster, sandbox: Cluster, api: KubeApi) -> None:
    """Once the history is gone a page is refused, with a token for the rest as it is now."""
    real, imitation = Pages(cluster.rest), Pages(sandbox.rest)
    own_plane.compact()
    own_plane.restart()
    api.compact()

    ended = real.ends()

    assert (410, ["d", "e"]) == (ended[0], ended[3])
    assert ended == imitation.ends()
