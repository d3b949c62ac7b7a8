"""The action of STS 2015-04-01 that says who is calling."""

from __future__ import annotations

from collections.abc import Mapping

from spidercli.sandbox.cloud.operations import Context, Operation

_USER_ID = "200000000000000001"
_ROLE_ID = "300000000000000001"


def get_caller_identity(context: Context) -> dict[str, object]:
    """GetCallerIdentity."""
    account_id, caller = context.world.account.account_id, context.caller
    if caller.role_name is None:
        return {
            "AccountId": account_id,
            "Arn": f"acs:ram::{account_id}:user/{caller.user_name}",
            "IdentityType": "RAMUser",
            "PrincipalId": _USER_ID,
            "UserId": _USER_ID,
        }
    return {
        "AccountId": account_id,
        "Arn": f"acs:ram::{account_id}:assumed-role/{caller.role_name}/{caller.user_name}",
        "IdentityType": "AssumedRoleUser",
        "PrincipalId": f"{_ROLE_ID}:{caller.user_name}",
        "RoleId": _ROLE_ID,
    }


ACTIONS: Mapping[str, Operation] = {
    "GetCallerIdentity": Operation(handler=get_caller_identity, parameters=frozenset(), regional=False),
}
