"""Colour a million photos, on this machine's processors or on a Ray cluster: `python -m cluster --help`."""
