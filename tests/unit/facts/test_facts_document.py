"""An inventory survives its file, people can write one by hand, and mistakes are told with their lines."""

from __future__ import annotations

import ipaddress
import random
import textwrap
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spidercli import addresses, yamltext
from spidercli.config.schema import Config
from spidercli.errors import DocumentInvalid
from spidercli.facts import document
from spidercli.facts.assemble import inventory
from spidercli.facts.nics import name_order
from spidercli.model import AddressBlock, EniInTransit, Inventory, MatchedBy, NamedBy, Nic, Node, Source, Transit

SHORTEST = """\
apiVersion: spidercli.io/v1
kind: Inventory
region: cn-hangzhou
nodes:
  - name: worker
    instance: i-worker
    nics:
      - name: eth1
        ipv4:
          subnet: 192.168.0.0/24
          addresses: [192.168.0.161-192.168.0.165]
      - name: eth0
        primaryIP: 172.31.199.184
        ipv4:
          subnet: 172.31.192.0/20
          addresses:
            - 172.31.199.190
            - 172.31.199.192-172.31.199.194
            - 172.31.199.191
"""


def problems(text: str) -> list[str]:
    with pytest.raises(DocumentInvalid) as caught:
        document.parse(text, "inv.yaml")
    return caught.value.message.splitlines()


def outcome(text: str) -> list[str]:
    """The lines of the error, none if the text is an inventory."""
    try:
        document.parse(text, "inv.yaml")
    except DocumentInvalid as error:
        return error.message.splitlines()
    return []


def changed(old: str, new: str) -> list[str]:
    """The problems of the shortest document with one of its texts replaced."""
    assert SHORTEST.count(old) == 1, f"{old!r} is not unique"
    return problems(SHORTEST.replace(old, new))


def test_guide_inventory_reads_well(build: Any) -> None:
    """The file of the guide's first node, as a person sees it."""
    text = document.dump(inventory(build.guide_facts(), build.guide_nodes(), Config()))

    assert (
        text.splitlines()[3:33]
        == textwrap.dedent("""\
        apiVersion: spidercli.io/v1
        kind: Inventory
        source: openapi
        region: cn-hangzhou
        nodes:
        - name: master
          instance: i-master
          instanceType: ecs.g7.large
          zone: cn-hangzhou-i
          vpc: vpc-1
          matchedBy: internal-ip
          nics:
          - name: eth0
            primary: true
            namedBy: primary
            eni: eni-m0
            mac: "00:16:3e:00:00:01"
            vswitch: vsw-172
            primaryIP: "172.31.199.183"
            freeAddresses: 4000
            ipv4:
              subnet: "172.31.192.0/20"
              addresses:
              - "172.31.199.185-172.31.199.189"
          - name: eth1
            primary: false
            namedBy: creation-order
            eni: eni-m1
            mac: "00:16:3e:00:00:01"
            vswitch: vsw-192
        """).splitlines()
    )


def test_shortest_document_has_sensible_defaults() -> None:
    """By hand, a node is its name, its instance and its addresses; eth0 is the primary NIC."""
    found = document.parse(SHORTEST, "inv.yaml")

    (worker,) = found.nodes
    eth0, eth1 = worker.nics
    assert (found.source, worker.region_id, worker.matched_by) == (Source.FILE, "cn-hangzhou", MatchedBy.CLOUD)
    assert (worker.uid, worker.provider_id, worker.vpc_id) == ("", "", "")
    assert (eth0.name, eth0.primary, eth0.named_by) == ("eth0", True, NamedBy.CONFIG)
    assert (eth1.name, eth1.primary, eth1.primary_ip) == ("eth1", False, None)
    assert addresses.collapse(eth0.blocks[0].addresses) == ["172.31.199.190-172.31.199.194"]
    assert (eth1.blocks[0].subnet, eth1.blocks[0].gateway) == (IPv4Network("192.168.0.0/24"), None)


def test_enis_on_the_way_are_saved() -> None:
    """What was being detached when the file was saved is told; other files say nothing of it."""
    text = SHORTEST.replace("    nics:", "    inTransit: [{eni: eni-9, transit: detaching}]\n    nics:")
    found = document.parse(text, "inv.yaml")

    assert found.nodes[0].in_transit == (EniInTransit(eni_id="eni-9", transit=Transit.DETACHING),)
    assert document.parse(document.dump(found), "inv.yaml") == found
    assert "inTransit" not in document.dump(document.parse(SHORTEST, "inv.yaml"))
    assert problems(text.replace("transit: det", "Transit: det")) == [
        "inv.yaml:7: nodes[0].inTransit[0].transit: is missing",
        "inv.yaml:7: nodes[0].inTransit[0].Transit: is no key here, did you mean transit?",
    ]


