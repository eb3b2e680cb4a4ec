"""What happens in amoCRM, brought to the company's own systems: once, in order, signed.

A hook of amoCRM's (`hook_body.py`, `feeds.py`) or a question of ours (`asking.py`) says that something may have
changed. It is read again (`reading.py`) and compared with what was told last (`comparing.py`); what is news becomes
changes (`changes.py`), which go to the company's endpoints (`endpoints.py`, `sending.py`).
"""
