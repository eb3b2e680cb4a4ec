"""What changes in amoCRM add to the product."""

from shared.actions.feature import Feature

_ENDPOINTS = "features.changes.actions.endpoints"
_CHANGES = "features.changes.actions.changes"

FEATURE = Feature(
    actions={
        "get_changes": f"{_CHANGES}:LIST",
        "get_endpoints": f"{_ENDPOINTS}:LIST",
        "get_event_kinds": "features.changes.actions.event_kinds:ACTION",
        "get_order": "features.changes.actions.get_order:ACTION",
        "remove_endpoint": f"{_ENDPOINTS}:REMOVE",
        "replace_endpoint_secret": f"{_ENDPOINTS}:REPLACE_SECRET",
        "replace_hook_key": f"{_ENDPOINTS}:REPLACE_KEY",
        "replay_changes": f"{_CHANGES}:REPLAY",
        "save_endpoint": f"{_ENDPOINTS}:SAVE",
        "test_endpoint": f"{_ENDPOINTS}:TEST",
    },
    planners={},
    settings="features.changes.settings_check:PART",
    webhooks="features.changes.event_schemas:MESSAGES",
    examples="features.changes.event_examples:EXAMPLES",
    scheduled_task="features.changes.scheduled:run",
    backlog="features.changes.backlog:OLDEST",
    on_disconnect="features.changes.subscription:end",
)