def test_json_has_the_same_data() -> None:
    """`-o json` prints what the file says."""
    found = document.parse(SHORTEST, "inv.yaml")

    assert document.as_data(found) == yamltext.load(document.dump(found), where="inv.yaml").data


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("spidercli.io/v1", "v2", "inv.yaml:1: apiVersion: expected 'spidercli.io/v1'"),
        ("  - name: worker\n    instance", "  - instance", "inv.yaml:5: nodes[0].name: is missing"),
        ("name: worker", "name: Worker", "inv.yaml:5: nodes[0].name: expected a node name: lower-case letters"),
        (
            "name: worker",
            "name: 12",
            "inv.yaml:5: nodes[0].name: expected a text, found the number 12; put it in quotes",
        ),
        ("i-worker", "worker", "inv.yaml:6: nodes[0].instance: expected an instance id (i-…), found 'worker'"),
        ("i-worker", "i-worker\n    zones: x", "inv.yaml:7: nodes[0].zones: is no key here, did you mean zone?"),
        ("primaryIP:", "vlan:", "inv.yaml:13: nodes[0].nics[1].vlan: is no key here: name, primary, namedBy, eni"),
        ("primaryIP: 172.31.199.184", "primaryIP: 5", "inv.yaml:13: nodes[0].nics[1].primaryIP: expected an IPv4"),
        (
            "172.31.199.184",
            "10.0.0.1",
            "inv.yaml:13: nodes[0].nics[1].primaryIP: 10.0.0.1 is not in 172.31.192.0/20",
        ),
        (
            "172.31.199.184",
            "172.31.199.193",
            "inv.yaml:18: nodes[0].nics[1].ipv4.addresses[1]: 172.31.199.193 is already at nodes[0].nics[1].primaryIP",
        ),
        (
            "- 172.31.199.191",
            "- 172.31.199.193",
            "inv.yaml:19: nodes[0].nics[1].ipv4.addresses[2]: 172.31.199.193 is already at nodes[0].nics[1].ipv4",
        ),
        (
            "192.168.0.161-192.168.0.165",
            "192.168.0.250-192.168.1.2",
            "inv.yaml:11: nodes[0].nics[0].ipv4.addresses[0]: 192.168.0.250-192.168.1.2 is not in 192.168.0.0/24",
        ),
        (
            "192.168.0.161-192.168.0.165",
            "192.168.0.9-192.168.0.1",
            "inv.yaml:11: nodes[0].nics[0].ipv4.addresses[0]: '192.168.0.9-192.168.0.1' runs backwards",
        ),
        (
            "192.168.0.0/24",
            "192.168.0.1/24",
            "inv.yaml:10: nodes[0].nics[0].ipv4.subnet: '192.168.0.1/24' has host bits",
        ),
        ("192.168.0.0/24", "2408::/64", "inv.yaml:10: nodes[0].nics[0].ipv4.subnet: 2408::/64 is no IPv4 subnet"),
        (
            "subnet: 192.168.0.0/24",
            "subnet: 192.168.0.0/24\n          gateway: 10.0.0.1",
            "inv.yaml:11: nodes[0].nics[0].ipv4.gateway: 10.0.0.1 is not in 192.168.0.0/24",
        ),
        (
            "- name: eth1",
            "- name: eth0\n        primary: false",
            "inv.yaml:13: nodes[0].nics[1].name: eth0 is already at nodes[0].nics[0].name",
        ),
        (
            "- name: eth1",
            "- name: eth1\n        primary: true",
            "inv.yaml:13: nodes[0].nics[1].primary: eth1 is already the primary NIC of worker",
        ),
        (
            "- name: eth1",
            "- name: eth1\n        primary: 'yes'",
            "inv.yaml:9: nodes[0].nics[0].primary: expected true or false",
        ),
        ("- name: eth1", "- name: eth1\n        eni: a b", "inv.yaml:9: nodes[0].nics[0].eni: expected letters"),
        (
            "region: cn-hangzhou",
            "region: cn-hangzhou\nregion: x",
            "inv.yaml:4:1: the key 'region' is already on line 3",
        ),
        ("kind: Inventory", "kind: [", "inv.yaml:4:6: did not find"),
    ],
)
def test_mistake_is_told_with_its_line(old: str, new: str, expected: str) -> None:
    """File, line and key path come first, then what is wrong."""
    (problem,) = changed(old, new)

    assert problem.startswith(expected)


