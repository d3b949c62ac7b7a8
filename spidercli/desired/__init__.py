"""What the cluster should hold, decided from an Inventory and the configuration; no template, no I/O."""

from spidercli.desired.ccm import AccessKey, CcmSpec, ccm_spec
from spidercli.desired.multus import multus_configs
from spidercli.desired.pooling import idle, left_out, pools
from spidercli.desired.values import DesiredMultus, DesiredPool

__all__ = [
    "AccessKey",
    "CcmSpec",
    "DesiredMultus",
    "DesiredPool",
    "ccm_spec",
    "idle",
    "left_out",
    "multus_configs",
    "pools",
]
