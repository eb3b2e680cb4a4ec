"""Other people's amoCRM clients, as they are on PyPI, against the simulator over TLS (row X9)."""
