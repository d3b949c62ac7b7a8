"""Who the sandbox's callers are: obvious dummies."""

from __future__ import annotations

import dataclasses

ACCESS_KEY_ID = "sandbox-access-key-id"
ACCESS_KEY_SECRET = "sandbox-access-key-secret"  # noqa: S105 - a dummy, good for the sandbox only


@dataclasses.dataclass(frozen=True, kw_only=True)
class AccessKey:
    """A key pair; one with a security token is a temporary one of STS."""

    access_key_id: str
    secret: str = dataclasses.field(repr=False)
    security_token: str | None = dataclasses.field(default=None, repr=False)
    user_name: str = "sandbox"
    role_name: str | None = None  # of an assumed role
    expired: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """The account that owns everything in the world, with its RAM user's key."""

    account_id: str = "1000000000000001"
    key: AccessKey = AccessKey(access_key_id=ACCESS_KEY_ID, secret=ACCESS_KEY_SECRET)


def role_key(role_name: str) -> AccessKey:
    """The temporary key that the metadata service hands to an instance with a RAM role."""
    return AccessKey(
        access_key_id=f"STS.sandbox-{role_name}",
        secret=ACCESS_KEY_SECRET,
        security_token="sandbox-security-token",  # noqa: S106 - a dummy, good for the sandbox only
        role_name=role_name,
    )
