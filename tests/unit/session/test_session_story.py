"""What stderr tells while a command reads."""

from __future__ import annotations

import io

import pytest

from spidercli.output import Output
from spidercli.session.story import Story


@pytest.fixture(name="heard")
def _heard() -> io.StringIO:
    """What stderr got."""
    return io.StringIO()


@pytest.fixture(name="story")
def _story(heard: io.StringIO) -> Story:
    """A story that -v lets tell its details."""
    return Story(Output(stdout=io.StringIO(), stderr=heard, stdin=io.StringIO(), verbosity=1))


def test_what_is_told_once_is_not_repeated(story: Story, heard: io.StringIO) -> None:
    """A second look at the cluster finds the same, and says nothing; another text is news."""
    for text in ("1 node left out", "1 node left out", "2 nodes left out"):
        story.once(text, story.output.line)

    assert heard.getvalue() == "1 node left out\n2 nodes left out\n"


def test_a_retry_is_told_and_remembered(story: Story, heard: io.StringIO) -> None:
    """-v says what is tried again when, and the progress line what is in the way meanwhile."""
    story.cluster_retry("the API server is overloaded", 30.0)

    assert heard.getvalue() == "the API server is overloaded; trying again in 30.0 s\n"
    assert story.remarks.current().startswith("the API server is overloaded, going on in ")
