"""What forms, orders and contacts of a site add to the product."""

from shared.actions.feature import Feature

FEATURE = Feature(
    actions={
        "find_contacts": "features.submissions.find_contacts:ACTION",
        "get_submission": "features.submissions.get_submission:ACTION",
        "get_incoming": "features.submissions.incoming.actions:LIST",
        "get_incoming_entry": "features.submissions.incoming.actions:ENTRY",
        "preview_incoming": "features.submissions.incoming.actions:PREVIEW",
        "read_again": "features.submissions.incoming.reprocessing:ACTION",
        "submit_form": "features.submissions.actions:FORM",
        "submit_order": "features.submissions.actions:ORDER",
        "sync_contact": "features.submissions.actions:SYNC",
    },
    planners={
        "read_again": "features.submissions.incoming.backfill:PLANNER",
        "submit_form": "features.submissions.plan:FORM",
        "submit_order": "features.submissions.plan:ORDER",
        "sync_contact": "features.submissions.plan:SYNC",
        "order_news": "features.submissions.order_updates:PLANNER",
    },
    reads={"submit_form": "features.submissions.actions:by_get"},
    submission="features.submissions.plan:of_person",
    settings="features.submissions.settings_check:PART",
)
