"""Several problems, one message: whoever has to mend ten nodes wants to know of ten nodes at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spidercli.errors import FactsInvalid

_SHOWN = 10


def refuse(errors: Iterable[FactsInvalid]) -> None:
    """Raise the errors as one, if there are any.

    Raises:
        FactsInvalid: of the class that all errors share, with every hint that one of them has.
    """
    found = list(errors)
    if found:
        raise _merged(found)


def listed(items: Sequence[str], *, separator: str = ", ") -> str:
    """The first ten items, and how many more there are."""
    shown = [*items[:_SHOWN], f"and {len(items) - _SHOWN} more"] if len(items) > _SHOWN else items
    return separator.join(shown)


def _merged(errors: Sequence[FactsInvalid]) -> FactsInvalid:
    if len(errors) == 1:
        return errors[0]
    classes = {type(error) for error in errors}
    merged_class = classes.pop() if len(classes) == 1 else FactsInvalid
    lines = listed([error.message for error in errors], separator="\n  ")
    hints = dict.fromkeys(error.hint for error in errors if error.hint)
    return merged_class(f"{len(errors):,} problems:\n  {lines}", hint="; ".join(hints) or None)
