"""Credentials that have to be fetched: the ways of alibabacloud-credentials, built only when one is needed.

Facts about that library (1.0.12): importing it takes half a second, reads the environment into module globals, and
attaches a log handler to stderr; its default chain and its ECS role refresher start a scheduler thread. So each way is
built directly, with every value given.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spidercli.gateways.alibaba.redaction import silence_sdk_loggers

Provider = Any
"""An object with `get_credentials()`, which caches and renews by itself, and is thread-safe."""


def ecs_ram_role(role_name: str | None) -> Provider:
    """The role of this ECS instance, from its metadata service; without a name, the one that is attached."""
    from alibabacloud_credentials.provider import EcsRamRoleCredentialsProvider

    silence_sdk_loggers()
    return EcsRamRoleCredentialsProvider(role_name=role_name or None, async_update_enabled=False)


def oidc(environ: Mapping[str, str]) -> Provider:
    """A role assumed with an OIDC token: RRSA in a pod, or a CI system's identity."""
    from alibabacloud_credentials.provider import OIDCRoleArnCredentialsProvider

    silence_sdk_loggers()
    return OIDCRoleArnCredentialsProvider(
        role_arn=environ["ALIBABA_CLOUD_ROLE_ARN"],
        oidc_provider_arn=environ["ALIBABA_CLOUD_OIDC_PROVIDER_ARN"],
        oidc_token_file_path=environ["ALIBABA_CLOUD_OIDC_TOKEN_FILE"],
        role_session_name=environ.get("ALIBABA_CLOUD_ROLE_SESSION_NAME") or "spidercli",
        sts_region_id=environ.get("ALIBABA_CLOUD_STS_REGION") or None,
        enable_vpc=environ.get("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "").lower() == "true",
    )


def cli_profile(file: Path, name: str) -> Provider:
    """A profile of the aliyun command line whose mode assumes a role or logs in."""
    from alibabacloud_credentials.provider import CLIProfileCredentialsProvider

    silence_sdk_loggers()
    return CLIProfileCredentialsProvider(profile_file=str(file), profile_name=name)


def ini_profile(file: Path, section: str) -> Provider:
    """A section of ~/.alibabacloud/credentials.ini."""
    from alibabacloud_credentials.provider import ProfileCredentialsProvider

    silence_sdk_loggers()
    return ProfileCredentialsProvider(profile_file=str(file), profile_name=section)
