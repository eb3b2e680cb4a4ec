"""A calculation: what a widget saves (`model.py`), what that becomes (`note.py`, `quotation.py`), how (`plan.py`)."""
