"""providerIDs are taken apart as the Cloud Controller Manager does, and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli.facts import provider_id
from spidercli.facts.provider_id import Form, ProviderId


@pytest.mark.parametrize("text", ["cn-hangzhou.i-bp17345", "alicloud://cn-hangzhou.i-bp17345"])
def test_region_and_instance_are_read_with_and_without_scheme(text: str) -> None:
    """Both forms that the Cloud Controller Manager accepts name the same instance."""
    assert provider_id.parse(text) == ProviderId(form=Form.ECS, region_id="cn-hangzhou", instance_id="i-bp17345")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", Form.ABSENT),
        ("ack-hybrid://idc.node-1", Form.HYBRID),
        ("alicloud:///cn-hangzhou.i-bp1", Form.THREE_SLASHES),
        ("/cn-hangzhou.i-bp1", Form.THREE_SLASHES),
        ("i-bp1", Form.NO_DOT),
        ("alicloud://i-bp1", Form.NO_DOT),
        ("kind://docker/kind/worker", Form.FOREIGN),
        ("k3s://worker", Form.FOREIGN),
        ("x://a.b", Form.FOREIGN),
        ("aws:///us-east-1a/i-0abc", Form.FOREIGN),
        ("cn-hangzhou.i-bp1.more", Form.MALFORMED),
        ("cn-hangzhou.eci-bp1", Form.MALFORMED),
        ("cn-hangzhou.i-BP1", Form.MALFORMED),
        (" cn-hangzhou.i-bp1", Form.MALFORMED),
        ("cn-hangzhou.i-bp1\n", Form.MALFORMED),
        ("ALICLOUD://cn-hangzhou.i-bp1", Form.FOREIGN),
    ],
)
def test_everything_else_is_told_apart(text: str, form: Form) -> None:
    """What is not REGION.i-… has a form of its own, and no region or instance."""
    assert provider_id.parse(text) == ProviderId(form=form)


@given(st.text())
def test_any_text_has_a_form(text: str) -> None:
    """No text breaks the parser, and only the whole text makes an instance."""
    found = provider_id.parse(text)

    rebuilt = f"{found.region_id}.{found.instance_id}"
    assert (found.form is Form.ECS) == (text.removeprefix("alicloud://") == rebuilt)
