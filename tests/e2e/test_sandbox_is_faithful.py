"""The sandbox answers as the real control plane does: the same story is told to both, and their answers compared.

Left out of the comparison is what depends on chance or on a controller's speed: ids, times, versions, and status.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from spidercli.sandbox.kube.api import KubeApi
from spidercli.sandbox.kube.app import kube_app
from spidercli.sandbox.serving import Server
from tests.e2e.controlplane.cluster import Cluster
from tests.e2e.controlplane.rest import Access, Rest
from tests.e2e.stories import STORIES, Story
from tests.e2e.storytelling import Storyteller, differences


@pytest.fixture(name="sandbox")
def empty_sandbox() -> Iterator[Cluster]:
    """The sandbox's API server with Spiderpool, and no objects."""
    with Server(kube_app(KubeApi())) as server:
        yield Cluster(Rest(Access(url=server.url, authority=pathlib.Path("none"), token="none")))


@pytest.mark.parametrize("tell", STORIES.values(), ids=STORIES.keys())
def test_both_answer_alike(tell: Story, cluster: Cluster, sandbox: Cluster) -> None:
    """Status, message and object are the same at every step of the story."""
    real, imitation = Storyteller(cluster), Storyteller(sandbox)

    tell(real)
    tell(imitation)

    assert "" == "\n".join(differences(real.answers, imitation.answers))
