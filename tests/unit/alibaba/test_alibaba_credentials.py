from __future__ import annotations

import json
import types
from pathlib import Path
from typing import Any

import pytest

from spidercli import errors
from spidercli.gateways.alibaba import credentials, profiles
from spidercli.gateways.alibaba.credentials import Keys

ENV_KEYS = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret"}
OIDC = {
    "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/r",
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/p",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/var/run/token",
}
NO_METADATA = {"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
AK = {"name": "ak", "mode": "AK", "access_key_id": "ak-id", "access_key_secret": "ak-secret", "region_id": "cn-beijing"}
STS = {
    "name": "sts",
    "mode": "StsToken",
    "access_key_id": "s-id",
    "access_key_secret": "s-secret",
    "sts_token": "s-tok",
}
ROLE = {"name": "role", "mode": "RamRoleArn", "ram_role_arn": "acs:ram::1:role/r"}
ECS = {"name": "ecs", "mode": "EcsRamRole", "ram_role_name": "node-role"}
EXTERNAL = {"name": "ext", "mode": "External", "process_command": "give-keys"}
EMPTY = {"name": "default", "mode": "AK", "access_key_id": "", "access_key_secret": ""}


class Source:
    """What alibabacloud-credentials builds: keys, or the error that fetching them gives."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name = name
        self.error = error

    def get_credentials(self) -> Any:
        if self.error:
            raise self.error
        return types.SimpleNamespace(
            get_access_key_id=lambda: f"{self.name}-id",
            get_access_key_secret=lambda: f"{self.name}-secret",
            get_security_token=lambda: f"{self.name}-token",
        )


class Library(types.ModuleType):
    """Stands for `roles`, so that nothing asks the real metadata service."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__("library")
        self.error = error

    def ecs_ram_role(self, role_name: str | None) -> Source:
        return Source(f"ecs[{role_name}]", self.error)

    def oidc(self, environ: dict[str, str]) -> Source:
        return Source(f"oidc[{environ['ALIBABA_CLOUD_ROLE_ARN']}]", self.error)

    def cli_profile(self, file: Path, name: str) -> Source:
        return Source(f"{file.name}[{name}]", self.error)

    def ini_profile(self, file: Path, section: str) -> Source:
        return Source(f"{file.name}[{section}]", self.error)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".aliyun").mkdir()
    return tmp_path


def write_config(home: Path, *entries: dict[str, str], current: str = "") -> None:
    (home / ".aliyun" / "config.json").write_text(json.dumps({"current": current, "profiles": list(entries)}))


def write_ini(home: Path) -> None:
    (home / ".alibabacloud").mkdir()
    (home / ".alibabacloud" / "credentials.ini").write_text("[default]\n")


def resolve(home: Path, environ: dict[str, str], profile: str | None = None, **options: Any) -> credentials.Credentials:
    return credentials.resolve({"HOME": str(home), **environ}, profile, library=Library(**options))


