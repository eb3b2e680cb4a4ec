"""amoCRM on this machine: for the demo, the tests and the benchmarks.

`state.py` is what amoCRM knows, `tokens.py`, `limits.py` and `resources/` are its rules, `server.py` is its HTTP.
Faults and the clock are set through the control API (`control.py`); `truth.py` tells afterwards what really happened.
"""
