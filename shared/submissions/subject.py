"""What forms, orders and contacts of a site add to the product."""

from shared.actions.subject import Subject

_PLANNED = "shared.submissions.plan:planned"

SUBJECT = Subject(
    actions={
        "submit_form": "shared.submissions.actions:FORM",
        "submit_order": "shared.submissions.actions:ORDER",
        "sync_contact": "shared.submissions.actions:SYNC",
    },
    planners={"submit_form": _PLANNED, "submit_order": _PLANNED, "sync_contact": _PLANNED},
    submission="shared.submissions.plan:of_person",
    settings="shared.submissions.settings_check:PART",
)
