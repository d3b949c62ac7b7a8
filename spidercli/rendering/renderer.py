"""Desired values into the manifests that are printed, exported and applied."""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from spidercli import addresses, kinds
from spidercli.config.schema import CcmCredentials
from spidercli.desired.ccm import AccessKey, CcmSpec
from spidercli.desired.values import DesiredMultus, DesiredPool
from spidercli.errors import TemplateInvalid
from spidercli.model import Manifest, Node
from spidercli.rendering import ccm, reading, samples
from spidercli.rendering.environment import Templates
from spidercli.rendering.moulds import Moulds
from spidercli.rendering.reading import Identity, Rendered

_POOL = "spiderippool.yaml.j2"
_MULTUS = "spidermultusconfig.yaml.j2"
_PROVIDER_ID = "provider-id.yaml.j2"
_CLOUD_CONFIG = "ccm/cloud-config.yaml.j2"
_SECRET = "ccm/secret.yaml.j2"  # noqa: S105 - a file name
_MANAGER = "ccm/cloud-controller-manager.yaml.j2"
_MANY = (_POOL, _PROVIDER_ID)  # what there is one of for each NIC or node
_COMMON = {"managed_by": kinds.FIELD_MANAGER}


class Renderer:
    """Fills templates and reads back what they give. Every method raises TemplateInvalid for a bad template."""

    def __init__(self, overrides: Path | None = None) -> None:
        """Use the built-in templates, and those of a folder in place of the built-in ones of the same name.

        Raises:
            ConfigInvalid: the folder does not exist.
            TemplateInvalid: a file of the folder has the name of no template.
        """
        self._templates = Templates(overrides)
        self._moulds = {name: Moulds(functools.partial(self._templates.render, name)) for name in _MANY}

    def pool(self, pool: DesiredPool) -> Manifest:
        """A SpiderIPPool; see `pools` for many."""
        return self.pools([pool])[0]

    def pools(self, pools: Iterable[DesiredPool]) -> list[Manifest]:
        """SpiderIPPools in the given order, with `ips` in the form that Spiderpool's webhook gives them."""
        return reading.manifests(
            [self._fill(_POOL, _pool_values(pool), Identity(kind=kinds.IP_POOL.kind, name=pool.name)) for pool in pools]
        )

    def multus_config(self, multus: DesiredMultus) -> Manifest:
        """A SpiderMultusConfig."""
        identity = Identity(kind=kinds.MULTUS_CONFIG.kind, name=multus.name, namespace=multus.namespace)
        return reading.manifests([self._fill(_MULTUS, _multus_values(multus), identity)])[0]

    def provider_id(self, node: Node) -> Manifest:
        """A strategic merge patch that sets a node's providerID.

        It has the uid, so that a node that was replaced meanwhile is left alone, but no kind and no name: nobody can
        create a Node by applying the file.
        """
        patch = reading.patch(self._fill(_PROVIDER_ID, {"uid": node.uid, "provider_id": node.expected_provider_id}))
        wanted = {"spec": {"providerID": node.expected_provider_id}}
        if patch not in ({"metadata": {"uid": node.uid}, **wanted}, wanted):
            raise TemplateInvalid(
                f"{self._templates.file(_PROVIDER_ID)}: gives more or less than the uid and providerID of {node.name}"
            )
        return patch

    def provider_id_command(self, node: Node) -> str:
        """The kubectl command that applies the patch, one line, quoted for a POSIX shell."""
        patch = json.dumps(self.provider_id(node), separators=(",", ":"))
        return shlex.join(["kubectl", "patch", "node", node.name, "--type=strategic", "-p", patch])

    def cloud_config(self, spec: CcmSpec, key: AccessKey | None = None) -> Manifest:
        """The CCM's ConfigMap; it has credentials only where the configuration says config-map.

        Without an AccessKey these are placeholders, which `ccm.has_placeholders` finds.
        """
        values = ccm.cloud_config_values(spec, key)
        return reading.manifests([self._fill(_CLOUD_CONFIG, values, _identity("ConfigMap", values))])[0]

    def ccm(self, spec: CcmSpec, key: AccessKey | None = None) -> list[Manifest]:
        """All that the CCM needs, in the order of application, DaemonSet last.

        ConfigMap, Secret (for credentials in a Secret), ServiceAccount, ClusterRole, ClusterRoleBinding, DaemonSet.
        """
        secret = [self._secret(key)] if spec.credentials is CcmCredentials.SECRET else []
        manager = self._fill(_MANAGER, ccm.manager_values(spec), *_manager_identities())
        return [self.cloud_config(spec, key), *reading.manifests([*secret, manager])]

    def apps(self, apps: samples.SampleApps = samples.ENGLISH) -> list[Manifest]:
        """The guide's sample applications and Services."""
        return reading.manifests(
            [self._fill(name, values, _identity(kind, values)) for name, kind, values in samples.templates(apps)]
        )

    def _secret(self, key: AccessKey | None) -> Rendered:
        values = ccm.secret_values(key)
        return self._fill(_SECRET, values, _identity("Secret", values))

    def _fill(self, name: str, values: Mapping[str, object], *expected: Identity) -> Rendered:
        every = {**_COMMON, **values}
        text = self._templates.render(name, every)
        cast = self._moulds[name].cast(text, every) if name in self._moulds else None
        return Rendered(file=self._templates.file(name), text=text, expected=expected, cast=cast)


def _identity(kind: str, values: Mapping[str, object]) -> Identity:
    namespace = values.get("namespace")
    return Identity(kind=kind, name=str(values["name"]), namespace=None if namespace is None else str(namespace))


def _manager_identities() -> tuple[Identity, ...]:
    return (
        Identity(kind="ServiceAccount", name=ccm.NAME, namespace=ccm.NAMESPACE),
        Identity(kind="ClusterRole", name=ccm.CLUSTER_ROLE),
        Identity(kind="ClusterRoleBinding", name=ccm.CLUSTER_ROLE),
        Identity(kind="DaemonSet", name=ccm.NAME, namespace=ccm.NAMESPACE),
    )


def _pool_values(pool: DesiredPool) -> dict[str, object]:
    return {
        "name": pool.name,
        "node": pool.node,
        "nic": pool.nic,
        "ip_version": pool.family.value,
        "subnet": str(pool.subnet),
        "gateway": str(pool.gateway),
        "ips": addresses.collapse(pool.addresses),
        "eni_id": pool.eni_id,
        "instance_id": pool.instance_id,
        "vswitch_id": pool.vswitch_id,
        "multus_name": pool.multus_name,
        "default": pool.default,
    }


def _multus_values(multus: DesiredMultus) -> dict[str, object]:
    return {
        "name": multus.name,
        "namespace": multus.namespace,
        "nic": multus.nic,
        "coordinator": multus.coordinator or {},
    }
