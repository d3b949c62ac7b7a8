"""The options of requests, and what the server refuses in them (k8s.io/apimachinery, meta/v1/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spidercli.sandbox.kube import decoding, errors, gotypes
from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.requests import Request
from spidercli.sandbox.kube.values import Object

_LONGEST_MANAGER = 128
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_MATCHES = ("Exact", "NotOlderThan", "")
_PROPAGATIONS = ("Foreground", "Background", "Orphan", "nil")
_DELETE_FIELDS = (
    ("dryRun", list, "[]string"),
    ("preconditions", dict, "v1.Preconditions"),
    ("propagationPolicy", str, "v1.DeletionPropagation"),
)


def check_write(request: Request, kind: str, *, is_apply: bool = False) -> None:
    """Refuse options of a create, update or patch that make no sense; `kind` is CreateOptions or the like.

    Raises:
        ApiError: 422.
    """
    _refuse(kind, [*_manager(request, kind, is_apply=is_apply), *_dry_run(request), *_validation(request)])


def _refuse(kind: str, found: Sequence[Cause]) -> None:
    if found:
        raise errors.invalid_kind("meta.k8s.io", kind, "", found)


def _manager(request: Request, kind: str, *, is_apply: bool) -> Iterator[Cause]:
    manager = request.query.get("fieldManager", "")
    if is_apply and not manager:
        yield Cause.required("fieldManager", "is required for apply patch")
    if kind == "PatchOptions" and not is_apply and "force" in request.query:
        yield Cause.forbidden("force", "may not be specified for non-apply patch")
    if len(manager.encode()) > _LONGEST_MANAGER:
        problem = f"Too long: may not be more than {_LONGEST_MANAGER} bytes"
        yield Cause("fieldManager", "FieldValueTooLong", problem)
    for position, sign in enumerate(manager):
        if not sign.isprintable():
            problem = f"invalid character U+{ord(sign):04X} (at position {position})"
            yield Cause.invalid("fieldManager", f'"{manager.encode("unicode_escape").decode()}"', problem)


def _dry_run(request: Request) -> Iterator[Cause]:
    if "dryRun" in request.query:
        yield from _dry_runs([request.query["dryRun"]])


def _dry_runs(values: Sequence[str]) -> Iterator[Cause]:
    if any(value != "All" for value in values):
        shown = ",".join(f'"{value}"' for value in values)
        yield Cause.unsupported("dryRun", f"[{shown}]", ["All"])


def _validation(request: Request) -> Iterator[Cause]:
    value = request.query.get("fieldValidation", "")
    if value not in _VALIDATIONS:
        yield Cause.unsupported("fieldValidation", f'"{value}"', _VALIDATIONS)


def delete_options(request: Request) -> Object:
    """The options of a deletion: those of the body if there is one, else those of the query.

    Raises:
        ApiError: 400 for a body that can't be read, 422 for options that make no sense.
    """
    if request.body.strip():
        options = decoding.decode_options(request.body, request.content_type)
    else:
        options = {"dryRun": [request.query["dryRun"]]} if "dryRun" in request.query else {}
    for field, kind, go_type in _DELETE_FIELDS:
        value = options.get(field)
        if value is not None and not isinstance(value, kind):
            raise errors.bad_request(gotypes.mismatch(value, f"struct field DeleteOptions.{field} of type {go_type}"))
    _refuse("DeleteOptions", [*_dry_runs(options.get("dryRun") or ()), *_propagation(options)])
    return options


def _propagation(options: Object) -> Iterator[Cause]:
    policy = options.get("propagationPolicy")
    if policy is not None and policy not in _PROPAGATIONS[:-1]:
        yield Cause.unsupported("propagationPolicy", f'"{policy}"', _PROPAGATIONS)


def check_list(request: Request) -> None:
    """Refuse options of a list or watch that make no sense.

    Raises:
        ApiError: 422.
    """
    check = _watched if request.wants_watch else _listed
    match = request.query.get("resourceVersionMatch", "")
    _refuse("ListOptions", [*check(request, match)])


def _listed(request: Request, match: str) -> Iterator[Cause]:
    revision = request.query.get("resourceVersion", "")
    if "sendInitialEvents" in request.query:
        yield Cause.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")
    if match and not revision:
        why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        yield Cause.forbidden("resourceVersionMatch", why)
    if match not in _MATCHES:
        yield Cause.unsupported("resourceVersionMatch", f'"{match}"', _MATCHES)
    elif match == "Exact" and revision == "0":
        why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
        yield Cause.forbidden("resourceVersionMatch", why)


def _watched(request: Request, match: str) -> Iterator[Cause]:
    field, streams = "resourceVersionMatch", "sendInitialEvents" in request.query
    if match and not streams:
        yield Cause.forbidden(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
    if match and match != "NotOlderThan":
        yield Cause.unsupported(field, f'"{match}"', ["NotOlderThan"])
    elif streams and not match:
        yield Cause.forbidden(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
