"""The ENIs of a node get the names that they have on the node."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from spidercli.config.schema import Interface, InterfaceMatch
from spidercli.facts import nics
from spidercli.model import Eni, NamedBy, Source


def rule(name: str, **match: Any) -> Interface:
    return Interface(name=name, match=InterfaceMatch(**match))


def names(
    enis: Iterable[Eni], interfaces: Sequence[Interface] = (), source: Source = Source.OPENAPI
) -> dict[str, tuple[str, NamedBy]]:
    found = nics.named(enis, nics.rules(interfaces), source)
    assert not list(nics.problems("worker", found))
    return {each.eni.eni_id: (each.name, each.named_by) for each in found}


def problems(enis: Iterable[Eni], interfaces: Sequence[Interface] = ()) -> list[str]:
    found = nics.named(enis, nics.rules(interfaces), Source.OPENAPI)
    return [problem.message for problem in nics.problems("worker", found)]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "Attaching"},
        {"status": "Available", "instance_id": ""},
        {"kind": "Trunk"},
        {"kind": "Member"},
        {"service_managed": True},
        {"traffic_mode": "HighPerformance"},
    ],
)
def test_eni_that_pods_may_not_use_is_left_out(build: Any, fields: dict[str, Any]) -> None:
    """Attached, ordinary and ours to use: an ENI that is not all of it carries no pods."""
    enis = [build.eni("eni-0", primary=True), build.eni("eni-1", **fields)]

    assert list(names(enis)) == ["eni-0"]


def test_device_index_names_secondaries(build: Any) -> None:
    """Index n is eth<n>, and the primary ENI is eth0 and first, whatever the order of the answer."""
    enis = [
        build.eni("eni-c", device_index=10),
        build.eni("eni-b", device_index=2),
        build.eni("eni-a", primary=True),
    ]

    assert list(names(enis).items()) == [
        ("eni-a", ("eth0", NamedBy.PRIMARY)),
        ("eni-b", ("eth2", NamedBy.DEVICE_INDEX)),
        ("eni-c", ("eth10", NamedBy.DEVICE_INDEX)),
    ]


@pytest.mark.parametrize("index", [None, 0])
def test_enis_without_a_device_index_leave_the_others_names_alone(build: Any, index: int | None) -> None:
    """Known names stay when an ENI is plugged whose index is not told yet: only that one's is guessed."""
    known = [
        build.eni("eni-0", primary=True),
        build.eni("eni-a", device_index=2, created_at="2023-07-21T03:00:00Z"),
        build.eni("eni-b", device_index=1, created_at="2023-07-21T04:00:00Z"),
    ]
    new = build.eni("eni-c", device_index=index, created_at="2023-07-21T02:00:00Z")

    assert names([*known, new]) == {**names(known), "eni-c": ("eth3", NamedBy.CREATION_ORDER)}


@pytest.mark.parametrize("status", ["Attaching", "Detaching"])
@pytest.mark.parametrize("index", [None, 1])
def test_eni_on_the_way_keeps_its_name(build: Any, status: str, index: int | None) -> None:
    """It carries no pods, but no other ENI gets its name."""
    moving = build.eni("eni-a", status=status, device_index=index)
    enis = [build.eni("eni-0", primary=True), moving, build.eni("eni-b")]

    assert names(enis)["eni-b"] == ("eth2", NamedBy.CREATION_ORDER)
    assert "eni-a" not in names(enis)


def test_eni_on_the_way_keeps_the_name_of_its_rule(build: Any) -> None:
    """The name that its rule gives stays taken, also where its successor meets the rule already."""
    leaving = build.eni("eni-a", vswitch_id="vsw-2", status="Detaching")
    enis = [build.eni("eni-0", primary=True), leaving, build.eni("eni-b")]
    interfaces = [rule("eth1", vswitch=["vsw-2"])]

    assert names(enis, interfaces)["eni-b"] == ("eth2", NamedBy.CREATION_ORDER)
    successor = build.eni("eni-c", vswitch_id="vsw-2")
    assert names([*enis, successor], interfaces)["eni-c"] == ("eth1", NamedBy.CONFIG)


def test_enis_on_the_way_are_told(build: Any) -> None:
    """Those that pods will be on, or were on; by id."""
    enis = [
        build.eni("eni-d", status="Detaching"),
        build.eni("eni-a", status="Attaching"),
        build.eni("eni-b"),
        build.eni("eni-c", status="Detaching", service_managed=True),
        build.eni("eni-e", status="Detaching", instance_id=""),
    ]

    assert [(each.eni_id, each.transit.words) for each in nics.in_transit(enis)] == [
        ("eni-a", "being attached to"),
        ("eni-d", "being detached from"),
    ]


def test_enis_created_at_once_are_ordered_by_id(build: Any) -> None:
    """The guess does not depend on the order of the answer."""
    enis = [build.eni("eni-0", primary=True), build.eni("eni-b"), build.eni("eni-a"), build.eni("eni-c")]
    shuffled = random.Random(7).sample(enis, len(enis))

    assert names(enis) == names(shuffled)
    assert [name for name, _ in names(enis).values()] == ["eth0", "eth1", "eth2", "eth3"]
    assert list(names(enis)) == ["eni-0", "eni-a", "eni-b", "eni-c"]


