"""Objects of a template's texts without parsing each: the same as with."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spidercli import yamltext
from spidercli.rendering.environment import Templates
from spidercli.rendering.moulds import Moulds

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.fixed_dictionaries(
    {"name": TEXT, "size": st.integers(), "wanted": st.booleans(), "items": st.lists(TEXT, max_size=4)}
)
NAME = "spiderippool.yaml.j2"
PLAIN = """\
# {{ name }}
name: {{ name }}
again: [{{ size }}, {{ name }}, {"of": {{ wanted }}}]
items:
{% for item in items %}
- {{ item }}
{% endfor %}
"""
DECIDING = """\
name: {{ name }}
{% if name < "m" or wanted %}
long: {{ items | length }}
{% endif %}
upper: {{ name | upper }}
"""
IN_A_BLOCK = """\
text: |
  name: {{ name }}
"""
AS_A_KEY = """\
{{ name }}: {{ size }}
"""


def moulds(folder: pathlib.Path, source: str) -> tuple[Templates, Moulds]:
    """A template of one's own."""
    (folder / NAME).write_text(source)
    templates = Templates(folder)
    return templates, Moulds(lambda values: templates.render(NAME, values))


@pytest.fixture(scope="module", name="folder")
def template_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("templates")


@pytest.mark.parametrize("source", [PLAIN, DECIDING, IN_A_BLOCK, AS_A_KEY])
def test_a_cast_is_what_the_parser_reads(folder: pathlib.Path, source: str) -> None:
    """Whatever the template does, an object that is not parsed is the one that would have been."""
    templates, made = moulds(folder, source)

    @given(st.lists(VALUES, min_size=1, max_size=4))
    def check(several: list[Mapping[str, object]]) -> None:
        for values in several:
            text = templates.render(NAME, values)
            cast = made.cast(text, values)

            assert cast is None or [cast] == yamltext.load_all(text)

    check()


def test_values_that_stand_alone_are_not_parsed(folder: pathlib.Path) -> None:
    """A template that decides nothing never needs the parser again, and objects share nothing that can change."""
    templates, made = moulds(folder, PLAIN)
    values = {"name": "a", "size": 4, "wanted": True, "items": ["x", "y"]}
    text = templates.render(NAME, values)

    one, other = made.cast(text, values), made.cast(text, values)

    assert one == {"name": "a", "again": [4, "a", {"of": True}], "items": ["x", "y"]}
    assert one is not other
    assert one is not None
    assert other is not None
    assert one["items"] is not other["items"]


@pytest.mark.parametrize(
    "source", [IN_A_BLOCK, AS_A_KEY, "just text\n", "a: 1\n---\na: 2\n", "{{ name | int(0) / 0 }}\n"]
)
def test_odd_templates_are_left_to_the_parser(folder: pathlib.Path, source: str) -> None:
    """A value inside a longer text or in a key, no mapping, two documents, marks that the template chokes on."""
    _, made = moulds(folder, source)

    assert made.cast("name: a\n", {"name": "a", "size": 4}) is None


def test_a_text_of_other_values_is_not_cast(folder: pathlib.Path) -> None:
    """Text and values have to belong together."""
    templates, made = moulds(folder, PLAIN)
    values = {"name": "a", "size": 4, "wanted": True, "items": ["x"]}
    text = templates.render(NAME, values)

    assert made.cast(text, {**values, "name": "b"}) is None
    assert made.cast(text + "more: true\n", values) is None
