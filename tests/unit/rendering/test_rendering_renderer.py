"""Desired values become manifests, through built-in templates or a user's."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spidercli import kinds
from spidercli.errors import ConfigInvalid, TemplateInvalid
from spidercli.rendering.environment import builtin_folder, template_names
from spidercli.rendering.renderer import Renderer
from spidercli.rendering.samples import ENGLISH, on_networks

POOL = "spiderippool.yaml.j2"
RENDERER = Renderer()


def override(folder: Path, name: str, old: str = "", new: str = "") -> Path:
    """The built-in template with something replaced."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text((builtin_folder() / name).read_text().replace(old, new))
    return path


def failure(folder: Path, pool: object) -> TemplateInvalid:
    with pytest.raises(TemplateInvalid) as caught:
        Renderer(folder).pool(pool)  # type: ignore[arg-type]
    return caught.value


def test_pool_has_its_facts(make: SimpleNamespace) -> None:
    """A pool carries our label, where its addresses come from, and an explicit ipVersion."""
    assert Renderer().pool(make.pool()) == {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderIPPool",
        "metadata": {
            "name": "worker-eth1",
            "labels": {"app.kubernetes.io/managed-by": "spidercli"},
            "annotations": {
                "spidercli.io/instance-id": "i-1",
                "spidercli.io/eni-id": "eni-1",
                "spidercli.io/vswitch-id": "vsw-1",
            },
        },
        "spec": {
            "default": True,
            "ipVersion": 4,
            "ips": ["192.168.0.161-192.168.0.162", "192.168.0.165"],
            "subnet": "192.168.0.0/24",
            "gateway": "192.168.0.253",
            "nodeName": ["worker"],
            "multusName": ["kube-system/ipvlan-eth1"],
        },
    }


def test_many_pools_keep_their_order(make: SimpleNamespace) -> None:
    """A batch gives one manifest for each pool, in order."""
    pools = [make.pool(name=name) for name in ("c", "a", "b")]

    assert [kinds.name(manifest) for manifest in Renderer().pools(pools)] == ["c", "a", "b"]


def test_no_pools_are_no_manifests() -> None:
    """An empty batch gives nothing."""
    assert Renderer().pools([]) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_values_never_inject(make: SimpleNamespace, text: str) -> None:
    """A node's name and an id, whatever is in them, stay one string each."""
    manifest = RENDERER.pool(make.pool(node=text, eni_id=text))

    assert manifest["spec"]["nodeName"] == [text]  # type: ignore[index]
    assert manifest["metadata"]["annotations"]["spidercli.io/eni-id"] == text  # type: ignore[index]


def test_multus_config_without_annotations(make: SimpleNamespace) -> None:
    """A SpiderMultusConfig has our label and no annotation, and no coordinator block unless one is wanted."""
    assert Renderer().multus_config(make.multus()) == {
        "apiVersion": "spiderpool.spidernet.io/v2beta1",
        "kind": "SpiderMultusConfig",
        "metadata": {
            "name": "ipvlan-eth1",
            "namespace": "kube-system",
            "labels": {"app.kubernetes.io/managed-by": "spidercli"},
        },
        "spec": {"cniType": "ipvlan", "enableCoordinator": True, "ipvlan": {"master": ["eth1"]}},
    }


def test_coordinator_values_keep_their_types(make: SimpleNamespace) -> None:
    """Text, truth values, numbers and lists of the coordinator block stay what they are."""
    block = {"mode": "auto", "tunePodRoutes": False, "hostRuleTable": 500, "hijackCIDR": ["169.254.0.0/16"]}

    manifest = Renderer().multus_config(make.multus(**block))

    assert manifest["spec"]["coordinator"] == block  # type: ignore[index]


def test_provider_id_is_a_patch_for_one_node(make: SimpleNamespace) -> None:
    """The patch has the uid, so that it misses a node that was replaced, and no kind that could be applied."""
    assert Renderer().provider_id(make.node(uid="u-1")) == {
        "metadata": {"uid": "u-1"},
        "spec": {"providerID": "cn-hangzhou.i-1"},
    }


def test_provider_id_without_a_cluster(make: SimpleNamespace) -> None:
    """Without a uid the patch has none."""
    assert Renderer().provider_id(make.node(uid="")) == {"spec": {"providerID": "cn-hangzhou.i-1"}}


def test_provider_id_command(make: SimpleNamespace) -> None:
    """The command line is the guide's, with the uid and a quoted patch."""
    assert Renderer().provider_id_command(make.node(uid="u-1")) == (
        "kubectl patch node worker --type=strategic"
        """ -p '{"metadata":{"uid":"u-1"},"spec":{"providerID":"cn-hangzhou.i-1"}}'"""
    )


def test_sample_apps_on_the_networks_of_a_cluster(make: SimpleNamespace) -> None:
    """The samples use the first and the last SpiderMultusConfig, which may be one and the same."""
    assert on_networks(ENGLISH, [make.multus()]).networks == ("kube-system/ipvlan-eth1", "kube-system/ipvlan-eth1")
    assert on_networks(ENGLISH, []) == ENGLISH