def test_every_problem_is_told_in_order_of_lines() -> None:
    """One look at the message mends the whole file."""
    found = changed("instance: i-worker\n", "instanse: i-worker\n    zone: [x]\n    nicks: 5\n")

    assert [problem.split(": ")[:2] for problem in found] == [
        ["inv.yaml:5", "nodes[0].instance"],
        ["inv.yaml:6", "nodes[0].instanse"],
        ["inv.yaml:7", "nodes[0].zone"],
        ["inv.yaml:8", "nodes[0].nicks"],
    ]


def test_repeated_nodes_instances_and_enis_are_errors() -> None:
    """Names and ids that tell objects apart may not repeat in the file."""
    node = "  - {name: a, instance: i-1, nics: [{name: eth0, eni: eni-1}]}\n"

    assert problems(SHORTEST.partition("  - ")[0] + node * 2) == [
        "inv.yaml:6: nodes[1].name: a is already at nodes[0].name",
        "inv.yaml:6: nodes[1].instance: i-1 is already at nodes[0].instance",
        "inv.yaml:6: nodes[1].nics[0].eni: eni-1 is already at nodes[0].nics[0].eni",
    ]


def test_very_many_problems_are_cut() -> None:
    """Nobody reads a thousand lines of errors."""
    found = problems(SHORTEST.partition("  - ")[0] + "  - 5\n" * 1000)

    assert len(found) == 51
    assert found[-1] == "and 950 more problems"


@pytest.mark.parametrize("text", ["", "5", "[]", "a", "- a\n- b", "null"])
def test_other_yaml_is_no_inventory(text: str) -> None:
    """A text that is not even a mapping gets one plain sentence."""
    (problem,) = problems(text)

    assert problem.startswith("inv.yaml:1: expected a mapping, found")


def test_hostile_key_is_escaped() -> None:
    """A key goes into the message without its control characters, and not at full length."""
    (problem,) = changed("    instance", f'    "\\e[2J{"x" * 500}": 1\n    instance')

    assert problem.isprintable()
    assert len(problem) < 300


def test_huge_ranges_are_refused_without_listing_them() -> None:
    """A file that fits on a screen can't ask for more addresses than memory holds."""
    subnets = [
        f"        {{name: eth{n}, ipv6: {{subnet: 'fd{n:02}::/64', addresses: ['fd{n:02}::-fd{n:02}::ffff']}}}}"
        for n in range(20)
    ]
    nics = ",\n".join(subnets)

    (problem,) = problems(SHORTEST.partition("    nics:")[0] + f"    nics: [\n{nics}]\n")

    assert problem.startswith("inv.yaml:4: nodes: 1,310,720 addresses in all, at most 1,048,576")


def test_deep_nesting_is_refused() -> None:
    """A text made to exhaust the parser is an error like any other."""
    (problem,) = problems("[" * 100_000)

    assert problem.startswith("inv.yaml:1:")


