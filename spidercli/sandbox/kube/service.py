"""The verbs of the API, from a request to its answer."""

from __future__ import annotations

import dataclasses
from http import HTTPStatus

from spidercli.sandbox.kube import decoding, errors, patching, queries, reading
from spidercli.sandbox.kube.pipeline import Options, Outcome
from spidercli.sandbox.kube.reading import ListOptions, Page
from spidercli.sandbox.kube.requests import Answer, Request
from spidercli.sandbox.kube.routing import Target
from spidercli.sandbox.kube.store import Store
from spidercli.sandbox.kube.values import Clock, Object, key_of
from spidercli.sandbox.kube.views import View
from spidercli.sandbox.kube.watching import Watch
from spidercli.sandbox.kube.writing import Writing

_LONGEST_AGENT = 128


class Service:
    """Answers the requests that are about resources; the caller holds the lock."""

    def __init__(self, store: Store, writing: Writing, clock: Clock) -> None:
        self._store = store
        self._writing = writing
        self._clock = clock

    def answer(self, target: Target, request: Request, *, short: bool = False) -> Answer | Watch:
        """Carry out a request; the pages of a list may be shorter than asked for.

        Raises:
            ApiError: the refusal.
        """
        view = View.of(request, target.resource, self._clock)
        match target.verb:
            case "get":
                return Answer(body=view.object(reading.get(self._store, target.resource, target.key)))
            case "list":
                options = dataclasses.replace(_list_options(target, request), short=short)
                return Answer(body=view.page(reading.page(self._store, target.resource, options)))
            case "watch":
                return Watch(self._store, target.resource, _list_options(target, request), view, request)
            case "delete":
                return self._delete(target, request, view)
            case "deletecollection":
                return self._delete_collection(target, request, view)
            case _:
                return self._write(target, request, view)

    def _write(self, target: Target, request: Request, view: View) -> Answer:
        outcome = self._outcome(target, request)
        status = HTTPStatus.CREATED if outcome.created else HTTPStatus.OK
        return Answer(body=view.object(outcome.object), status=status, warnings=outcome.warnings)

    def _outcome(self, target: Target, request: Request) -> Outcome:
        if target.verb == "patch":
            return self._patch(target, request)
        if target.verb == "update":
            _check_named(target)
        queries.check_write(request, "CreateOptions" if target.verb == "create" else "UpdateOptions")
        options = _options(target, request)
        content_type = decoding.body_type(request.content_type, decoding.OBJECTS)
        manifest = decoding.decode_object(request.body, content_type, target.resource, strict=options.strict)
        if target.verb == "create":
            return self._writing.create(target.resource, target.namespace, manifest, options)
        return self._writing.replace(target.resource, target.key, manifest, options)

    def _patch(self, target: Target, request: Request) -> Outcome:
        content_type = decoding.body_type(request.content_type, decoding.accepted_patches(target.resource))
        _check_named(target)
        queries.check_write(request, "PatchOptions", is_apply=content_type == decoding.APPLY)
        options = _options(target, request)
        if content_type == decoding.APPLY:
            config = decoding.decode_configuration(request.body, target.resource, strict=options.strict)
            return self._writing.apply(target.resource, target.key, config, options)
        transform = patching.transform(target.resource, content_type, decoding.decode_patch(request.body))
        return self._writing.patch(target.resource, target.key, transform, options)

    def _delete(self, target: Target, request: Request, view: View) -> Answer:
        options = queries.delete_options(request)
        last = self._writing.delete(
            target.resource,
            target.key,
            options.get("preconditions") or {},
            dry_run=_is_dry(options),
        )
        if last["metadata"].get("deletionTimestamp"):
            return Answer(body=view.object(last))
        return Answer(body=_deleted(target, last))

    def _delete_collection(self, target: Target, request: Request, view: View) -> Answer:
        options = queries.delete_options(request)
        chosen = reading.page(self._store, target.resource, _list_options(target, request))
        dry_run = _is_dry(options)
        items = [
            self._writing.delete(target.resource, key_of(manifest), {}, dry_run=dry_run) for manifest in chosen.items
        ]
        return Answer(body=view.page(Page(items=items, metadata={"resourceVersion": str(self._store.revision)})))


def _options(target: Target, request: Request) -> Options:
    query = request.query
    return Options(
        manager=(query.get("fieldManager") or request.user_agent.partition("/")[0] or "unknown")[:_LONGEST_AGENT],
        dry_run=request.dry_run,
        validation=query.get("fieldValidation") or "Warn",
        subresource=target.subresource,
        force=query.get("force", "").lower() in ("1", "true"),
    )


def _list_options(target: Target, request: Request) -> ListOptions:
    queries.check_list(request)
    query = request.query
    options = ListOptions(
        namespace=target.namespace,
        label_selector=query.get("labelSelector", ""),
        field_selector=query.get("fieldSelector", ""),
        limit=_number(query.get("limit", "")),
        continue_token=query.get("continue", ""),
        resource_version=query.get("resourceVersion", ""),
        version_match=query.get("resourceVersionMatch", ""),
    )
    return dataclasses.replace(options, field_selector=f"metadata.name={target.name}") if target.name else options


def _number(text: str) -> int:
    try:
        return int(text or "0")
    except ValueError as error:
        raise errors.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error


def _check_named(target: Target) -> None:
    """The handler of custom resources takes these methods for a collection, too, but can't do anything with it."""
    if not target.name:
        raise errors.bad_request("name must be provided")


def _is_dry(options: Object) -> bool:
    return "All" in (options.get("dryRun") or ())


def _deleted(target: Target, last: Object) -> Object:
    resource = target.resource
    details = {"name": target.name, "kind": resource.plural, "uid": last["metadata"]["uid"]}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details | ({"group": resource.group} if resource.group else {}),
    }
