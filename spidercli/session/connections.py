"""The ways to the cluster and to the cloud, with what the settings say of them."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import pathlib
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from spidercli import kinds
from spidercli.config.settings import Settings
from spidercli.errors import ConfigInvalid
from spidercli.model import Manifest
from spidercli.pacing import Pace
from spidercli.session.deadline import Deadline
from spidercli.session.story import Story

if TYPE_CHECKING:
    from spidercli.gateways.alibaba.client import AlibabaCloud
    from spidercli.gateways.cluster.api import Api
    from spidercli.gateways.cluster.client import KubernetesCluster
    from spidercli.gateways.metadata import InstanceMetadata


class Connections:
    """Each is made when it is first asked for, ends its waiting with the deadline, and tells the story its retries."""

    def __init__(
        self, chosen: Settings, environ: Mapping[str, str], pace: Pace, deadline: Deadline, story: Story
    ) -> None:
        self._settings = chosen
        self._config = chosen.config
        self._environ = environ
        self._pace = pace
        self._deadline = deadline
        self._story = story
        self._closing = contextlib.ExitStack()

    @functools.cached_property
    def api(self) -> Api:
        """The connection to the Kubernetes API.

        Raises:
            ClusterError: there is no kubeconfig, or it can't be used.
        """
        from spidercli.gateways.cluster import connection
        from spidercli.gateways.cluster.retrying import Patience

        kubeconfig, timeout = self._settings.kubeconfig, self._settings.timeout
        stop, story = self._deadline.stop, self._story
        pause = self._pace.sleep or stop.wait
        patience = Patience(sleep=pause, stopped=stop.is_set, note=story.cluster_retry, trace=story.trace)
        if timeout:
            patience = dataclasses.replace(patience, budget=timeout)
        return connection.connect(
            kubeconfig=pathlib.Path(kubeconfig) if kubeconfig else None,
            context=self._settings.context,
            environ=self._environ,
            threads=self._config.limits.write_threads,
            timeout=min(self._pace.cluster_answer, timeout or self._pace.cluster_answer),
            patience=patience,
        )

    @functools.cached_property
    def cluster(self) -> KubernetesCluster:
        """The Kubernetes API, as plans need it."""
        from spidercli.gateways.cluster.client import KubernetesCluster

        return KubernetesCluster(self.api, on_page=self._story.page)

    def listed(self, kind: kinds.Kind) -> list[Manifest]:
        """All objects of a kind in the cluster, read anew."""
        with self._story.busy(f"Reading {kind.kind} objects"):
            return self.cluster.list(kind)

    @functools.cached_property
    def cloud(self) -> AlibabaCloud:
        """The OpenAPI of the region.

        Raises:
            CloudError: there are no credentials.
            ConfigInvalid: no region was given, or an endpoint can't be used.
        """
        from spidercli.gateways.alibaba import client, credentials, endpoints

        found = credentials.resolve(self._environ, self._config.profile)
        region = self._config.region or found.region_id
        if region is None:
            raise ConfigInvalid("no region is given", hint="use --region, or set region in the configuration")
        cloud = client.AlibabaCloud(
            region_id=region,
            credentials=found,
            endpoints=endpoints.resolve(region, self._config.endpoints),
            environ=self._environ,
            on_retry=self._story.cloud_retry,
            on_answer=self._story.trace,
            on_page=self._story.page,
            clock=self._pace.clock,
            sleep=self._pace.sleep,
            read_seconds=self._pace.cloud_answer,
            patience=self._settings.timeout,
        )
        self._closing.callback(cloud.close)
        self._deadline.at_end(cloud.stop)
        return cloud

    @functools.cached_property
    def metadata(self) -> InstanceMetadata:
        """The metadata service of the instance that this runs on."""
        from spidercli.gateways.metadata import READ_SECONDS, InstanceMetadata

        return InstanceMetadata(
            self._config.endpoints.metadata,
            environ=self._environ,
            sleep=self._pace.sleep or time.sleep,
            read_seconds=min(READ_SECONDS, self._pace.cloud_answer),
        )

    def close(self) -> None:
        """End those that hold connections open."""
        self._closing.close()
