"""`spidercli config`: the configuration as it is in force."""

from __future__ import annotations

from typing import Annotated

import typer

from spidercli.commands.invocation import invocation_of, session_of

app = typer.Typer(
    help="The configuration: what is in force, whether a file is valid, and its schema.", no_args_is_help=True
)


@app.command("show")
def show(
    ctx: typer.Context, origin: Annotated[bool, typer.Option("--origin", help="Say which source won.")] = False
) -> None:
    """Show every setting as it is in force."""
    from spidercli.config import settings

    session = session_of(ctx)
    shown = settings.shown(session.settings)
    told = (lambda value: value) if session.output.structured else settings.text
    rows = [{"key": key, "value": told(value), "origin": source} for key, value, source in shown]
    columns = ("key", "value", "origin") if origin else ("key", "value")
    session.output.records(
        [{column: row[column] for column in columns} for row in rows], columns, name=lambda row: str(row["key"])
    )


@app.command("validate")
def validate(ctx: typer.Context) -> None:
    """Read the configuration file and say whether it is valid, the folder of templates included."""
    session = session_of(ctx)
    if session.config.templates:
        _ = session.objects.renderer  # raises if the folder can't be used
    where = session.settings.config_file
    if session.output.structured:
        session.output.data({"file": None if where is None else str(where), "valid": True})
    else:
        session.output.text(f"{where}: valid" if where else "no configuration file; the defaults are valid")


@app.command("schema")
def schema(ctx: typer.Context) -> None:
    """Print the JSON Schema of the configuration file."""
    from spidercli.config import schema_text

    invocation_of(ctx).output.text(schema_text.schema_json())
