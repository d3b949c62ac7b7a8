"""Who we are to Alibaba Cloud: the standard chain, and which of its ways won.

`--profile` beats all. Without it, the order is that of alibabacloud-credentials (provider/default.py): environment,
OIDC, ~/.aliyun/config.json, ~/.alibabacloud/credentials.ini, the ECS instance's role. The aliyun command line prefers
its profile to the environment, so both tools may be different users on one machine: `provider` says who won.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from spidercli import errors
from spidercli.gateways.alibaba import profiles, roles
from spidercli.gateways.alibaba.redaction import Redactor

_KEY_ID = "ALIBABA_CLOUD_ACCESS_KEY_ID"
_KEY_SECRET = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"  # noqa: S105 - a variable's name
_TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"  # noqa: S105 - a variable's name
_OIDC = ("ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE")
_PROFILE = ("ALIBABACLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE", "ALICLOUD_PROFILE")
_FETCHED_MODES = ("RamRoleArn", "ChainableRamRoleArn", "OIDC", "CloudSSO", "OAuth", "External")
_TRUE = ("1", "true")
_CLI_FILE = Path(".aliyun", "config.json")  # below the home folder
_INI_VARIABLE = "ALIBABA_CLOUD_CREDENTIALS_FILE"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Keys:
    """What a request is signed with."""

    access_key_id: str = dataclasses.field(repr=False)
    access_key_secret: str = dataclasses.field(repr=False)
    security_token: str | None = dataclasses.field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what can't be sent, before a library does, in words that quote it.

        Raises:
            CredentialsRejected: something has characters that no key has.
        """
        for name, text in (
            ("AccessKey id", self.access_key_id),
            ("AccessKey secret", self.access_key_secret),
            ("security token", self.security_token or ""),
        ):
            if not (text.isascii() and text.isprintable()):
                raise errors.CredentialsRejected(
                    f"the {name} has characters that none has", hint="was it copied whole, as plain text?"
                )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Credentials:
    """A source of keys. `get` may be called from any thread, for each request: temporary keys are renewed in time."""

    provider: str  # names the winner, for example "env ALIBABA_CLOUD_ACCESS_KEY_ID"
    region_id: str | None  # of the profile, where there is one
    get: Callable[[], Keys] = dataclasses.field(repr=False)


