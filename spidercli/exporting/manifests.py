"""Manifests as files: which there are, and what they are called."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from spidercli import desired, kinds, yamltext
from spidercli.config.schema import CcmCredentials
from spidercli.errors import ConfigInvalid, UsageProblem
from spidercli.model import Manifest
from spidercli.planning import guards
from spidercli.rendering import ccm, plain
from spidercli.session import Session

PATCH = ".patch"
"""How the files of providerIDs end, each called after its node."""

_LONGEST = 255  # bytes of a file's name, on Linux and elsewhere; an object's may have 253, and the suffix comes on top


@dataclasses.dataclass(frozen=True, kw_only=True)
class File:
    """One file of an export."""

    part: str
    path: str  # in the export's folder
    text: str
    secret: bool = False

    @property
    def content(self) -> str:
        """The text as it is written, with a first line that tells later exports whose file it is."""
        return self.text if self.text.startswith("#!") else header(self.part) + self.text


def header(part: str) -> str:
    """The first line of a part's files."""
    return f"# Written by `spidercli export --only {part}`; changes by hand are overwritten by the next one.\n"


def files(session: Session, parts: Sequence[str], *, with_secrets: bool = False) -> list[File]:
    """The files of the wanted parts, in the order in which they should be applied.

    Raises:
        SpiderError: the facts are empty or contradict each other, or a template can't be used.
    """
    makers: dict[str, Callable[[], Iterable[File]]] = {
        "multus": lambda: _objects("multus", session, session.objects.multus_configs()),
        "pools": lambda: _objects("pools", session, session.objects.pools),
        "provider-id": lambda: _provider_ids(session),
        "ccm": lambda: _ccm(session, with_secrets=with_secrets),
        "apps": lambda: _objects("apps", session, _apps(session)),
    }
    if set(parts) - {"ccm"}:
        guards.check_not_empty(session.facts.inventory)
    return list(itertools.chain.from_iterable(makers[part]() for part in makers if part in parts))


def stream(found: Iterable[File]) -> str:
    """All files as one stream: YAML for `kubectl apply -f -`, or the shell script that sets providerIDs.

    Raises:
        UsageProblem: it would have to be both.
    """
    texts = {suffix: [file.text for file in found if file.path.endswith(suffix)] for suffix in (".yaml", ".sh")}
    if all(texts.values()):
        raise UsageProblem(
            "provider-id is a shell script and everything else is YAML: they can't share one stream",
            hint="use --out DIR, or --only provider-id alone",
        )
    return "---\n".join(texts[".yaml"]) + "".join(texts[".sh"])


def manifests(found: Sequence[File]) -> list[Manifest]:
    """The objects of an export, for a program.

    Raises:
        UsageProblem: not all of it is objects.
    """
    if any(file.part == "provider-id" for file in found):
        raise UsageProblem("provider-id is a shell script and patches: -o json and -o name tell of objects only")
    return [manifest for file in found for manifest in yamltext.load_all(file.text)]


def names(found: Iterable[Manifest]) -> Iterator[str]:
    """kind/name of each object, as kubectl prints names."""
    return (f"{str(manifest['kind']).lower()}/{kinds.name(manifest)}" for manifest in found)


def _objects(part: str, session: Session, manifests: Iterable[Manifest], *, secret: bool = False) -> Iterator[File]:
    for manifest in manifests:
        shown = plain.plain(manifest) if session.config.export.plain else manifest
        path = f"{str(manifest['kind']).lower()}/{_file_name(kinds.name(manifest), '.yaml')}"
        yield File(part=part, path=path, text=yamltext.dump_all([shown]), secret=secret)


def _provider_ids(session: Session) -> Iterator[File]:
    """A patch for each node, and the kubectl lines that apply them."""
    nodes = session.facts.inventory.nodes
    for node in nodes:
        text = yamltext.dump_all([session.objects.renderer.provider_id(node)])
        yield File(part="provider-id", path=f"provider-id/{_file_name(node.name, PATCH)}", text=text)
    lines = [session.objects.renderer.provider_id_command(node) for node in nodes]
    script = "#!/bin/sh\nset -eu\n" + "".join(f"{line}\n" for line in lines)
    yield File(part="provider-id", path="provider-id/apply.sh", text=script)


def _ccm(session: Session, *, with_secrets: bool) -> Iterator[File]:
    yield from _objects("ccm", session, ccm_manifests(session, with_secrets=with_secrets), secret=with_secrets)


def ccm_manifests(session: Session, *, with_secrets: bool = False) -> list[Manifest]:
    """The Cloud Controller Manager's objects, with a warning where they have credentials, or lack some.

    Raises:
        ConfigInvalid: the configuration does not fit together, or the credentials are temporary ones.
    """
    spec = desired.ccm_spec(session.config.ccm)
    with_key = with_secrets and spec.credentials is not CcmCredentials.RAM_ROLE
    manifests = session.objects.renderer.ccm(spec, _access_key(session) if with_key else None)
    if any(ccm.has_placeholders(manifest) for manifest in manifests):
        session.output.warn("credentials are placeholders; --with-secrets fills them in")
    elif with_key:
        session.output.warn("the manifests have credentials: keep them out of Git and of logs")
    return manifests


def _access_key(session: Session) -> desired.AccessKey:
    from spidercli.gateways.alibaba import credentials

    keys = credentials.resolve(session.environ, session.config.profile).get()
    if keys.security_token:
        raise ConfigInvalid(
            "the credentials in force are temporary, and the Cloud Controller Manager would fail once they expire",
            hint="use ccm.credentials: ram-role, or a profile with a permanent AccessKey",
        )
    return desired.AccessKey(key_id=keys.access_key_id, secret=keys.access_key_secret)


def _apps(session: Session) -> list[Manifest]:
    from spidercli.rendering import samples

    networks = desired.multus_configs(session.facts.inventory, session.config)
    return session.objects.renderer.apps(samples.on_networks(samples.ENGLISH, networks))


def _file_name(name: str, suffix: str) -> str:
    """An object's name as that of a file; of one that is too long, the beginning and what tells it from others."""
    if len(name + suffix) <= _LONGEST:
        return name + suffix
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: _LONGEST - len(digest) - len(suffix) - 1]}-{digest}{suffix}"
