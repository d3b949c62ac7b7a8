"""Protobuf, the only encoding in which kubectl creates objects of built-in kinds from its options."""

from __future__ import annotations

import json
from typing import Any

import pytest

Kubectl = Any  # the class in conftest.py
Manifest = dict[str, Any]

_PROTOBUF = "application/vnd.kubernetes.protobuf"
_CONTAINER = {"name": "app", "image": "app:1", "command": ["run", "it"], "resources": {}}
_CREATED: dict[str, Manifest] = {
    "namespace": {"spec": {"finalizers": ["kubernetes"]}},
    "configmap --from-literal=a=b --from-literal=e=": {"data": {"a": "b", "e": ""}},
    "secret generic --from-literal=a=b": {"type": "Opaque", "data": {"a": "Yg=="}},
    "secret docker-registry --docker-username=u --docker-password=p": {"type": "kubernetes.io/dockerconfigjson"},
    "serviceaccount": {},
    "service clusterip --tcp=80:8080": {
        "spec": {
            "type": "ClusterIP",
            "sessionAffinity": "None",
            "ports": [{"name": "80-8080", "port": 80, "protocol": "TCP", "targetPort": 8080}],
        }
    },
    "service loadbalancer --tcp=443:https": {
        "spec": {"type": "LoadBalancer", "ports": [{"name": "443-https", "port": 443, "targetPort": "https"}]}
    },
    "service externalname --external-name=example.com": {
        "spec": {"type": "ExternalName", "externalName": "example.com", "sessionAffinity": "None"}
    },
    "deployment --image=app:1 --replicas=0 --port=80 -- run it": {
        "spec": {
            "replicas": 0,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {"spec": {"containers": [{**_CONTAINER, "ports": [{"containerPort": 80, "protocol": "TCP"}]}]}},
        }
    },
    "job --image=app:1 -- run it": {
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"command": ["run", "it"]}]}}}
    },
    "role --verb=get --resource=pods,deployments.apps --resource-name=one": {
        "rules": [
            {"apiGroups": [""], "resourceNames": ["one"], "resources": ["pods"], "verbs": ["get"]},
            {"apiGroups": ["apps"], "resourceNames": ["one"], "resources": ["deployments"], "verbs": ["get"]},
        ]
    },
    "rolebinding --clusterrole=view --serviceaccount=default:me": {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "name": "me", "namespace": "default"}],
    },
    "clusterrole --verb=get --non-resource-url=/logs": {"rules": [{"nonResourceURLs": ["/logs"], "verbs": ["get"]}]},
    "clusterrole --aggregation-rule=a=b": {
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]},
    },
    "clusterrolebinding --clusterrole=view --user=me": {
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "me"}]
    },
}


@pytest.mark.parametrize(("command", "expected"), _CREATED.items(), ids=_CREATED.keys())
def test_create(bare_kubectl: Kubectl, unique: Any, command: str, expected: Manifest) -> None:
    """What the options of `kubectl create` say, the object has."""
    kind, mark, options = command.partition(" --")
    name = unique()

    result = bare_kubectl("create", *kind.split(), name, "-o", "json", *f"{mark}{options}".split())

    assert 0 == result.returncode, result.stderr
    expected = {**expected, "metadata": {"name": name}}
    assert expected == _part(json.loads(result.stdout), expected)


def _part(found: Any, like: Any) -> Any:
    """What is in one value of the fields that another has."""
    if isinstance(like, dict) and isinstance(found, dict):
        return {key: _part(found.get(key), value) for key, value in like.items()}
    if isinstance(like, list) and isinstance(found, list) and len(found) == len(like):
        return [_part(*pair) for pair in zip(found, like, strict=True)]
    return found


def test_binary_value(bare_kubectl: Kubectl, client: Any, config_map: Manifest, tmp_path: Any) -> None:
    """A file that is no text becomes binary data."""
    file = tmp_path / "file"
    file.write_bytes(b"\xff\x00")

    bare_kubectl("create", "configmap", config_map["metadata"]["name"], f"--from-file={file}")

    assert {"file": "/wA="} == client.get(config_map).body["binaryData"]


def test_create_is_owned(bare_kubectl: Kubectl, client: Any, config_map: Manifest) -> None:
    """The fields belong to who sent them, and no field that is empty belongs to anybody."""
    bare_kubectl("create", "configmap", config_map["metadata"]["name"], "--from-literal=a=b")

    entry = client.get(config_map).body["metadata"]["managedFields"][0]
    assert "kubectl-create" == entry["manager"]
    assert {"f:data": {".": {}, "f:a": {}}} == entry["fieldsV1"]


def test_create_twice(bare_kubectl: Kubectl, config_map: Manifest) -> None:
    """A refusal reads as that of any other create."""
    name = config_map["metadata"]["name"]
    bare_kubectl("create", "configmap", name)

    again = bare_kubectl("create", "configmap", name)

    assert f'error: failed to create configmap: configmaps "{name}" already exists\n' == again.stderr


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "empty data (<empty>)"),
        (b"{}", "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})"),
        (b"k8s\x00\x0a\xff", "unexpected EOF (6b3873000aff)"),
        (b"k8s\x00\x0a\x09", "unexpected EOF (6b3873000a09)"),
    ],
    ids=["nothing", "JSON", "no end of a length", "no end of a field"],
)
def test_malformed_protobuf(client: Any, config_map: Manifest, body: bytes, told: str) -> None:
    """Bytes that are no message are refused, and shown in hexadecimal digits."""
    reply = client.call("POST", client.path(config_map, collection=True), body, kind=_PROTOBUF)

    wrong = f"the object provided is unrecognized (must be of type ConfigMap): {told}"
    assert (400, wrong) == (reply.status, reply.body["message"])


def test_other_kind_in_protobuf(client: Any, config_map: Manifest) -> None:
    """A message of another kind is none of the collection's."""
    secret = b"k8s\x00\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x00"

    reply = client.call("POST", client.path(config_map, collection=True), secret, kind=_PROTOBUF)

    assert 400 == reply.status
    assert 'Secret in version "v1" cannot be handled as a ConfigMap' in reply.body["message"]


def test_options_of_a_deletion(client: Any, config_map: Manifest) -> None:
    """A deletion with a precondition in protobuf is held to it."""
    client.create(config_map)
    precondition = b"\x12\x07\x0a\x05other"
    options = b"k8s\x00\x0a\x13\x0a\x02v1\x12\x0dDeleteOptions\x12\x09" + precondition

    reply = client.call("DELETE", client.path(config_map), options, kind=_PROTOBUF)

    assert (409, "Conflict") == (reply.status, reply.body["reason"])
    assert "the UID in the precondition (other) does not match" in reply.body["message"]


def test_other_media_types(client: Any, config_map: Manifest, pool: Manifest) -> None:
    """What is none of the encodings is refused with their list, for custom resources, too."""
    accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    for manifest in (config_map, pool):
        reply = client.call("POST", client.path(manifest, collection=True), "{}", kind="text/plain")

        assert (415, "UnsupportedMediaType") == (reply.status, reply.body["reason"])
        assert reply.body["message"].endswith(f"accepted media types include: {accepted}")


def test_questions_about_access(kubectl: Kubectl) -> None:
    """`kubectl auth` asks in protobuf, too."""
    assert "yes\n" == kubectl("auth", "can-i", "delete", "nodes").stdout
    assert "sandbox" in kubectl("auth", "whoami").stdout
