"""amoCRM's own webhooks, at an address for forms. A deal that is made of one is the next of which amoCRM tells there,
without an end."""

from typing import Final

from features.submissions.shops.common import branch_of
from shared.platform.nested import Tree

_HEADS: Final = frozenset(
    (
        *("leads", "contacts", "companies", "customers", "task", "tasks", "catalogs", "unsorted", "talk", "message"),
        *("outgoing_message", "note_lead", "note_contact", "note_company", "note_customer"),
    )
)
_VERBS: Final = frozenset(
    ("add", "update", "delete", "restore", "status", "responsible", "note", "accept", "decline", "set")
)


# source: amoCRM's documentation, "Webhooks", "Format": each entity under what has become of it, beside the account
def is_one(tree: Tree) -> bool:
    told = {name: one for name, one in tree.items() if name != "account"}
    is_told = all(name in _HEADS and branch_of(one) and _tells(one) for name, one in told.items())
    return "id" in branch_of(tree.get("account")) and bool(told) and is_told


def _tells(entities: Tree) -> bool:
    """A text where entities are is what somebody has written."""
    return entities.keys() <= _VERBS and all(isinstance(one, dict | list) for one in entities.values())
