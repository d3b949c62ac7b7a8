"""What the decisions need from the outside world, named for the need and not for the SDK behind it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from ipaddress import IPv4Address
from typing import Protocol

from spidercli import kinds
from spidercli.model import CloudFacts, Eni, Instance, Manifest, VSwitch
from spidercli.planning.plan import Write


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identity:
    """Who the credentials belong to, as STS GetCallerIdentity says."""

    account_id: str
    arn: str
    provider: str  # what supplied the credentials, for example "env ALIBABA_CLOUD_ACCESS_KEY_ID"


class Cloud(Protocol):
    """Readings of the cloud. Each one is complete, or raises a CloudError."""

    region_id: str

    def instances(
        self, *, vpc_id: str | None = None, ids: Collection[str] = (), private_ips: Collection[IPv4Address] = ()
    ) -> tuple[Instance, ...]:
        """Instances with one of the ids or primary addresses; with neither, all of the VPC or region."""
        ...

    def enis(self, *, vpc_id: str) -> tuple[Eni, ...]:
        """Every ENI of a VPC, attached or not."""
        ...

    def vswitches(self, *, vpc_id: str) -> tuple[VSwitch, ...]:
        """Every vSwitch of a VPC."""
        ...

    def identity(self) -> Identity:
        """Who we are."""
        ...

    def stop(self) -> None:
        """End all waiting and retrying, from any thread."""
        ...


class Metadata(Protocol):
    """The instance metadata service of the machine that we run on."""

    def facts(self) -> CloudFacts:
        """This instance and its ENIs, or a MetadataUnavailable."""
        ...


class Cluster(Protocol):
    """A Kubernetes API server. Every method raises a ClusterError when it can't answer."""

    def list(self, kind: kinds.Kind, *, namespace: str | None = None) -> list[Manifest]:
        """Every object of a kind, with managedFields; one consistent reading, however many pages it takes."""
        ...

    def get(self, kind: kinds.Kind, name: str, namespace: str | None = None) -> Manifest | None:
        """One object, None when it does not exist."""
        ...

    def send(self, write: Write) -> Manifest | None:
        """Carry out one write, retrying what a retry can help; None for a delete."""
        ...

    def version(self) -> str:
        """The server's gitVersion, for example v1.27.3."""
        ...
