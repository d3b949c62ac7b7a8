"""The reading verbs: get and list, with pages of one consistent reading."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Sequence
from http import HTTPStatus

from spidercli.sandbox.kube import errors, selectors
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.store import HistoryLost, Store
from spidercli.sandbox.kube.values import Key, Object, key_of

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)
_SYNTAX = "invalid syntax"
_LATEST = -1  # the revision of a token that goes on where an expired one stopped


@dataclasses.dataclass(frozen=True, kw_only=True)
class ListOptions:
    """Which objects a list or watch wants, in the API's own words."""

    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    version_match: str = ""  # resourceVersionMatch: Exact or NotOlderThan
    short: bool = False  # pages are to be shorter than asked for: of one item and of none by turns


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """A list, or a part of it."""

    items: list[Object]
    metadata: Object


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Start:
    """Where a page begins: the revision that the whole list shows, and the last key of the page before."""

    revision: int
    after: Key | None = None
    empty: bool = False  # whether the page before was empty

    @property
    def short_size(self) -> int:
        """How many items a short page has: one at the beginning and after an empty one."""
        return 1 if self.empty or self.after is None else 0

    def next(self, shown: Sequence[Object]) -> _Start:
        """Where the page after these items begins."""
        last = key_of(shown[-1]) if shown else self.after
        return _Start(revision=self.revision, after=last, empty=not shown)

    def __str__(self) -> str:
        content: dict[str, object] = {"v": "meta.k8s.io/v1", "rv": self.revision, "start": self.after}
        text = json.dumps(content | ({"empty": True} if self.empty else {}))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def get(store: Store, resource: Resource, key: Key) -> Object:
    """One object.

    Raises:
        ApiError: 404.
    """
    found = store.get(resource, key)
    if found is None:
        raise errors.not_found(resource, key[1])
    return found


def page(store: Store, resource: Resource, options: ListOptions) -> Page:
    """A page of the objects that the options select, by namespace and name.

    Raises:
        ApiError: 410 for a revision that is forgotten, 400 for options that can't be understood.
    """
    start = _start(store, options)
    chosen = _after(selected(_reading(store, resource, start), resource, options), start.after)
    metadata: Object = {"resourceVersion": str(start.revision)}
    size = start.short_size if options.short else options.limit
    if len(chosen) <= size or options.limit <= 0:
        return Page(items=chosen, metadata=metadata)
    shown = chosen[:size]
    metadata["continue"] = str(start.next(shown))
    if not (options.label_selector or options.field_selector):
        metadata["remainingItemCount"] = len(chosen) - size
    return Page(items=shown, metadata=metadata)


def too_old(store: Store, token: str) -> errors.ApiError:
    """The answer to a continue token whose revision is forgotten; it brings one to go on from there.

    Raises:
        ApiError: 400, it is no token.
    """
    return _too_old(_parse(store, token))


def _too_old(start: _Start) -> errors.ApiError:
    return errors.expired(_TOO_OLD, continue_token=str(dataclasses.replace(start, revision=_LATEST)))


def selected(objects: Sequence[Object], resource: Resource, options: ListOptions) -> list[Object]:
    """The objects that namespace and selectors let through."""
    matches = selectors.matcher(resource, options.label_selector, options.field_selector)
    if options.namespace and resource.namespaced:
        objects = [each for each in objects if each["metadata"].get("namespace") == options.namespace]
    return [each for each in objects if matches(each)] if matches else list(objects)


def _start(store: Store, options: ListOptions) -> _Start:
    if options.continue_token:
        if options.resource_version not in ("", "0"):
            raise errors.bad_request("specifying resource version is not allowed when using continue")
        return _parse(store, options.continue_token)
    try:
        wanted = version(options.resource_version)
    except ValueError as error:
        raise errors.bad_request(f"invalid resource version: {error}") from error
    if wanted > store.revision:
        message = f"Timeout: Too large resource version: {wanted}, current: {store.revision}"
        raise errors.ApiError(HTTPStatus.GATEWAY_TIMEOUT, "Timeout", message, retry_after=1)
    exact = wanted and (options.version_match == "Exact" or (options.limit and not options.version_match))
    return _Start(revision=wanted if exact else store.revision)


def version(text: str) -> int:
    """A resourceVersion as a number, 0 if there is none.

    Raises:
        ValueError: it is something else; the message is the server's.
    """
    if text and not text.isdecimal():
        raise ValueError(f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": {_SYNTAX}')
    return int(text or "0")


def _reading(store: Store, resource: Resource, start: _Start) -> list[Object]:
    if start.revision == store.revision:
        return store.all(resource)
    try:
        return store.at(resource, start.revision)
    except HistoryLost as error:
        if start.after is None:
            raise errors.expired("The resourceVersion for the provided list is too old.") from error
        raise _too_old(start) from error


def _after(objects: list[Object], last: Key | None) -> list[Object]:
    return objects if last is None else [each for each in objects if key_of(each) > last]


def _parse(store: Store, token: str) -> _Start:
    try:
        content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        revision, (namespace, name) = int(content["rv"]), content["start"]
    except (ValueError, KeyError, TypeError) as error:
        raise errors.bad_request("invalid continue token: continue key is not valid") from error
    now = store.revision if revision == _LATEST else revision
    return _Start(revision=now, after=(namespace, name), empty="empty" in content)
