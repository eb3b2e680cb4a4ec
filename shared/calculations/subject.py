"""What calculations add to the product."""

from shared.actions.subject import Subject

SUBJECT = Subject(
    actions={
        "get_calculator": "shared.calculations.actions.get_calculator:ACTION",
        "preview": "shared.calculations.actions.preview:ACTION",
        "save_calculation": "shared.calculations.actions.save_calculation:ACTION",
    },
    planners={"save_calculation": "shared.calculations.plan:planned"},
    settings="shared.calculations.settings:PART",
)
