"""Which fault strikes which call, and how faults are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli.errors import UsageProblem
from spidercli.sandbox import faults
from spidercli.sandbox.faults import Fault, Faults, Kind

_ECS = "ecs:DescribeInstances"


def _kinds(registry: Faults, *calls: str) -> list[Kind | None]:
    """What happens to calls, one after the other."""
    taken = [registry.take(call) for call in calls]
    return [fault.kind if fault else None for fault in taken]


def test_one_call_is_struck() -> None:
    """By default a fault strikes the first call that matches, and no other."""
    registry = Faults()
    registry.add(Fault(kind=Kind.ERROR, call="ecs:Describe*"))

    assert _kinds(registry, "vpc:DescribeVSwitches", _ECS, _ECS) == [None, Kind.ERROR, None]


def test_some_calls_are_struck() -> None:
    """`first` and `times` choose a run of the calls that match."""
    registry = Faults()
    registry.add(Fault(kind=Kind.ERROR, call=_ECS, first=2, times=2))

    assert _kinds(registry, *[_ECS] * 5) == [None, Kind.ERROR, Kind.ERROR, None, None]


def test_all_calls_from_then_on() -> None:
    """Without a number of times a fault stays."""
    registry = Faults()
    registry.add(Fault(kind=Kind.ERROR, call=_ECS, first=2, times=None))

    assert _kinds(registry, *[_ECS] * 4) == [None, *[Kind.ERROR] * 3]


def test_faults_take_turns() -> None:
    """The oldest fault that is due strikes; what strikes counts as a call for the others, which wait."""
    registry = Faults()
    registry.add(Fault(kind=Kind.ERROR, call=_ECS))
    registry.add(Fault(kind=Kind.THROTTLED, call=_ECS, first=2), Fault(kind=Kind.SLOW, call=_ECS, first=2))

    assert _kinds(registry, *[_ECS] * 4) == [Kind.ERROR, Kind.THROTTLED, Kind.SLOW, None]


def test_calls_that_don_t_fit_do_not_count() -> None:
    """A call for which a kind makes no sense is passed over, by its side or because the server says so."""
    registry = Faults()
    registry.add(Fault(kind=Kind.STALE, call="*", first=2))

    passed = [registry.take("k8s:list:nodes"), registry.take(_ECS, senseless={Kind.STALE}), registry.take(_ECS)]

    assert passed == [None, None, None]
    assert _kinds(registry, _ECS) == [Kind.STALE]


def test_what_struck_is_remembered() -> None:
    """The record has every call that was struck, in order; each fault knows how often it was it."""
    registry = Faults()
    all_of_ecs, never = Fault(kind=Kind.ERROR, call="ecs:*", times=None), Fault(kind=Kind.LOST, call="sts:*")
    registry.add(all_of_ecs, never)
    for call in (_ECS, "vpc:DescribeVSwitches", "ecs:DescribeNetworkInterfaces"):
        registry.take(call)

    assert registry.struck == [(_ECS, Kind.ERROR), ("ecs:DescribeNetworkInterfaces", Kind.ERROR)]
    assert registry.strikes == [(all_of_ecs, 2), (never, 0)]


def test_clear() -> None:
    """Afterwards everything works, and what struck is still known."""
    registry = Faults()
    registry.add(Fault(kind=Kind.ERROR, call="*", times=None))
    registry.take(_ECS)
    registry.clear()

    assert (registry.take(_ECS), registry.struck) == (None, [(_ECS, Kind.ERROR)])


def test_looking_ahead_counts_nothing() -> None:
    """Asking what would strike the next call leaves everything as it is."""
    registry = Faults()
    registry.add(Fault(kind=Kind.ERROR, call=_ECS, first=2))

    assert not registry.ahead(_ECS)
    registry.take(_ECS)
    assert [fault.kind for fault in registry.ahead(_ECS) + registry.ahead(_ECS)] == [Kind.ERROR, Kind.ERROR]
    assert _kinds(registry, _ECS) == [Kind.ERROR]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("ecs:Describe*=throttled", Fault(kind=Kind.THROTTLED, call="ecs:Describe*")),
        ("*=slow,seconds=0.5", Fault(kind=Kind.SLOW, call="*", seconds=0.5)),
        ("k8s:patch:spiderippools=webhook-down,first=2,times=3", None),
        ("k8s:get:/version=hang,times=all", Fault(kind=Kind.HANG, call="k8s:get:/version", times=None)),
        ("[!k]*=error", Fault(kind=Kind.ERROR, call="[!k]*")),
        ("metadata:PUT=cut,times=2,first=7", Fault(kind=Kind.CUT, call="metadata:PUT", first=7, times=2)),
    ],
)
def test_parse(text: str, fault: Fault | None) -> None:
    """A fault's text has the calls, the kind, and any of the three numbers."""
    pools = Fault(kind=Kind.WEBHOOK_DOWN, call="k8s:patch:spiderippools", first=2, times=3)

    assert faults.parse(text) == (fault or pools)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it has to be CALL=KIND"),
        ("throttled", "it has to be CALL=KIND"),
        ("=throttled", "it has to be CALL=KIND"),
        ("ecs:*=", "there is no kind ''"),
        ("ecs:*=broken", "there is no kind 'broken'; known are throttled, "),
        ("ecs:*=error,first=0", "'first=0' is not one of first=N, times=N, times=all and seconds=S"),
        ("ecs:*=error,times=-1", "'times=-1' is not one of"),
        ("ecs:*=error,times", "'times' is not one of"),
        ("ecs:*=slow,seconds=nan", "'seconds=nan' is not one of"),
        ("ecs:*=slow,seconds=-1", "'seconds=-1' is not one of"),
        ("ecs:*=slow,often=2", "'often=2' is not one of"),
        ("eks:*=error", "a call begins with one of ecs:, vpc:, sts:, metadata:, k8s:"),
        ("k8s:*=stale", "stale makes no sense there; known are error, "),
        ("ecs:*=webhook-down", "webhook-down makes no sense there"),
        ("vpc:*=short", "short makes no sense there"),
        ("sts:*=stale", "stale makes no sense there"),
        ("metadata:*=throttled-user", "throttled-user makes no sense there"),
        ("[evs]*:*=conflict", "conflict makes no sense there"),
    ],
)
def test_parse_refuses(text: str, problem: str) -> None:
    """What can't be read, or can't happen there, is a wrong use that shows an example."""
    with pytest.raises(UsageProblem) as caught:
        faults.parse(text)

    assert caught.value.message.startswith(f"--fault {text}: {problem}")
    assert caught.value.hint is not None
    faults.parse(caught.value.hint.partition(";")[0].removeprefix("for example "))


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_explained(kind: Kind) -> None:
    """A name alone does not say what was done, what comes back, and where it can happen."""
    assert faults.EXPLAINED[kind]
    for side in faults.sides(kind):
        assert faults.parse(f"{side}:*={kind}").kind is kind


@given(
    kind=st.sampled_from([Kind.ERROR, Kind.SLOW, Kind.LOST]),
    call=st.sampled_from(["*", "ecs:Describe*", "k8s:patch:spiderippools", "k8s:get:/version"]),
    first=st.integers(1, 10**6),
    times=st.none() | st.integers(1, 10**6),
    seconds=st.floats(0, 10**6),
)
def test_a_faults_text_says_all_of_it(kind: Kind, call: str, first: int, times: int | None, seconds: float) -> None:
    """What a fault is printed as can be read again."""
    fault = Fault(kind=kind, call=call, first=first, times=times, seconds=seconds)

    assert faults.parse(str(fault)) == fault
