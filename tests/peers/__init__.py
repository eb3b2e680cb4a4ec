"""Other people's amoCRM clients, as they are on PyPI and npm, against the simulator over TLS (rows F2, X9).

They get nothing but a proxy's address and a file of authorities. Each script names its steps, and what its client
itself cannot do. `make conformance` runs all of them and writes docs/conformance.md.
"""
