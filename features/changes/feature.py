"""What changes in amoCRM add to the product."""

from shared.actions.feature import Feature

FEATURE = Feature(
    actions={
        "get_changes": "features.changes.actions.changes:LIST",
        "get_endpoints": "features.changes.actions.endpoints:LIST",
        "get_event_kinds": "features.changes.actions.event_kinds:ACTION",
        "get_order": "features.changes.actions.get_order:ACTION",
        "remove_endpoint": "features.changes.actions.endpoints:REMOVE",
        "replace_endpoint_secret": "features.changes.actions.endpoints:REPLACE_SECRET",
        "replace_hook_key": "features.changes.actions.endpoints:REPLACE_KEY",
        "replay_changes": "features.changes.actions.changes:REPLAY",
        "save_endpoint": "features.changes.actions.endpoints:SAVE",
        "test_endpoint": "features.changes.actions.endpoints:TEST",
    },
    planners={},
    settings="features.changes.settings_check:PART",
    webhooks="features.changes.event_schemas:MESSAGES",
    examples="features.changes.event_examples:EXAMPLES",
    scheduled_task="features.changes.scheduled:run",
    backlog="features.changes.backlog:OLDEST",
    on_disconnect="features.changes.subscription:end",
)
