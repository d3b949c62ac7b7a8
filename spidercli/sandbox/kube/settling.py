"""Objects on their way from JSON into the form in which Go holds them, and the refusal of those that do not fit."""

from __future__ import annotations

import json
from http import HTTPStatus

from spidercli.sandbox.kube import decoding, errors, gotypes
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.resources import Resource
from spidercli.sandbox.kube.values import Object


def sent(resource: Resource, manifest: Object) -> Object:
    """A whole object that a client sent, in Go's form.

    Raises:
        ApiError: 400.
    """
    try:
        gotypes.settle(resource, manifest)
    except errors.Undecodable as problem:
        raise errors.undecodable(resource, problem) from problem
    return manifest


def patched(resource: Resource, manifest: Object) -> Object:
    """The result of a patch, in Go's form; what does not fit its type is the patch's fault.

    Raises:
        ApiError: 422.
    """
    text = json.dumps(manifest, separators=(",", ":"), sort_keys=True)
    try:
        decoding.complete(resource, manifest, text)
        gotypes.settle(resource, manifest)
    except errors.Undecodable as problem:
        cause = Cause.invalid("patch", json.dumps(text), str(problem))
        raise errors.invalid_kind("", "", "", [cause]) from problem
    if resource.custom:
        decoding.check_custom_kind(resource, manifest)
    return manifest


def applied(resource: Resource, manifest: Object) -> Object:
    """The result of an apply, in Go's form.

    Raises:
        ApiError: 500, as on the real server: its apply knows the schema, but not all that Go's types are.
    """
    try:
        gotypes.settle(resource, manifest)
    except errors.Undecodable as problem:
        kind = go_kind(resource)
        where = f"{manifest['metadata'].get('namespace', '')}/{manifest['metadata'].get('name', '')}; {kind}"
        message = (
            f"failed to convert new object ({where}) to proper version: unable to convert unstructured object to "
            f"{kind}: {problem}"
        )
        raise errors.ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "", message) from problem
    return manifest


def go_kind(resource: Resource) -> str:
    """A group, version and kind as Go prints them."""
    return f"{resource.group}/{resource.version}, Kind={resource.kind}"
