"""The operator's commands: `python -m cli --help`."""
