"""`spidercli inventory`: the facts that everything else is made of."""

from __future__ import annotations

import typer

from spidercli.commands.invocation import session_of
from spidercli.commands.options import NoCluster


def inventory(ctx: typer.Context, no_cluster: NoCluster = False) -> None:
    """Show nodes, NICs and addresses; `-o yaml` writes the file that --inventory reads."""
    from spidercli import views
    from spidercli.facts import document

    session = session_of(ctx)
    session.facts.ask_cluster = not no_cluster
    found, output = session.facts.inventory, session.output
    session.facts.warn_of_unknown_kinds()
    if not found.nodes:
        output.warn("there is no node: check the region, the VPC, and nodes.ids, nodes.tags and nodes.exclude")
    if output.form == "yaml":
        output.text(document.dump(found))
    elif output.form == "json":
        output.data(document.as_data(found))
    elif output.form == "name":
        output.names(f"node/{node.name}" for node in found.nodes)
    else:
        headers, rows = views.inventory_rows(found, wide=output.form == "wide")
        output.table(headers, rows)
