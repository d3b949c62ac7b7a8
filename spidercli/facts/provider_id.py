"""A node's providerID, read as the Cloud Controller Manager reads it, but never guessed.

The Cloud Controller Manager (pkg/controller/helper/node_utils.go, NodeFromProviderID) takes off `alicloud://`, splits
at dots, and takes the first two parts for region and instance. So `k3s://a.b` has the "region" `k3s://a`, and three
slashes make the region `/cn-hangzhou`; one such node stops its node controller for all nodes. We accept only what
it writes itself, REGION.i-…, and tell the rest apart.
"""

from __future__ import annotations

import dataclasses
import enum
import re

_ECS = re.compile(r"(?:alicloud://)?(?P<region>[a-z]+(?:-[a-z0-9]+)+)\.(?P<instance>i-[0-9a-z]+)")


class Form(enum.Enum):
    """What kind of providerID it is; the value completes "the providerID …"."""

    ECS = "names an ECS instance"
    ABSENT = "is not set"
    HYBRID = "belongs to a machine outside of Alibaba Cloud (ACK hybrid)"
    THREE_SLASHES = "has three slashes: the Cloud Controller Manager would take '/REGION' for the region"
    NO_DOT = "has no dot between region and instance"
    MALFORMED = "is not REGION.i-…"
    FOREIGN = "belongs to another provider"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProviderId:
    """A providerID taken apart; region and instance are "" unless the form is ECS."""

    form: Form
    region_id: str = ""
    instance_id: str = ""


def parse(text: str) -> ProviderId:
    """Take a providerID apart; every text has a form."""
    if ecs := _ECS.fullmatch(text):
        return ProviderId(form=Form.ECS, region_id=ecs["region"], instance_id=ecs["instance"])
    return ProviderId(form=_other_form(text))


def _other_form(text: str) -> Form:
    scheme, separator, rest = text.rpartition("://")
    if not text:
        return Form.ABSENT
    if text.startswith("ack-hybrid://"):
        return Form.HYBRID
    if separator and scheme != "alicloud":
        return Form.FOREIGN
    if rest.startswith("/"):
        return Form.THREE_SLASHES
    return Form.MALFORMED if "." in rest else Form.NO_DOT
