"""A calculation: `model.py` is what a widget saves, `note.py` and `goods.py` what it becomes, `plan.py` the steps."""
