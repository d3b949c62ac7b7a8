"""What examples/permissions grants, and what requests ask for, in the words of RBAC and RAM."""

from __future__ import annotations

import dataclasses
import itertools
import json
import pathlib
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import yaml

from spidercli.sandbox.kube.requests import Recorded

FOLDER = pathlib.Path(__file__).parents[3] / "examples" / "permissions"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
READ = "read.yaml"
SYNC = "sync/"
_ROW = re.compile(r"^\| `(?P<command>[^`]+)` \|(?P<cells>.*)\|$", re.MULTILINE)
_YES = "yes"
_PATH = re.compile(
    r"/apis?(/(?P<group>[^/]+\.[^/]+))?/v[^/]+(/namespaces/(?P<namespace>[^/]+))?/(?P<resource>[^/]+)(/(?P<name>[^/]+))?"
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ask:
    """What an API server asks RBAC about a request."""

    verb: str
    group: str
    resource: str
    namespace: str  # "" for all of them, and for what has none
    name: str  # "" for a collection


@dataclasses.dataclass(frozen=True, kw_only=True)
class Grant:
    """One verb on one resource, or on one object, and to whom it is granted."""

    file: str
    account: str
    verb: str
    group: str
    resource: str
    namespace: str  # "" for everywhere
    name: str  # "" for any

    def allows(self, ask: Ask) -> bool:
        """Whether RBAC would say yes because of it."""
        same = (self.verb, self.group, self.resource) == (ask.verb, ask.group, ask.resource)
        return same and self.namespace in ("", ask.namespace) and self.name in ("", ask.name)


def grants() -> list[Grant]:
    """Everything that the manifests grant, file by file, by way of their bindings."""
    return [grant for path in sorted(FOLDER.rglob("*.yaml")) for grant in _of_file(path)]


def actions() -> list[str]:
    """The actions of the RAM policy."""
    policy = json.loads((FOLDER / "ram-policy.json").read_text(encoding="utf-8"))
    return [action for statement in policy["Statement"] for action in statement["Action"]]


def needed() -> dict[str, set[str]]:
    """The files that a command which writes needs, by the README's table."""
    head = next(line for line in README.splitlines() if line.startswith("| command |"))
    files = re.findall(r"`(\S+\.yaml)`", head)
    table = README.partition(head)[2].partition("\n\n")[0]
    rows = {found["command"]: found["cells"].split("|") for found in _ROW.finditer(table)}
    return {
        command: {f"{SYNC}{file}" for file, cell in zip(files, cells, strict=True) if cell.strip() == _YES}
        for command, cells in rows.items()
    }


def asks(request: Recorded) -> Iterator[Ask]:
    """What is asked about a request; the apply that creates an object is a patch and a create."""
    found = _PATH.fullmatch(request.path)
    if found and request.plural:
        verbs = [request.verb, "create"] if _creates(request) else [request.verb]
        where = {key: value or "" for key, value in found.groupdict().items()}
        yield from (Ask(verb=verb, **where) for verb in verbs)


def _creates(request: Recorded) -> bool:
    return request.verb == "patch" and request.status == HTTPStatus.CREATED


def _of_file(path: pathlib.Path) -> Iterator[Grant]:
    found = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    roles = {_key(each["kind"], each["metadata"]): each for each in found if each["kind"].endswith("Role")}
    for binding in found:
        if binding["kind"].endswith("Binding"):
            namespace = binding["metadata"].get("namespace", "")
            role = roles[binding["roleRef"]["kind"], namespace, binding["roleRef"]["name"]]
            for subject, rule in itertools.product(binding["subjects"], role["rules"]):
                yield from _of_rule(rule, path.relative_to(FOLDER).as_posix(), subject["name"], namespace)


def _of_rule(rule: Mapping[str, list[str]], file: str, account: str, namespace: str) -> Iterator[Grant]:
    names = rule.get("resourceNames", [""])
    for group, resource, verb, name in itertools.product(rule["apiGroups"], rule["resources"], rule["verbs"], names):
        yield Grant(
            file=file, account=account, verb=verb, group=group, resource=resource, namespace=namespace, name=name
        )


def _key(kind: str, metadata: Mapping[str, str]) -> tuple[str, str, str]:
    return kind, metadata.get("namespace", ""), metadata["name"]
