"""A trained student into deployable artifacts: `python -m converters.export_all --help`."""
