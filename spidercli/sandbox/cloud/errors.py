"""Errors of Alibaba Cloud's APIs, with the codes and HTTP statuses of their error tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class ApiError(Exception):
    """An error answer: an HTTP status, a code and a message."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] = NO_HEADERS) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


def missing(parameter: str) -> ApiError:
    """A mandatory parameter is absent."""
    return ApiError(
        400,
        "MissingParameter",
        f'The input parameter "{parameter}" that is mandatory for processing this request is not supplied.',
    )


def invalid(parameter: str, problem: str) -> ApiError:
    """A parameter has a value that is not allowed."""
    return ApiError(400, "InvalidParameter", f'The specified parameter "{parameter}" is not valid: {problem}.')


def conflicting(*parameters: str) -> ApiError:
    """Parameters that exclude one another came together."""
    names = ", ".join(parameters)
    return ApiError(400, "InvalidParameter.Conflict", f"Specify only one of the parameters {names}.")


def not_found(noun: str, value: str) -> ApiError:
    """Nothing has this id; `noun` is the API's word, for example EniId."""
    return ApiError(404, f"Invalid{noun}.NotFound", f'The specified {noun} "{value}" is not found.')