def _inventory(draw: st.DrawFn) -> Inventory:
    names = sorted(
        draw(st.sets(st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?(\.[a-z0-9]{1,5})?", fullmatch=True), max_size=4))
    )
    rng = random.Random(draw(st.integers()))
    token = st.sampled_from(
        ["", "a", "no", "0x1f", "1e3", "~", "00:16:3e:01:02:03", "#x", "{a", "*x", "'", '"', "yes", "2024-01-01"]
    )
    nodes = tuple(
        Node(
            name=name,
            uid=draw(token),
            provider_id=draw(token),
            instance_id=f"i-{number}",
            instance_type=draw(token),
            region_id=draw(st.sampled_from(["cn-hangzhou", "cn-beijing"])),
            zone_id=draw(token),
            vpc_id=draw(token),
            matched_by=draw(st.sampled_from(MatchedBy)),
            own_addresses=draw(st.sampled_from([(), (IPv4Address("10.0.0.9"), IPv6Address("2408::9"))])),
            nics=_nics(draw, number, rng),
        )
        for number, name in enumerate(names)
    )
    return Inventory(source=draw(st.sampled_from(Source)), region_id="cn-hangzhou", nodes=nodes)


def _nics(draw: st.DrawFn, number: int, rng: random.Random) -> tuple[Nic, ...]:
    names = draw(st.sets(st.from_regex(r"[a-z]{1,4}[0-9]{1,3}(\.[0-9]{1,2})?", fullmatch=True), min_size=1, max_size=3))
    primary = draw(st.sampled_from([*sorted(names), None]))
    nics = [_nic(draw, name, name == primary, (number << 4) + index, rng) for index, name in enumerate(sorted(names))]
    return tuple(sorted(nics, key=lambda nic: name_order(nic.name, primary=nic.primary)))


def _nic(draw: st.DrawFn, name: str, primary: bool, number: int, rng: random.Random) -> Nic:
    net4 = IPv4Network((int(IPv4Address("10.0.0.0")) + (number << 8), 24))
    net6 = ipaddress.ip_network(f"2408:0:0:{number:x}::/64")
    own = draw(st.sampled_from([None, net4[0]]))
    blocks = [_block(draw, net4, rng)] * draw(st.integers(0, 1)) + [_block(draw, net6, rng)] * draw(st.integers(0, 1))
    return Nic(
        name=name,
        named_by=draw(st.sampled_from(NamedBy)),
        eni_id=draw(st.sampled_from(["", f"eni-{number}"])),
        mac=draw(st.sampled_from(["", "00:16:3e:01:02:03", "11:22:33:44:55:06"])),
        vswitch_id=draw(st.sampled_from(["", "vsw-1"])),
        primary=primary,
        primary_ip=own,
        free_addresses=draw(st.sampled_from([None, 0, 4000])),
        blocks=tuple(blocks),
    )


def _block(draw: st.DrawFn, subnet: Any, rng: random.Random) -> AddressBlock:
    numbers = sorted(rng.sample(range(1, 250), rng.randint(0, 30)))
    return AddressBlock(
        subnet=subnet,
        gateway=draw(st.sampled_from([None, subnet[253]])),
        addresses=addresses.gathered(subnet[number] for number in numbers),
    )


@given(found=st.composite(_inventory)())
def test_inventory_survives_its_file(found: Inventory) -> None:
    """What is written is read back, value for value, and writing it again gives the same bytes."""
    text = document.dump(found)

    again = document.parse(text, "inv.yaml")
    assert again == found
    assert document.dump(again) == text


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["eth0", "10.0.0.0/8", "::1-::5"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "nics", "ipv4", "subnet", "addresses"]), inner)
    ),
    max_leaves=8,
)


def _spoil(value: Any, steps: list[int], poison: object) -> Any:
    """A copy of a document with one value in it replaced, found by walking `steps`."""
    if not steps or not isinstance(value, (dict, list)) or not value:
        return poison
    if isinstance(value, dict):
        chosen = list(value)[steps[0] % len(value)]
        return {key: _spoil(each, steps[1:], poison) if key == chosen else each for key, each in value.items()}
    chosen_index = steps[0] % len(value)
    return [_spoil(each, steps[1:], poison) if index == chosen_index else each for index, each in enumerate(value)]


@given(steps=st.lists(st.integers(0, 9), min_size=1, max_size=8), poison=VALUES)
def test_wrong_value_anywhere_is_an_error_and_no_traceback(steps: list[int], poison: object) -> None:
    """Whatever stands at whatever place, the answer is an inventory or a DocumentInvalid with a line."""
    spoilt = yamltext.dump(_spoil({"": yamltext.load(SHORTEST, where="").data}, [0, *steps], poison)[""])
    for line in outcome(spoilt):
        assert line.startswith("inv.yaml:")
        assert line.isprintable()


@given(st.text(), st.integers(0, len(SHORTEST)), st.integers(0, 40))
@settings(max_examples=200)
def test_damaged_text_is_an_error_and_no_traceback(noise: str, start: int, length: int) -> None:
    """A text with a piece cut out and noise put in is read, or refused with a line."""
    for line in outcome(SHORTEST[:start] + noise + SHORTEST[start + length :]):
        assert line.startswith("inv.yaml:")


def test_zone_of_an_address_is_refused() -> None:
    """An IPv6 address with %eth0 is one host's business."""
    block = "ipv6: {subnet: 'fe80::/64', addresses: ['fe80::1%eth0']}"

    assert "expected an address or a range a-b" in changed("- name: eth1", f"- name: eth1\n        {block}")[0]


def test_ipv6_block_is_read() -> None:
    """A NIC may have a block of each family, with a gateway."""
    block = "ipv6: {subnet: 'fd00::/64', gateway: 'fd00::1', addresses: ['fd00::5-fd00::6']}"
    text = SHORTEST.replace("- name: eth1", f"- name: eth1\n        {block}")

    block6 = document.parse(text, "inv.yaml").nodes[0].nics[1].blocks[1]

    assert block6.addresses == (IPv6Address("fd00::5"), IPv6Address("fd00::6"))
    assert block6.gateway == IPv6Address("fd00::1")
