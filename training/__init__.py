"""Train the colour networks: `python -m training --help`."""
