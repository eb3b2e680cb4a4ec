"""What changes in amoCRM add to the product."""

from shared.actions.subject import Subject

_ENDPOINTS = "shared.changes.actions.endpoints"
_CHANGES = "shared.changes.actions.changes"

SUBJECT = Subject(
    actions={
        "get_changes": f"{_CHANGES}:LIST",
        "get_endpoints": f"{_ENDPOINTS}:LIST",
        "get_order": "shared.changes.actions.get_order:ACTION",
        "remove_endpoint": f"{_ENDPOINTS}:REMOVE",
        "replace_endpoint_secret": f"{_ENDPOINTS}:REPLACE_SECRET",
        "replace_hook_key": f"{_ENDPOINTS}:REPLACE_KEY",
        "replay_changes": f"{_CHANGES}:REPLAY",
        "save_endpoint": f"{_ENDPOINTS}:SAVE",
        "test_endpoint": f"{_ENDPOINTS}:TEST",
    },
    planners={},
    settings="shared.changes.settings_check:PART",
    webhooks="shared.changes.messages:MESSAGES",
    chore="shared.changes.chores:run",
    ending="shared.changes.subscription:end",
)