@pytest.mark.parametrize(
    ("environ", "profile", "winner"),
    [
        pytest.param({**ENV_KEYS, **OIDC}, "sts", "s-id", id="--profile beats the environment"),
        pytest.param({**ENV_KEYS, **OIDC}, None, "env-id", id="environment beats OIDC"),
        pytest.param(OIDC, None, "oidc[acs:ram::1:role/r]-id", id="OIDC beats config.json"),
        pytest.param({}, None, "ak-id", id="config.json beats credentials.ini"),
        pytest.param({"ALIBABA_CLOUD_PROFILE": "sts"}, None, "s-id", id="env names the profile"),
        pytest.param({"ALICLOUD_PROFILE": "sts"}, None, "s-id", id="env names it in its oldest spelling"),
        pytest.param(
            {"ALIBABACLOUD_PROFILE": "role", "ALIBABA_CLOUD_PROFILE": "sts"},
            None,
            "config.json[role]-id",
            id="spellings",
        ),
        pytest.param({}, "ecs", "ecs[node-role]-id", id="EcsRamRole"),
        pytest.param({}, "ext", "config.json[ext]-id", id="External"),
        pytest.param(
            {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"},
            None,
            "credentials.ini[default]-id",
            id="config.json disabled",
        ),
        pytest.param(
            {"ALIBABA_CLOUD_IGNORE_PROFILE": "TRUE"}, None, "credentials.ini[default]-id", id="config.json ignored"
        ),
        pytest.param({"ALIBABA_CLOUD_ACCESS_KEY_ID": ""}, None, "ak-id", id="an empty variable is not set"),
    ],
)
def test_the_first_way_of_the_chain_wins(home: Path, environ: dict[str, str], profile: str | None, winner: str) -> None:
    """Each way beats those after it, and --profile beats them all."""
    write_config(home, AK, STS, ROLE, ECS, EXTERNAL, current="ak")
    write_ini(home)

    assert resolve(home, environ, profile).get().access_key_id == winner


def test_the_instance_role_is_the_last_way(home: Path) -> None:
    """Without anything else, the ECS instance's role is used, by the name that the environment gives."""
    found = resolve(home, {"ALIBABA_CLOUD_ECS_METADATA": "node-role"})

    assert found.get().access_key_id == "ecs[node-role]-id"
    assert found.provider == "RAM role of this ECS instance"


@pytest.mark.parametrize("environ", [NO_METADATA, {}], ids=["disabled", "not on ECS"])
def test_nothing_found_names_the_ways(home: Path, environ: dict[str, str]) -> None:
    """With no way left, the hint names what can be done."""
    with pytest.raises(errors.CredentialsMissing) as caught:
        resolve(home, environ, error=OSError("no route"))

    assert "aliyun configure" in str(caught.value.hint)


def test_the_winner_and_its_region_are_named(home: Path) -> None:
    """A profile's credentials say which profile of which file, and bring the region along."""
    write_config(home, AK, current="ak")

    found = resolve(home, {})

    assert found.provider == f"profile ak (AK) of {home}/.aliyun/config.json"
    assert found.region_id == "cn-beijing"


def test_environment_keys_may_be_temporary(home: Path) -> None:
    """A security token in the environment goes along with the keys."""
    found = resolve(home, {**ENV_KEYS, "ALIBABA_CLOUD_SECURITY_TOKEN": "env-token"})

    assert found.get().security_token == "env-token"
    assert found.provider == "env ALIBABA_CLOUD_ACCESS_KEY_ID"


def test_half_a_key_is_an_error(home: Path) -> None:
    """An id without a secret is not passed over in silence: another way would be another user."""
    with pytest.raises(errors.ConfigInvalid, match="ALIBABA_CLOUD_ACCESS_KEY_SECRET is not"):
        resolve(home, {"ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id"})


def test_an_empty_default_profile_is_passed_over(home: Path) -> None:
    """`aliyun configure`, cancelled, leaves a profile without keys: the chain goes on."""
    write_config(home, EMPTY, current="default")
    write_ini(home)

    assert resolve(home, {}).get().access_key_id == "credentials.ini[default]-id"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"current": "a",\n "profiles": [}', "config.json:2: not JSON"),
        ("[]", "profiles is not a list"),
        ('{"current": "a", "profiles": 3}', "profiles is not a list"),
        ('{"current": "a", "profiles": [7]}', r"profiles\[0\] is not a mapping"),
        ('{"current": "a", "profiles": [{"name": "b"}]}', "current names a profile that does not exist: 'a'"),
        (
            '{"current": "a", "profiles": [{"name": "a", "mode": "AK", "access_key_id": "x"}]}',
            r"profiles\[0\].access_key_secret is not set",
        ),
        ('{"current": "a", "profiles": [{"name": "a", "mode": "Anonymous"}]}', r"profiles\[0\].mode is 'Anonymous'"),
    ],
)
def test_a_broken_config_names_file_and_key(home: Path, content: str, expected: str) -> None:
    """What is wrong with config.json is said with its place."""
    (home / ".aliyun" / "config.json").write_text(content)

    with pytest.raises(errors.ConfigInvalid, match=expected) as caught:
        resolve(home, {})

    assert str(home / ".aliyun" / "config.json") in caught.value.message


def test_a_broken_config_shows_no_key(home: Path) -> None:
    """Neither the message nor its causes hold the file's content."""
    (home / ".aliyun" / "config.json").write_text('{"profiles": [{"access_key_secret": "top-secret"}')

    with pytest.raises(errors.ConfigInvalid) as caught:
        resolve(home, {})

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(("present", "expected"), [(True, "no profile 'nobody'"), (False, "does not exist")])
def test_an_unknown_profile_is_an_error(home: Path, present: bool, expected: str) -> None:
    """A profile that the user named must be there, whatever else the chain has."""
    if present:
        write_config(home, AK, current="ak")

    with pytest.raises(errors.ConfigInvalid, match=expected):
        resolve(home, ENV_KEYS, "nobody")


