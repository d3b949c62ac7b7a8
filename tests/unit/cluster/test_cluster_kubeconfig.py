"""Which cluster a kubeconfig leads to, and what is said when it leads nowhere."""

from __future__ import annotations

import base64
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from spidercli.errors import ClusterUnauthorized, ClusterUnreachable, ConfigInvalid, SpiderError
from spidercli.gateways.cluster import access, plugins

SECRET = "s3cr3t"


def document(**changes: Any) -> dict[str, Any]:
    """A kubeconfig with one context named dev."""
    usual = {
        "current-context": "dev",
        "contexts": [{"name": "dev", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://dev.test:6443"}}],
        "users": [{"name": "u", "user": {"token": SECRET}}],
    }
    return {**usual, **changes}


@pytest.fixture(name="write")
def _write(tmp_path: Path) -> Callable[..., Path]:
    """Write a kubeconfig, from a document or from text."""

    def build(content: object, name: str = "config") -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
        return path

    return build


def load(
    path: Path | None = None, context: str | None = None, *, environ: dict[str, str] | None = None, **extra: Any
) -> Any:
    return access.load(kubeconfig=path, context=context, environ=environ or {}, **extra).configuration


def user(**entry: object) -> list[dict[str, object]]:
    return [{"name": "u", "user": entry}]


def cluster(**entry: object) -> list[dict[str, object]]:
    return [{"name": "c", "cluster": entry}]


def test_the_current_context_is_used(write: Callable[..., Path]) -> None:
    """Server and token come from the current context."""
    configuration = load(write(document()))

    assert ("https://dev.test:6443", f"Bearer {SECRET}") == (
        configuration.host,
        configuration.get_api_key_with_prefix("BearerToken"),
    )


def test_kubeconfig_lists_files_and_the_first_wins(write: Callable[..., Path]) -> None:
    """Files are joined as kubectl joins them: the first current-context and the first entry of a name count."""
    first = write({"current-context": "dev"}, "first")
    second = write(document(), "second")
    other = cluster(server="https://other.test")
    third = write(document(**{"current-context": "prod", "clusters": other}), "third")

    configuration = load(environ={"KUBECONFIG": f"{first}:/nowhere::{second}:{third}"})

    assert "https://dev.test:6443" == configuration.host


def test_the_home_directory_is_the_environments(write: Callable[..., Path], tmp_path: Path) -> None:
    """Without KUBECONFIG, ~/.kube/config is read, with ~ from the given environment."""
    (tmp_path / ".kube").mkdir()
    write(document(), ".kube/config")

    assert "https://dev.test:6443" == load(environ={"HOME": str(tmp_path)}).host
    assert "https://dev.test:6443" == load(Path("~/.kube/config"), environ={"HOME": str(tmp_path)}).host


@pytest.mark.parametrize(
    ("content", "context", "text"),
    [
        (document(), "prod", "context prod is not in "),
        (document(**{"current-context": ""}), None, " has no current-context"),
        (document(clusters=[None, {"name": "c"}]), None, " names no cluster with a server"),
        (document(clusters=cluster(server="http://dev.test")), None, "the server has to be https://HOST[:PORT]"),
        (document(clusters=cluster(server="dev.test:6443")), None, "the server has to be https://HOST[:PORT]"),
        (document(clusters=cluster(server="https://d", **{"certificate-authority": "ca"})), None, "does not exist: "),
        (document(users=user(**{"client-certificate-data": SECRET + "="})), None, "context dev of "),
        (f"a: {SECRET}: {SECRET}", None, ":1: the kubeconfig is not valid YAML"),
        (f"\0{SECRET}", None, ": the kubeconfig is not valid YAML"),
        ("- 1", None, "the kubeconfig is empty or not a mapping"),
        ("", None, "the kubeconfig is empty or not a mapping"),
    ],
    ids=[
        "unknown-context",
        "no-current-context",
        "no-cluster",
        "http",
        "no-scheme",
        "no-ca-file",
        "no-base64",
        "no-yaml",
        "no-text",
        "a-list",
        "empty",
    ],
)
def test_a_broken_kubeconfig_is_explained(
    write: Callable[..., Path], content: object, context: str | None, text: str
) -> None:
    """The message names the file and what is wrong with it, and nothing secret that it holds."""
    path = write(content)

    with pytest.raises(ConfigInvalid) as caught:
        load(path, context)
    shown = f"{caught.value.message} {caught.value.hint}"
    assert text in shown.replace("File does", "does")
    assert str(path) in shown
    assert SECRET not in shown


@pytest.mark.parametrize("server", ["http://localhost:1", "http://127.0.0.2", "http://[::1]:1"])
def test_plain_http_is_for_this_machine(write: Callable[..., Path], server: str) -> None:
    """A sandbox on the loopback interface needs no certificate."""
    assert server == load(write(document(clusters=cluster(server=server)))).host


def test_known_contexts_are_listed(write: Callable[..., Path]) -> None:
    """Who mistypes a context sees which there are."""
    with pytest.raises(ConfigInvalid) as caught:
        load(write(document()), "prod")

    assert "known contexts: dev" == caught.value.hint


@pytest.mark.parametrize("environ", [{}, {"KUBECONFIG": "/nowhere/config"}], ids=["flag", "variable"])
def test_a_named_file_has_to_exist(environ: dict[str, str]) -> None:
    """A mistyped path is not silently replaced by another cluster."""
    with pytest.raises(ConfigInvalid, match="/nowhere/config"):
        load(None if environ else Path("/nowhere/config"), environ=environ)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """What can't be read is told with the system's reason."""
    with pytest.raises(ConfigInvalid, match="can't be read: Is a directory"):
        load(tmp_path)


def test_without_any_kubeconfig_the_way_out_is_shown(tmp_path: Path) -> None:
    """Neither file nor pod: the hint lists the three ways to give a kubeconfig."""
    with pytest.raises(ClusterUnreachable, match="there is no kubeconfig") as caught:
        load(environ={"HOME": str(tmp_path)})

    assert "--kubeconfig" in str(caught.value.hint)


def test_a_pod_uses_its_service_account(tmp_path: Path, authority: Any) -> None:
    """Inside a cluster no kubeconfig is needed."""
    (tmp_path / "token").write_text(f"{SECRET}\n")
    (tmp_path / "ca.crt").write_text(authority.certificate)
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}

    assert "https://10.0.0.1:443" == load(environ=environ, service_account=tmp_path).host


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ([sys.executable, "-c", f"import sys; sys.exit('{SECRET}')"], "process returned 1"),
        (["/nowhere/login"], "No such file or directory"),
        ([sys.executable, "-c", f"print('{SECRET}')"], "failed to decode process output"),
    ],
    ids=["fails", "missing", "talks-nonsense"],
)
def test_a_failing_login_command_is_told(write: Callable[..., Path], command: list[str], text: str) -> None:
    """We don't go on as nobody when the login failed, and what the command printed stays unsaid."""
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": command[0], "args": command[1:]}

    with pytest.raises(ClusterUnauthorized) as caught:
        load(write(document(users=user(exec=plugin))))
    assert f"the login command {command[0]} of context dev failed: " in caught.value.message
    assert text in caught.value.message
    assert SECRET not in caught.value.message


