"""What Kubernetes checks of a label selector's expressions (k8s.io/apimachinery, pkg/apis/meta/v1/validation)."""

from __future__ import annotations

from collections.abc import Iterator

from spidercli.sandbox.kube.errors import Cause
from spidercli.sandbox.kube.values import Object

_WITH_VALUES = ("In", "NotIn")
_WITHOUT_VALUES = ("Exists", "DoesNotExist")


def problems(selector: Object, where: str) -> Iterator[Cause]:
    """What is wrong with a selector's operators and the presence of their values."""
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        yield from _expression(expression, f"{where}.matchExpressions[{index}]")


def _expression(expression: Object, where: str) -> Iterator[Cause]:
    operator, values = expression["operator"], expression.get("values")
    if operator in _WITH_VALUES:
        if not values:
            yield Cause.required(f"{where}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in _WITHOUT_VALUES:
        if values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield Cause.forbidden(f"{where}.values", detail)
    else:
        yield Cause.invalid(f"{where}.operator", f'"{operator}"', "not a valid selector operator")