def test_override_replaces_one_template(make: SimpleNamespace, overrides: Path) -> None:
    """A file of the folder is used instead of the built-in one; the others stay."""
    override(overrides, POOL, "  default: {{ default }}", "  default: false")
    renderer = Renderer(overrides)

    assert renderer.pool(make.pool())["spec"]["default"] is False  # type: ignore[index]
    assert renderer.multus_config(make.multus())["kind"] == "SpiderMultusConfig"


def test_override_may_include_a_part(make: SimpleNamespace, overrides: Path) -> None:
    """Files whose names start with "_" are parts for the user's own templates."""
    (overrides / "_team.yaml.j2").write_text("    team: {{ nic }}\n")
    override(overrides, POOL, "  annotations:\n", "    {% include '_team.yaml.j2' %}\n  annotations:\n")

    assert Renderer(overrides).pool(make.pool())["metadata"]["labels"]["team"] == "eth1"  # type: ignore[index]


def test_bad_part_says_where(make: SimpleNamespace, overrides: Path) -> None:
    """What is wrong with an included part is told with the part's file and line."""
    part = overrides / "_team.yaml.j2"
    part.write_text("\n    team: {% nic %}\n")
    override(overrides, POOL, "  annotations:\n", "    {% include '_team.yaml.j2' %}\n  annotations:\n")

    assert failure(overrides, make.pool()).message.startswith(f"{part}:2: ")


def test_value_in_a_comment(make: SimpleNamespace, overrides: Path) -> None:
    """A comment may name a value, wherever it likes: the value can't leave the line."""
    override(overrides, POOL, "spec:", "# For {{ node }}.\nspec:")

    assert Renderer(overrides).pool(make.pool(node="a\nspec: b"))["spec"]["nodeName"] == ["a\nspec: b"]  # type: ignore[index]


@pytest.mark.parametrize("wrapped", ["---\n{}", "{}---\n", "{}\n---\n# the end\n"])
def test_document_marks_do_no_harm(make: SimpleNamespace, overrides: Path, wrapped: str) -> None:
    """A template may begin and end with `---`."""
    path = override(overrides, POOL)
    path.write_text(wrapped.format(path.read_text()).replace("{}", ""))

    manifests = Renderer(overrides).pools([make.pool(name="a"), make.pool(name="b")])

    assert [kinds.name(manifest) for manifest in manifests] == ["a", "b"]


def test_missing_override_folder(tmp_path: Path) -> None:
    """A folder that does not exist is an error of the configuration."""
    with pytest.raises(ConfigInvalid, match="does not exist"):
        Renderer(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("spiderippools.yaml.j2", "did you mean spiderippool.yaml.j2?"),
        ("spiderippool.yaml", "did you mean spiderippool.yaml.j2?"),
        ("cloud-config.yaml.j2", "did you mean ccm/cloud-config.yaml.j2?"),
        ("x.yaml", "templates are apps/cluster-ip-service.yaml.j2, "),
    ],
)
def test_override_of_nothing(overrides: Path, name: str, suggestion: str) -> None:
    """A file that would replace no template is an error with a suggestion."""
    (overrides / name).touch()

    with pytest.raises(TemplateInvalid, match="no built-in template has this name") as caught:
        Renderer(overrides)
    assert str(caught.value.hint).startswith(suggestion)


def test_other_files_of_the_folder_are_left_alone(make: SimpleNamespace, overrides: Path) -> None:
    """A README and hidden files beside the templates are nobody's business."""
    (overrides / "README.md").touch()
    (overrides / ".git").mkdir()
    (overrides / ".git" / "config.yaml").touch()

    assert Renderer(overrides).pool(make.pool())["kind"] == "SpiderIPPool"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{{ subnet }}", "{{ subnet | }}", ":20: expected token"),
        ("{{ subnet }}", "{{ subent }}", ":20: 'subent' is undefined"),
        ("{{ subnet }}", "{{ subnet.nothing }}", ":20: 'str object' has no attribute 'nothing'"),
        ("{{ subnet }}", "{{ subnet.__class__ }}", ":20: access to attribute '__class__' of 'str' object is unsafe."),
        ("{{ subnet }}", "{% include 'nothing.j2' %}", ":20: there is no template nothing.j2"),
        ("{{ subnet }}", "{{ 1 / 0 }}", ":20: division by zero"),
        ("{{ subnet }}", "{{ 1.5 }}", "a value of type float can't be written as YAML"),
        ("{{ subnet }}", '"{{ subnet }}"', ":20: values get their quotes by themselves"),
        ("{{ subnet }}", "net-{{ subnet }}", ":20: a value has to stand alone"),
        ("{{ subnet }}", "{{ subnet }}/24", ":20: a value has to stand alone"),
        ("{{ subnet }}", "{{ subnet }}{{ nic }}", ":20: a value has to stand alone"),
        ("{{ subnet }}", "[", "does not give YAML for SpiderIPPool worker-eth1"),
        (
            "{{ subnet }}",
            "{{ subnet }}\n  subnet: twice",
            "does not give YAML for SpiderIPPool worker-eth1: the key 'subnet'",
        ),
        ("kind: SpiderIPPool", "kind: ConfigMap", "gives ConfigMap worker-eth1 instead of SpiderIPPool worker-eth1"),
        ("{{ name }}", "{{ node }}", "gives SpiderIPPool worker instead of SpiderIPPool worker-eth1"),
        ("  labels:", "  namespace: default\n  labels:", "gives SpiderIPPool default/worker-eth1 instead of"),
        ("{{ managed_by }}", "me", "lacks the label app.kubernetes.io/managed-by: spidercli"),
        ("    app.kubernetes.io/managed-by: {{ managed_by }}\n", "", "lacks the label"),
        ("metadata:", "data:", "gives no object with metadata"),
        ("spec:", "---\nspec:", "gives 2 objects instead of 1"),
    ],
)
def test_bad_template_says_where(make: SimpleNamespace, overrides: Path, old: str, new: str, problem: str) -> None:
    """What is wrong with a template is told with its file, and its line where Jinja knows it."""
    path = override(overrides, POOL, old, new)

    message = failure(overrides, make.pool()).message

    assert message.startswith(str(path))
    assert problem in message


