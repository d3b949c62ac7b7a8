"""The kinds that the server serves: the built-in ones, and those that a CustomResourceDefinition adds."""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
from collections.abc import Iterator
from typing import Any, cast

import jsonschema_rs
import yaml

from spidercli.sandbox.kube import structural
from spidercli.sandbox.kube.values import Object

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
CRD_KIND = "CustomResourceDefinition"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table, filled by a JSONPath."""

    name: str
    type: str
    path: str
    priority: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """A kind in one version, and everything that its requests depend on."""

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    schema: Object = dataclasses.field(default_factory=dict)  # OpenAPI v3, for built-in kinds only in part
    columns: tuple[Column, ...] = ()  # of a custom resource; printers.py has those of built-in kinds
    custom: bool = False
    counts_generation: bool = True
    needs_version: bool = False  # PUT without a resourceVersion is refused
    initial_status: Object | None = None
    keeps_status: bool = False  # a create may carry a status: nodes register with theirs
    created_by_update: bool = False  # PUT of a missing object creates it
    goes_one_by_one: bool = False  # a collection can't be deleted

    @property
    def api_version(self) -> str:
        """GROUP/VERSION, or VERSION alone in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """PLURAL.GROUP, as messages name the resource; also its identity across versions."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def verbs(self) -> tuple[str, ...]:
        """What can be done with the resource, in the words of RBAC."""
        return tuple(verb for verb in VERBS if verb != "deletecollection" or not self.goes_one_by_one)

    @property
    def has_status(self) -> bool:
        """Whether the status is written through its own subresource only."""
        return "status" in self.subresources

    @functools.cached_property
    def validator(self) -> jsonschema_rs.Validator:
        """The compiled schema."""
        return jsonschema_rs.validator_for(structural.to_json_schema(self.schema))


class Registry:
    """Which resource a path means."""

    def __init__(self) -> None:
        self._by_path = {(each.api_version, each.plural): each for each in _builtins()}
        self.revision = 0  # counts definitions, so that clients see that something changed

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._by_path.values())

    def find(self, api_version: str, plural: str) -> Resource | None:
        """The resource of a group version with that plural name."""
        return self._by_path.get((api_version, plural))

    def of(self, manifest: Object) -> Resource:
        """The resource that a manifest belongs to.

        Raises:
            LookupError: there is no such kind.
        """
        for each in self:
            if (each.api_version, each.kind) == (manifest["apiVersion"], manifest["kind"]):
                return each
        raise LookupError(f"no kind {manifest['kind']} in {manifest['apiVersion']}")

    def is_builtin(self, group: str) -> bool:
        """Whether a group is the server's own, and not that of custom resources."""
        return any(each.group == group and not each.custom for each in self)

    def versions(self) -> dict[str, list[str]]:
        """The group versions of every group, in order of registration."""
        found: dict[str, list[str]] = {}
        for each in self:
            versions = found.setdefault(each.group, [])
            if each.api_version not in versions:
                versions.append(each.api_version)
        return found

    def define(self, crd: Object) -> None:
        """Serve what a CustomResourceDefinition describes, instead of what it described before."""
        self.forget(crd)
        self.revision += 1
        for resource in _custom(crd["spec"]):
            self._by_path[resource.api_version, resource.plural] = resource

    def forget(self, crd: Object) -> None:
        """Stop serving a CustomResourceDefinition's kind."""
        for resource in self.of_crd(crd):
            del self._by_path[resource.api_version, resource.plural]

    def of_crd(self, crd: Object) -> list[Resource]:
        """The resources that a CustomResourceDefinition stands behind."""
        return [each for each in self if each.custom and each.qualified == crd["metadata"]["name"]]


def _custom(spec: Object) -> Iterator[Resource]:
    names = spec["names"]
    for version in spec["versions"]:
        if version.get("served"):
            yield Resource(
                group=spec["group"],
                version=version["name"],
                kind=names["kind"],
                plural=names["plural"],
                singular=names.get("singular") or names["kind"].lower(),
                namespaced=spec["scope"] == "Namespaced",
                short_names=tuple(names.get("shortNames") or ()),
                categories=tuple(names.get("categories") or ()),
                subresources=tuple(version.get("subresources") or ()),
                schema=version["schema"]["openAPIV3Schema"],
                columns=tuple(map(_column, version.get("additionalPrinterColumns") or ())),
                custom=True,
                needs_version=True,
            )


def _column(column: Object) -> Column:
    return Column(name=column["name"], type=column["type"], path=column["jsonPath"], priority=column.get("priority", 0))


@functools.cache
def _builtins() -> tuple[Resource, ...]:
    document = _read("builtins.yaml")
    return tuple(_builtin(entry, document["schemas"]) for entry in document["kinds"])


def _builtin(entry: Object, schemas: dict[str, Object]) -> Resource:
    group, _, version = entry["apiVersion"].rpartition("/")
    return Resource(
        group=group,
        version=version,
        kind=entry["kind"],
        plural=entry["plural"],
        singular=entry["kind"].lower(),
        namespaced=entry.get("namespaced", False),
        short_names=tuple(entry.get("shortNames", ())),
        categories=tuple(entry.get("categories", ())),
        subresources=tuple(entry.get("subresources", ())),
        schema=structural.opened(schemas.get(entry["kind"], schemas["default"])) | {structural.GO_STRUCT: True},
        counts_generation=entry.get("generation", False),
        needs_version=entry.get("needsVersion", False),
        initial_status=entry.get("initialStatus"),
        keeps_status=entry.get("keepsStatus", False),
        created_by_update=entry.get("createdByUpdate", False),
        goes_one_by_one=entry.get("goesOneByOne", False),
    )


@functools.cache  # parsing takes longer than all the rest of a server's start; who changes an object clones it
def _read(name: str) -> Any:
    text = importlib.resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)


def spiderpool_definitions() -> list[Object]:
    """The CustomResourceDefinitions that an installation of Spiderpool brings."""
    folder = importlib.resources.files(__package__).joinpath("crds")
    return [cast("Object", _read(f"crds/{file.name}")) for file in sorted(folder.iterdir(), key=lambda each: each.name)]
