"""spidercli.yaml's JSON Schema, for editors and for CI."""

from __future__ import annotations

import json

from spidercli.config.schema import Config

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_json() -> str:
    """The JSON Schema (draft 2020-12), the same bytes for the same version of spidercli."""
    schema = Config.model_json_schema(by_alias=True, mode="validation")
    return json.dumps({"$schema": DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"
