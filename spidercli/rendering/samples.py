"""The guide's sample applications: two DaemonSets on two NICs, and Services in front of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from spidercli.desired.values import DesiredMultus

NAMESPACE = "default"
_DAEMON_SET = "apps/daemonset.yaml.j2"


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleApps:
    """What differs between the guides, and between clusters."""

    networks: tuple[str, str] = ("kube-system/ipvlan-eth0", "kube-system/ipvlan-eth1")
    images: tuple[str, str] = ("busybox", "nginx")
    command: tuple[str, ...] = ("sleep", "3600")  # of the first application; empty: the image's own
    cluster_ip_app: str = "test-app-2"  # what test-svc selects


ENGLISH = SampleApps()
CHINESE = SampleApps(
    images=("docker.io/centos/tools", "docker.io/centos/tools"), command=(), cluster_ip_app="test-app-1"
)


def on_networks(samples: SampleApps, multus: Sequence[DesiredMultus]) -> SampleApps:
    """The samples on a cluster's first and last NIC; on its only one, if there is one."""
    if not multus:
        return samples
    return dataclasses.replace(samples, networks=(multus[0].reference, multus[-1].reference))


def templates(samples: SampleApps) -> Iterable[tuple[str, str, dict[str, object]]]:
    """The template, kind and values of each object, in the guide's order."""
    first, second = samples.networks
    apps = ("test-app-1", "test-app-2")
    yield _DAEMON_SET, "DaemonSet", _daemon_set(apps[0], samples.images[0], first, samples.command)
    yield _DAEMON_SET, "DaemonSet", _daemon_set(apps[1], samples.images[1], second, ())
    yield "apps/cluster-ip-service.yaml.j2", "Service", {"name": "test-svc", "app": samples.cluster_ip_app}
    for name in ("tcp-service", "http-service"):
        yield f"apps/{name}.yaml.j2", "Service", {"name": name, "namespace": NAMESPACE, "app": apps[1]}


def _daemon_set(app: str, image: str, network: str, command: Sequence[str]) -> dict[str, object]:
    return {"name": app, "namespace": NAMESPACE, "image": image, "network": network, "command": list(command)}
