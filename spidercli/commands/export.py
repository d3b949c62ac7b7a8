"""`spidercli export`: everything that would be applied, as YAML for a person or a GitOps repository."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated

import typer

from spidercli.commands.invocation import session_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spidercli.exporting import File, Revision
    from spidercli.output import Output


class Part(enum.StrEnum):
    """What can be exported."""

    MULTUS = "multus"
    POOLS = "pools"
    PROVIDER_ID = "provider-id"
    CCM = "ccm"
    APPS = "apps"


Only = Annotated[
    list[Part] | None,
    typer.Option(
        "--only",
        metavar="|".join(Part),
        help="Only this part; can be repeated (default: multus and pools; with --out also provider-id).",
    ),
]


def export(
    ctx: typer.Context,
    out: Annotated[str | None, typer.Option("--out", metavar="DIR", help="Write one file for each object.")] = None,
    only: Only = None,
    max_delete: Annotated[
        str | None,
        typer.Option(
            "--max-delete",
            metavar="N|N%",
            help="Most of the pools' files in DIR that may go; one always may (default: 20%).",
        ),
    ] = None,
    from_cluster: Annotated[bool, typer.Option("--from-cluster", help="Name nodes as the cluster does.")] = False,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Fill in the CCM's credentials, in files that only you can read.")
    ] = False,
) -> None:
    """Write manifests; the same facts give the same bytes, and no cluster is asked unless you say so."""
    from spidercli import exporting

    session = session_of(ctx)
    session.facts.ask_cluster = from_cluster
    if from_cluster:
        session.facts.check_saved()
    limit = session.plans.max_delete(max_delete)
    parts = only or ([Part.MULTUS, Part.POOLS, Part.PROVIDER_ID] if out else [Part.MULTUS, Part.POOLS])
    files = exporting.files(session, [part.value for part in parts], with_secrets=with_secrets)
    if set(parts) - {Part.CCM}:
        session.facts.warn_of_unknown_kinds()
    if out is None:
        _print(session.output, files)
        return
    revision = exporting.compare(out, files, session.facts.scope)
    revision.check(limit)
    revision.write()
    _tell(session.output, revision)


def _tell(output: Output, revision: Revision) -> None:
    from spidercli.facts.problems import listed

    show = ", ".join if output.verbosity > 0 else listed
    output.note(f"{revision.root}: {_count(revision.files)} written")
    if revision.going:
        output.note(f"{_count(revision.going)} removed, which nothing asks for any more: {show(revision.going)}")
    if revision.left:
        count, names = _count(revision.left), show(revision.left)
        output.note(f"{count} left, which nodes that this export is not about may still need: {names}")


def _count(files: Sequence[object]) -> str:
    return f"{len(files):,} file{'s' if len(files) != 1 else ''}"


def _print(output: Output, files: Sequence[File]) -> None:
    from spidercli import exporting

    if output.form == "json":
        output.data({"apiVersion": "v1", "kind": "List", "items": exporting.manifests(files)})
    elif output.form == "name":
        output.names(exporting.names(exporting.manifests(files)))
    else:
        output.text(exporting.stream(files))
