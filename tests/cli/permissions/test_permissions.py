"""examples/permissions grants what the commands need, and nothing else."""

from __future__ import annotations

import dataclasses

import pytest

from tests.cli.permissions import grants, stories
from tests.cli.permissions.grants import Ask


def _asked(story: str) -> set[Ask]:
    return {ask for request in stories.heard(story).requests for ask in grants.asks(request)}


def _account(story: str) -> str:
    return "spidercli-read" if story in stories.READS else "spidercli-sync"


def _granting(story: str) -> set[str]:
    """The files without which a story's account may not do everything."""
    given = [grant for grant in grants.grants() if grant.account == _account(story)]
    return {grant.file for grant in given if any(grant.allows(ask) for ask in _asked(story))}


@pytest.mark.parametrize("story", stories.names())
def test_everything_asked_for_is_granted(story: str) -> None:
    """The account of a command may do all that the command does in the cluster."""
    given = [grant for grant in grants.grants() if grant.account == _account(story)]

    assert {ask for ask in _asked(story) if not any(grant.allows(ask) for grant in given)} == set()


def test_every_grant_is_used() -> None:
    """Each grant is needed by some story of its account: nothing is superfluous."""
    used = {
        grant
        for story in stories.names()
        for grant in grants.grants()
        if grant.account == _account(story) and any(grant.allows(ask) for ask in _asked(story))
    }

    assert set(grants.grants()) - used == set()


def test_no_grant_is_told_twice() -> None:
    """Each file of an account adds what the others lack."""
    told = [dataclasses.replace(each, file="") for each in grants.grants()]

    assert len(set(told)) == len(told)


def test_nothing_is_granted_by_a_pattern() -> None:
    """Verbs, resources and groups are spelled out."""
    assert [each for each in grants.grants() if "*" in (each.verb, each.group, each.resource, each.name)] == []


def test_the_only_other_path_is_the_version() -> None:
    """What is no resource is readable to everybody."""
    paths = {each.path for story in stories.names() for each in stories.heard(story).requests if not each.plural}

    assert paths == {"/version"}


def test_the_ram_policy_has_every_action_and_no_other() -> None:
    """The policy allows the calls that are made, which only read."""
    calls = {call for story in stories.names() for call in stories.heard(story).calls if not call.startswith("k8s:")}

    assert calls == set(grants.actions())


def test_a_saved_inventory_needs_no_action() -> None:
    """With --inventory the cloud is not asked at all."""
    story = f"pools diff --inventory {grants.FOLDER.parent / 'guide' / 'inventory.yaml'}"

    assert {call.partition(":")[0] for call in stories.heard(story).calls} == {"k8s"}


def test_the_readme_has_a_row_for_every_story_that_writes() -> None:
    """The table has no row that is not proven."""
    assert set(grants.needed()) == set(stories.names()) - set(stories.READS)


@pytest.mark.parametrize("story", sorted(grants.needed()))
def test_the_readme_tells_the_files(story: str) -> None:
    """The README's row of a command that writes has exactly the files whose grants it uses."""
    assert grants.needed()[story] == _granting(story)


def test_the_readme_tells_of_every_file() -> None:
    """No file is left for the reader to guess."""
    names = {path.name for path in grants.FOLDER.rglob("*") if path.is_file()} - {"README.md"}

    assert {name for name in names if name not in grants.README} == set()