def test_empty_template(make: SimpleNamespace, overrides: Path) -> None:
    """A template that gives nothing is an error."""
    (overrides / POOL).touch()

    assert "gives 0 objects instead of 1 (SpiderIPPool worker-eth1)" in failure(overrides, make.pool()).message


def test_undefined_name_offers_the_known_ones(make: SimpleNamespace, overrides: Path) -> None:
    """Who mistypes a name is told which there are."""
    override(overrides, POOL, "{{ subnet }}", "{{ subent }}")

    assert "nic, node, subnet, vswitch_id" in str(failure(overrides, make.pool()).hint)


def test_template_that_is_no_text(make: SimpleNamespace, overrides: Path) -> None:
    """A file in another encoding than UTF-8 is an error, not a traceback."""
    (overrides / POOL).write_bytes(b"\xff\xfe")

    assert "can't be read" in failure(overrides, make.pool()).message


def test_the_pool_at_fault_is_named(make: SimpleNamespace, overrides: Path) -> None:
    """Of many pools the one whose manifest is wrong is named."""
    override(overrides, POOL, "kind: SpiderIPPool", "kind: {{ 'SpiderIPPool' if node == 'worker' else 'Pod' }}")
    pools = [make.pool(name="a"), make.pool(name="b", node="other"), make.pool(name="c")]

    with pytest.raises(TemplateInvalid, match="gives Pod b instead of SpiderIPPool b"):
        Renderer(overrides).pools(pools)


def test_objects_of_two_pools_are_not_mixed_up(make: SimpleNamespace, overrides: Path) -> None:
    """Nothing for one pool and two objects for the next are not taken for one each."""
    text = (builtin_folder() / POOL).read_text()
    (overrides / POOL).write_text("{% for _ in range(0 if name == 'a' else 2) %}\n---\n" + text + "{% endfor %}\n")

    with pytest.raises(TemplateInvalid, match=r"gives 0 objects instead of 1 \(SpiderIPPool a\)"):
        Renderer(overrides).pools([make.pool(name="a"), make.pool(name="b")])


@pytest.mark.parametrize(
    "text", ["spec:\n  providerID: {{ uid }}\n", "kind: Node\nspec: {}\n", "[]", "spec: {}\n---\na: b"]
)
def test_provider_id_template_has_no_freedom(make: SimpleNamespace, overrides: Path, text: str) -> None:
    """ProviderID is written once and for ever, so the patch is what it is."""
    (overrides / "provider-id.yaml.j2").write_text(text)

    with pytest.raises(TemplateInvalid, match=r"provider-id\.yaml\.j2: "):
        Renderer(overrides).provider_id(make.node(uid="u-1"))


def test_a_copy_of_all_templates_changes_nothing(make: SimpleNamespace, tmp_path: Path) -> None:
    """Copying the whole built-in folder is a good start for own templates."""
    folder = tmp_path / "copy"
    shutil.copytree(builtin_folder(), folder)

    assert Renderer(folder).apps() == Renderer().apps()
    assert Renderer(folder).pool(make.pool()) == Renderer().pool(make.pool())


def test_templates_are_found() -> None:
    """Every template that the code names exists, and the other way round."""
    assert template_names() == [
        "apps/cluster-ip-service.yaml.j2",
        "apps/daemonset.yaml.j2",
        "apps/http-service.yaml.j2",
        "apps/tcp-service.yaml.j2",
        "ccm/cloud-config.yaml.j2",
        "ccm/cloud-controller-manager.yaml.j2",
        "ccm/secret.yaml.j2",
        "provider-id.yaml.j2",
        "spiderippool.yaml.j2",
        "spidermultusconfig.yaml.j2",
    ]
