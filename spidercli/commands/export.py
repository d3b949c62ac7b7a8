"""`spidercli export`: everything that would be applied, as YAML for a person or a GitOps repository."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated

import typer

from spidercli.commands.invocation import session_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spidercli.exporting import File
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
    parts = only or ([Part.MULTUS, Part.POOLS, Part.PROVIDER_ID] if out else [Part.MULTUS, Part.POOLS])
    files = exporting.files(session, [part.value for part in parts], with_secrets=with_secrets)
    if out is None:
        _print(session.output, files)
        return
    written, removed = exporting.write(out, files)
    session.output.note(f"{out}: {written} files written, {removed} that are no longer wanted removed")


def _print(output: Output, files: Sequence[File]) -> None:
    from spidercli import exporting

    if output.form == "json":
        output.data({"apiVersion": "v1", "kind": "List", "items": exporting.manifests(files)})
    elif output.form == "name":
        output.stdout.write(exporting.names(exporting.manifests(files)))
    else:
        output.stdout.write(exporting.stream(files))
