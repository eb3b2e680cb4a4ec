"""Measurements, each a command that prints JSON. `docs/benchmarks.md` holds the figures of one machine."""