def test_the_context_is_told(write: Callable[..., Path]) -> None:
    """Whoever is asked about a cluster hears the name that the kubeconfig has for it."""
    assert "dev" == access.load(kubeconfig=write(document()), context=None, environ={}).context


def test_an_impersonated_user_is_told_to_the_server(write: Callable[..., Path]) -> None:
    """A kubeconfig that acts as somebody else never acts with its own rights."""
    path = write(document(users=user(token=SECRET, **{"as": "viewer", "as-groups": ["a", "b"]})))

    found = access.load(kubeconfig=path, context=None, environ={})

    assert (("Impersonate-User", "viewer"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b")) == (
        found.impersonation
    )


def test_without_a_place_for_keys_that_is_told(
    write: Callable[..., Path], authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no file can be written a kubeconfig with a token works, and one with a key says why it does not."""

    def deny() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", deny)
    assert load(write(document()))

    data = base64.b64encode(authority.certificate.encode()).decode()
    with pytest.raises(ConfigInvalid, match="can't be used: No usable temporary directory found"):
        load(write(document(clusters=cluster(server="https://d", **{"certificate-authority-data": data}))))


def test_a_home_that_is_closed_to_us_is_none(tmp_path: Path, authority: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod may run as another user than the one whose HOME its image names: its service account is there."""
    (tmp_path / "token").write_text(SECRET)
    (tmp_path / "ca.crt").write_text(authority.certificate)
    _close(monkeypatch, "/closed")
    pod = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443", "HOME": "/closed"}

    assert "https://10.0.0.1:443" == load(environ=pod, service_account=tmp_path).host


def test_a_file_in_a_closed_folder_is_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names a file that we may not look at is told that, and not to look for it."""
    _close(monkeypatch, "/closed")

    with pytest.raises(ConfigInvalid, match=r"kubeconfig /closed/config can't be read: "):
        load(Path("/closed/config"))


def _close(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """Let nobody look into a folder; the tests may run as a user to whom no folder is closed."""
    stat = os.stat

    def look(path: Any, *args: Any, **how: Any) -> os.stat_result:
        if str(path).startswith(folder):
            raise PermissionError(13, "Permission denied")
        return stat(path, *args, **how)

    monkeypatch.setattr(os, "stat", look)


def test_a_login_command_gives_the_token(write: Callable[..., Path]) -> None:
    """A token from a login command is used like one from the file."""
    version = "client.authentication.k8s.io/v1"
    credential = f'{{"apiVersion": "{version}", "kind": "ExecCredential", "status": {{"token": "{SECRET}"}}}}'
    plugin = {"apiVersion": version, "command": sys.executable, "args": ["-c", f"print('{credential}')"]}

    configuration = load(write(document(users=user(exec=plugin))))

    assert f"Bearer {SECRET}" == configuration.get_api_key_with_prefix("BearerToken")


def test_logging_is_left_as_it_was(write: Callable[..., Path], caplog: pytest.LogCaptureFixture) -> None:
    """To look at what the client logs changes nothing for anybody else who logs."""
    root = logging.getLogger()
    before = list(root.handlers), list(root.filters)

    load(write(document()))
    root.error("still heard")

    assert before == (root.handlers, root.filters)
    assert ["still heard"] == caplog.messages


def test_other_log_records_pass(caplog: pytest.LogCaptureFixture) -> None:
    """Only the loader's records are taken aside."""
    with plugins.failures() as failures:
        logging.getLogger().error("from elsewhere")

    assert [] == failures
    assert ["from elsewhere"] == caplog.messages


@pytest.mark.parametrize(
    ("server", "expected"),
    [("https://dev.test", "http://proxy.test:3128"), ("http://127.0.0.1:8080", None)],
    ids=["remote", "loopback"],
)
def test_the_proxy_is_the_environments(write: Callable[..., Path], server: str, expected: str | None) -> None:
    """A proxy from the environment is used, but never to reach this machine."""
    path = write(document(clusters=cluster(server=server)))
    environ = {"HTTPS_PROXY": "http://proxy.test:3128", "NO_PROXY": ".internal"}

    configuration = load(path, environ=environ)

    assert (expected, ".internal") == (configuration.proxy or None, configuration.no_proxy)


def test_the_kubeconfigs_proxy_comes_first(write: Callable[..., Path]) -> None:
    """proxy-url of a cluster beats the environment, as for kubectl."""
    path = write(document(clusters=cluster(server="https://dev.test", **{"proxy-url": "http://own.test"})))

    assert "http://own.test" == load(path, environ={"HTTPS_PROXY": "http://proxy.test"}).proxy


def test_no_problem_tells_a_secret(write: Callable[..., Path]) -> None:
    """The official loader quotes whole entries in its errors; ours does not."""
    path = write(
        document(
            users=[{"name": "u", "user": {"token": SECRET, "auth-provider": {"name": "oidc", "config": {"x": SECRET}}}}]
        )
    )

    with pytest.raises(SpiderError) as caught:
        load(path)
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"