def test_enis_without_pods_take_up_a_name(build: Any) -> None:
    """A trunk ENI is eth1 on the node although it carries no pods, so the next one is eth2."""
    enis = [
        build.eni("eni-0", primary=True),
        build.eni("eni-a", kind="Trunk"),
        build.eni("eni-b"),
        build.eni("eni-c", kind="Member"),
        build.eni("eni-d"),
    ]

    assert {eni: name for eni, (name, _) in names(enis).items()} == {"eni-0": "eth0", "eni-b": "eth2", "eni-d": "eth3"}


def test_metadata_names_by_its_own_order(build: Any) -> None:
    """From the metadata service, names follow the order in which it lists MAC addresses."""
    enis = [build.eni("eni-z"), build.eni("eni-0", primary=True), build.eni("eni-a", device_index=7)]

    assert names(enis, source=Source.METADATA) == {
        "eni-0": ("eth0", NamedBy.PRIMARY),
        "eni-z": ("eth1", NamedBy.MAC),
        "eni-a": ("eth2", NamedBy.MAC),
    }


@pytest.mark.parametrize(
    "match",
    [
        {"vswitch": ["vsw-9", "vsw-2"]},
        {"cidr": ["10.9.0.0/16", "192.168.0.0/24"]},
        {"eniName": ["pods-*"]},
        {"tags": {"use": "pods"}},
        {"tags": {"use": ""}},
        {"vswitch": ["vsw-2"], "tags": {"use": "pods"}, "eniName": ["*"]},
    ],
)
def test_rule_names_the_eni_that_meets_it(build: Any, match: dict[str, Any]) -> None:
    """vSwitch, CIDR, ENI name and tags each find the ENI; keys of a rule count together."""
    pods = build.eni("eni-1", "192.168.0.9", name="pods-1", vswitch_id="vsw-2", tags={"use": "pods"})
    enis = [build.eni("eni-0", "172.31.0.9", primary=True), pods]

    assert names(enis, [rule("ens5", **match)])["eni-1"] == ("ens5", NamedBy.CONFIG)


def test_rule_is_not_met_by_half(build: Any) -> None:
    """All keys of a rule have to match."""
    enis = [build.eni("eni-0", primary=True), build.eni("eni-1", vswitch_id="vsw-2")]

    assert names(enis, [rule("ens5", vswitch=["vsw-2"], tags={"use": "pods"})])["eni-1"][0] == "eth1"


def test_first_rule_that_is_met_wins(build: Any) -> None:
    """Rules are asked in order, and may name the primary ENI too."""
    enis = [build.eni("eni-0", primary=True), build.eni("eni-1", vswitch_id="vsw-2")]
    interfaces = [rule("ens6", vswitch=["vsw-2"]), rule("ens5", eniName=["*"])]

    assert {eni: name for eni, (name, _) in names(enis, interfaces).items()} == {"eni-0": "ens5", "eni-1": "ens6"}


def test_counted_names_skip_those_that_rules_gave(build: Any) -> None:
    """A rule's eth1 makes the first of the other ENIs eth2."""
    enis = [build.eni("eni-0", primary=True), build.eni("eni-a"), build.eni("eni-b", vswitch_id="vsw-2")]

    assert names(enis, [rule("eth1", vswitch=["vsw-2"])]) == {
        "eni-0": ("eth0", NamedBy.PRIMARY),
        "eni-b": ("eth1", NamedBy.CONFIG),
        "eni-a": ("eth2", NamedBy.CREATION_ORDER),
    }


def test_rule_against_device_index_is_an_error(build: Any) -> None:
    """Two facts that give one name to two ENIs contradict each other; both are named."""
    enis = [
        build.eni("eni-0", primary=True),
        build.eni("eni-a", device_index=1),
        build.eni("eni-b", device_index=2, vswitch_id="vsw-2"),
    ]

    (problem,) = problems(enis, [rule("eth1", vswitch=["vsw-2"])])

    assert problem == "node worker: 2 ENIs have the name eth1: eni-b (by config) and eni-a (by device-index)"


def test_repeated_device_index_is_an_error(build: Any) -> None:
    """An index on two ENIs is not explained away."""
    enis = [build.eni("eni-0", primary=True), build.eni("eni-a", device_index=1), build.eni("eni-b", device_index=1)]

    assert problems(enis) == [
        "node worker: 2 ENIs have the name eth1: eni-a (by device-index) and eni-b (by device-index)"
    ]


def test_rule_that_two_enis_meet_is_an_error(build: Any) -> None:
    """A rule gives one name, so one ENI of a node may meet it."""
    enis = [build.eni("eni-0", primary=True), build.eni("eni-1")]

    assert problems(enis, [rule("eth5", vswitch=["vsw-1"])]) == [
        "node worker: 2 ENIs have the name eth5: eni-0 (by config) and eni-1 (by config)"
    ]


def test_node_without_primary_eni_is_an_error(build: Any) -> None:
    """Every instance has a primary ENI: a reading without one is not complete."""
    assert problems([build.eni("eni-1")]) == ["node worker: its instance has no primary ENI in use"]
    assert problems([]) == ["node worker: its instance has no primary ENI in use"]
