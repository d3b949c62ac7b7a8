"""Rendered text back into manifests, checked to be the ones that were asked for."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence

from spidercli import kinds, yamltext
from spidercli.errors import TemplateInvalid
from spidercli.model import Manifest
from spidercli.planning.plan import describe


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identity:
    """What an object of a template has to be."""

    kind: str
    name: str
    namespace: str | None = None

    def __str__(self) -> str:
        """The object as messages name it: KIND NAMESPACE/NAME."""
        return describe(self.kind, self.name, self.namespace)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rendered:
    """The text that a template gave, and the objects that it should hold, in this order."""

    file: str
    text: str
    expected: tuple[Identity, ...]
    cast: Manifest | None = None  # the text's one object, where it is known without parsing


def manifests(rendered: Sequence[Rendered]) -> list[Manifest]:
    """The objects of all texts, in order; one pass of the parser where all is well.

    Raises:
        TemplateInvalid: names the template, and the object whose text is wrong.
    """
    expected = [identity for piece in rendered for identity in piece.expected]
    try:
        found = list(_together(rendered))
    except yamltext.YamlInvalid:
        return _one_by_one(rendered)
    if len(found) != len(expected) or any(map(_problem, found, expected)):
        return _one_by_one(rendered)
    return found


def patch(rendered: Rendered) -> Manifest:
    """The one mapping of a text that is no whole object.

    Raises:
        TemplateInvalid: the text is not YAML or not one mapping.
    """
    found = _parsed(rendered)
    if len(found) != 1 or not isinstance(found[0], dict):
        raise TemplateInvalid(f"{rendered.file}: one mapping is expected")
    return found[0]


def _together(rendered: Sequence[Rendered]) -> Iterator[Manifest]:
    """The objects of all texts, with one pass of the parser where it is needed; too many or too few if one is odd."""
    parsed = iter(_documents("\n---\n".join(piece.text for piece in rendered if piece.cast is None)))
    for piece in rendered:
        yield from itertools.islice(parsed, len(piece.expected)) if piece.cast is None else [piece.cast]
    yield from parsed


def _one_by_one(rendered: Iterable[Rendered]) -> list[Manifest]:
    return [manifest for piece in rendered for manifest in _checked(piece)]


def _checked(piece: Rendered) -> list[Manifest]:
    found = _parsed(piece)
    if len(found) != len(piece.expected):
        wanted = ", ".join(map(str, piece.expected))
        raise TemplateInvalid(f"{piece.file}: gives {len(found)} objects instead of {len(piece.expected)} ({wanted})")
    for manifest, identity in zip(found, piece.expected, strict=True):
        problem = _problem(manifest, identity)
        if problem:
            raise TemplateInvalid(f"{piece.file}: {problem}")
    return found


def _parsed(piece: Rendered) -> list[Manifest]:
    if piece.cast is not None:
        return [piece.cast]
    try:
        return _documents(piece.text)
    except yamltext.YamlInvalid as error:
        whose = f" for {piece.expected[0]}" if piece.expected else ""
        raise TemplateInvalid(
            f"{piece.file}: does not give YAML{whose}: {error.problem} (line {error.line} of the result)"
        ) from error


def _documents(text: str) -> list[Manifest]:
    """The documents of a text; an empty one is what a `---` too many leaves."""
    return [document for document in yamltext.load_all(text) if document is not None]


def _problem(manifest: object, identity: Identity) -> str | None:
    """What keeps a manifest from being the object that was asked for."""
    if not isinstance(manifest, dict) or not isinstance(manifest.get("metadata"), dict):
        return f"gives no object with metadata for {identity}"
    found = Identity(kind=str(manifest.get("kind")), name=kinds.name(manifest), namespace=kinds.namespace(manifest))
    if found != identity:
        return f"gives {found} instead of {identity}"
    if not isinstance(manifest.get("apiVersion"), str) or not isinstance(manifest.get("spec", {}), dict):
        return f"gives {identity} without an apiVersion, or with a spec that is no mapping"
    if not isinstance(manifest["metadata"].get("labels"), dict) or not kinds.is_ours(manifest):
        return f"{identity} lacks the label {kinds.MANAGED_BY}: {kinds.FIELD_MANAGER}, without which it is not ours"
    return None
