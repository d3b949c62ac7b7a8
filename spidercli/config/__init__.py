"""spidercli.yaml: its schema, how it is read, and which source of a setting wins."""
