"""What happens in amoCRM, brought to the company's own systems: once, in order, signed.

A hook of amoCRM's (`webhook_payload.py`, `feeds.py`) or a question of ours (`polling.py`) says that something may have
changed. It is read again (`refetch.py`) and compared with what was told last (`diff.py`); what is news becomes
changes (`changes.py`), which go to the company's endpoints (`endpoints.py`, `dispatch.py`).
"""
