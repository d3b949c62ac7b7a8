"""Acting as somebody else, as a kubeconfig's `as` and its kin ask for and kubectl does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from spidercli.errors import ConfigInvalid

Headers = tuple[tuple[str, str], ...]

# What may stand in a header's name beside letters, digits and "_.-~" (RFC 9110, 5.6.2), without the "%" that escapes.
_LEGAL = "!#$&'*+^`|"


def headers(user: Mapping[str, Any]) -> Headers:
    """The headers that a user's entry of a kubeconfig asks for; a name may come several times.

    They are those of client-go (transport/round_trippers.go): Impersonate-User, -Uid, one -Group for each group, and
    one -Extra-KEY for each value of each key; keys are percent-encoded, and the server reads them in lower case
    (https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/).

    Raises:
        ConfigInvalid: somebody's groups, uid or extras are asked for and nobody's name, or an entry is of a type or
            has characters that can't be sent.
    """
    found = tuple(_asked(user))
    if found and found[0][0] != "Impersonate-User":
        raise ConfigInvalid(
            "the kubeconfig's user asks for as-uid, as-groups or as-user-extra, and not for a user",
            hint="add `as`, as kubectl demands, or remove them",
        )
    return found


def _asked(user: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field, name in (("as", "Impersonate-User"), ("as-uid", "Impersonate-Uid")):
        if user.get(field):
            yield name, _sendable(user[field], field)
    for group in _typed(user.get("as-groups") or [], list, "as-groups"):
        yield "Impersonate-Group", _sendable(group, "as-groups")
    extras = _typed(user.get("as-user-extra") or {}, dict, "as-user-extra")
    for key, values in extras.items():
        for value in _typed(values or [], list, "as-user-extra"):
            name = quote(_sendable(key, "as-user-extra").encode("latin-1"), safe=_LEGAL)
            yield f"Impersonate-Extra-{name}", _sendable(value, "as-user-extra")


def _typed(value: Any, kind: type, field: str) -> Any:
    if not isinstance(value, kind):
        raise _unusable(field)
    return value


def _sendable(text: object, field: str) -> str:
    """A header's value that is UTF-8 on the wire; the HTTP library writes one byte for each character.

    Raises:
        ConfigInvalid: it is no text, or text that would end the header.
    """
    if not isinstance(text, str) or not text.isprintable():
        raise _unusable(field)
    return text.encode().decode("latin-1")


def _unusable(field: str) -> ConfigInvalid:
    return ConfigInvalid(f"the kubeconfig user's {field} can't be sent", hint="`kubectl config view` shows it")