def resolve(environ: Mapping[str, str], profile: str | None = None, *, library: ModuleType = roles) -> Credentials:
    """The first way of the chain that has keys.

    Args:
        environ: the environment; HOME in it says where the files are.
        profile: the profile of ~/.aliyun/config.json that the user named; nothing else is tried then.
        library: builds the ways that have to fetch keys; see `roles`.

    Raises:
        CredentialsMissing: there is no way; the hint names them all.
        CredentialsRejected: the way that was chosen gives no keys.
        ConfigInvalid: a file or the environment is contradictory; the message names file and key.
    """
    chain = _Chain(environ=environ, profile=profile, library=library)
    return next(chain.candidates())


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Chain:
    environ: Mapping[str, str]
    profile: str | None
    library: ModuleType

    def candidates(self) -> Iterator[Credentials]:
        """Every way that is configured, in order; never ends without one, for the last step raises."""
        if self.profile is not None:
            yield self._named_profile(self.profile)
        for way in (self._from_environment, self._from_oidc, self._from_profile, self._from_ini, self._from_instance):
            if (found := way()) is not None:
                yield found
        raise errors.CredentialsMissing(
            "no Alibaba Cloud credentials were found",
            hint=f"set {_KEY_ID} and {_KEY_SECRET}, run `aliyun configure`, name a profile with --profile, "
            "or run on an ECS instance with a RAM role",
        )

    def _from_environment(self) -> Credentials | None:
        key_id, secret = self._value(_KEY_ID), self._value(_KEY_SECRET)
        if not key_id and not secret:
            return None
        if not key_id or not secret:
            present, absent = (_KEY_ID, _KEY_SECRET) if key_id else (_KEY_SECRET, _KEY_ID)
            raise errors.ConfigInvalid(f"{present} is set, but {absent} is not", hint="set both, or neither")
        keys = Keys(access_key_id=key_id, access_key_secret=secret, security_token=self._value(_TOKEN))
        return Credentials(provider=f"env {_KEY_ID}", region_id=None, get=lambda: keys)

    def _from_oidc(self) -> Credentials | None:
        if not all(self._value(name) for name in _OIDC):
            return None
        return self._fetched("OIDC role of env ALIBABA_CLOUD_ROLE_ARN", lambda: self.library.oidc(self.environ))

    def _from_profile(self) -> Credentials | None:
        disabled = ("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "ALIBABA_CLOUD_IGNORE_PROFILE")
        if any(self._flag(name) for name in disabled):
            return None
        name = next((value for variable in _PROFILE if (value := self._value(variable))), None)
        home = self._home()
        found = profiles.read(home / _CLI_FILE, name) if home else None
        if found is None or (found.mode == "AK" and not found.text("access_key_id")):
            return None  # no file, or the empty profile that `aliyun configure` leaves when it is cancelled
        return self._profile_credentials(found)

    def _named_profile(self, name: str) -> Credentials:
        home = self._home()
        if home is None:
            raise errors.ConfigInvalid(f"there is no home folder to find profile {name!r} in", hint="set HOME")
        found = profiles.read(home / _CLI_FILE, name)
        if found is None:
            raise errors.ConfigInvalid(f"{home / _CLI_FILE} does not exist, so there is no profile {name!r}")
        return self._profile_credentials(found)

    def _profile_credentials(self, found: profiles.Profile) -> Credentials:
        provider = f"profile {found.name} ({found.mode}) of {found.file}"
        region_id = found.text("region_id") or None
        if found.mode in {"AK", "StsToken"}:
            keys = _static_keys(found)
            return Credentials(provider=provider, region_id=region_id, get=lambda: keys)
        if found.mode == "EcsRamRole":
            self._check_metadata_allowed(found)
            return self._fetched(
                provider, lambda: self.library.ecs_ram_role(found.text("ram_role_name")), region_id=region_id
            )
        self._check_mode(found)
        return self._fetched(provider, lambda: self.library.cli_profile(found.file, found.name), region_id=region_id)

    def _check_mode(self, found: profiles.Profile) -> None:
        if found.mode not in _FETCHED_MODES:
            known = ", ".join(("AK", "StsToken", "EcsRamRole", *_FETCHED_MODES))
            raise found.invalid("mode", f"is {found.mode!r}, which is not supported; supported are {known}")
        if found.mode == "External" and self._flag("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS"):
            raise found.invalid("mode", "is External, which ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS forbids")

    def _check_metadata_allowed(self, found: profiles.Profile) -> None:
        if self._flag("ALIBABA_CLOUD_ECS_METADATA_DISABLED"):
            raise found.invalid("mode", "is EcsRamRole, which ALIBABA_CLOUD_ECS_METADATA_DISABLED forbids")

    def _from_ini(self) -> Credentials | None:
        file = self._ini_file()
        if file is None:
            return None
        section = self._value("ALIBABA_CLOUD_PROFILE") or "default"
        return self._fetched(f"section {section} of {file}", lambda: self.library.ini_profile(file, section))

    def _ini_file(self) -> Path | None:
        """The file that the environment names, else that of our home folder; None if it does not exist."""
        given, home = self._value(_INI_VARIABLE), self._home()
        file = Path(given) if given else home and home / ".alibabacloud" / "credentials.ini"
        try:
            return file if file and file.is_file() else None
        except OSError as error:  # its folder is closed to us
            hint = f"{_INI_VARIABLE} names it" if given else None
            raise errors.ConfigInvalid(f"{file} can't be read: {error.strerror}", hint=hint) from error

    def _from_instance(self) -> Credentials | None:
        """The ECS instance's role; asked for keys at once, because only the answer tells whether there is one."""
        if self._flag("ALIBABA_CLOUD_ECS_METADATA_DISABLED"):
            return None
        role = self._value("ALIBABA_CLOUD_ECS_METADATA")
        found = self._fetched("RAM role of this ECS instance", lambda: self.library.ecs_ram_role(role))
        try:
            found.get()
        except errors.CredentialsRejected:
            return None
        return found

    def _fetched(
        self, provider: str, build: Callable[[], roles.Provider], *, region_id: str | None = None
    ) -> Credentials:
        try:
            source = build()
        except Exception as error:  # noqa: BLE001 - the library raises ValueError and others for wrong settings
            failure = _rejected(provider, error)
        else:
            return Credentials(provider=provider, region_id=region_id, get=lambda: _fetch(provider, source))
        raise failure

    def _value(self, name: str) -> str | None:
        return self.environ.get(name) or None

    def _flag(self, name: str) -> bool:
        return self.environ.get(name, "").lower() in _TRUE

    def _home(self) -> Path | None:
        """Our home folder; None for a user whom the system does not know, as in many containers."""
        try:
            return Path(self.environ.get("HOME") or Path.home())
        except RuntimeError:
            return None


def _static_keys(found: profiles.Profile) -> Keys:
    return Keys(
        access_key_id=found.required("access_key_id"),
        access_key_secret=found.required("access_key_secret"),
        security_token=found.required("sts_token") if found.mode == "StsToken" else None,
    )


def _fetch(provider: str, source: roles.Provider) -> Keys:
    try:
        got = source.get_credentials()
        return Keys(
            access_key_id=got.get_access_key_id(),
            access_key_secret=got.get_access_key_secret(),
            security_token=got.get_security_token() or None,
        )
    except Exception as error:  # noqa: BLE001 - the library raises errors of its own, of Tea, and built-in ones
        failure = _rejected(provider, error)
    raise failure  # outside the except block: the original's text may hold a token


def _rejected(provider: str, error: Exception) -> errors.CredentialsRejected:
    text = Redactor().clean(getattr(error, "message", None) or str(error) or type(error).__name__)
    return errors.CredentialsRejected(
        f"{provider} gives no credentials: {text}", hint="mend it, or pick another with --profile"
    )
