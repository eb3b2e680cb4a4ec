"""What forms, orders and contacts of a site add to the product."""

from shared.actions.subject import Subject

_PLAN = "shared.submissions.plan"

SUBJECT = Subject(
    actions={
        "get_incoming": "shared.submissions.incoming.actions:LIST",
        "get_incoming_entry": "shared.submissions.incoming.actions:ENTRY",
        "preview_incoming": "shared.submissions.incoming.actions:PREVIEW",
        "read_again": "shared.submissions.incoming.again:ACTION",
        "submit_form": "shared.submissions.actions:FORM",
        "submit_order": "shared.submissions.actions:ORDER",
        "sync_contact": "shared.submissions.actions:SYNC",
    },
    planners={
        "read_again": "shared.submissions.incoming.completing:PLANNER",
        "submit_form": f"{_PLAN}:FORM",
        "submit_order": f"{_PLAN}:ORDER",
        "sync_contact": f"{_PLAN}:SYNC",
        "order_news": "shared.submissions.order_news:PLANNER",
    },
    reads={"submit_form": "shared.submissions.site_builders:tried"},
    submission="shared.submissions.plan:of_person",
    settings="shared.submissions.settings_check:PART",
)