@pytest.mark.parametrize(
    ("name", "variable"),
    [("ext", "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS"), ("ecs", "ALIBABA_CLOUD_ECS_METADATA_DISABLED")],
)
def test_forbidden_ways_are_refused(home: Path, name: str, variable: str) -> None:
    """A profile can't use what the environment forbids."""
    write_config(home, ECS, EXTERNAL, current=name)

    with pytest.raises(errors.ConfigInvalid, match=variable):
        resolve(home, {variable: "1"})


def test_keys_that_cannot_be_fetched_are_rejected_without_secrets(home: Path) -> None:
    """A role that can't be assumed says so, without the token that it was tried with."""
    error = RuntimeError("GET https://sts.aliyuncs.com/?OIDCToken=eyJhbGciOi.eyJ and nothing came")

    with pytest.raises(errors.CredentialsRejected, match="OIDC role") as caught:
        resolve(home, OIDC, error=error).get()

    assert "eyJ" not in caught.value.message
    assert caught.value.__context__ is None


def test_a_way_that_cannot_be_built_is_rejected(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that the library refuses at once is an error of the same kind."""
    library = Library()

    def refuse(_: object) -> Source:
        raise ValueError("session duration should be in the range of 900s")

    monkeypatch.setattr(library, "oidc", refuse)

    with pytest.raises(errors.CredentialsRejected, match="range of 900s"):
        credentials.resolve({"HOME": str(home), **OIDC}, library=library)


@pytest.mark.parametrize("content", [b"\xff\xfe", None], ids=["not UTF-8", "a folder"])
def test_an_unreadable_config_is_an_error(home: Path, content: bytes | None) -> None:
    """A file that is there and can't be read is not passed over."""
    file = home / ".aliyun" / "config.json"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)

    with pytest.raises(errors.ConfigInvalid, match=r"config.json can't be read"):
        resolve(home, {})


def test_a_config_without_a_current_profile_is_passed_over(home: Path) -> None:
    """Nobody chose one of its profiles."""
    write_config(home, AK)
    write_ini(home)

    assert resolve(home, {}).get().access_key_id == "credentials.ini[default]-id"


def test_repr_hides_keys(home: Path) -> None:
    """A value that lands in a log by its repr shows no key."""
    found = resolve(home, ENV_KEYS)

    assert "env-" not in repr(found) + repr(found.get())


def test_static_profiles_need_no_library(home: Path) -> None:
    """The two most common modes give keys without the half second that the library's import takes."""
    write_config(home, STS, current="sts")

    expected = Keys(access_key_id="s-id", access_key_secret="s-secret", security_token="s-tok")
    assert resolve(home, {}, error=AssertionError()).get() == expected


def test_a_profile_hides_its_values(home: Path) -> None:
    """A profile's repr shows no key either."""
    write_config(home, AK)

    assert "ak-secret" not in repr(profiles.read(home / ".aliyun" / "config.json", "ak"))


def nobody() -> Path:
    """What pathlib says of a user whom the system does not know."""
    raise RuntimeError("Could not determine home directory.")


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container of any user id there are no files to look for, and nothing goes wrong over it."""
    monkeypatch.setattr(Path, "home", nobody)

    with pytest.raises(errors.CredentialsMissing):
        credentials.resolve(NO_METADATA, library=Library())
    with pytest.raises(errors.ConfigInvalid, match="no home folder to find profile 'ci' in"):
        credentials.resolve(NO_METADATA, "ci", library=Library())


def test_a_credentials_file_that_is_closed_to_us(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where a file may not even be looked for, that is said, with the variable that names it."""

    def denied(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", denied)
    environ = {**NO_METADATA, "HOME": str(tmp_path), "ALIBABA_CLOUD_CREDENTIALS_FILE": "/closed/keys.ini"}

    with pytest.raises(errors.ConfigInvalid, match=r"/closed/keys.ini can't be read: Permission denied") as caught:
        credentials.resolve(environ, library=Library())
    assert caught.value.hint == "ALIBABA_CLOUD_CREDENTIALS_FILE names it"


@pytest.mark.parametrize("odd", ["abc\udcffdef", "abc\n", "schlüssel"])
def test_a_secret_that_can_not_be_sent_is_not_quoted(odd: str) -> None:
    """What no key has is refused before a library tells of it, and nothing of it is shown."""
    with pytest.raises(
        errors.CredentialsRejected, match=r"^the AccessKey secret has characters that none has$"
    ) as refused:
        Keys(access_key_id="LTAI", access_key_secret=odd)

    assert odd not in f"{refused.value.message}{refused.value.hint}"
