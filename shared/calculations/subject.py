"""What calculations add to the product."""

from shared.actions.subject import Subject

SUBJECT = Subject(
    actions={
        "get_calculator": "shared.calculations.actions.get_calculator:ACTION",
        "get_calculator_draft": "shared.calculations.actions.calculators:DRAFT",
        "get_calculator_version": "shared.calculations.actions.calculators:VERSION",
        "check_calculator": "shared.calculations.actions.calculators:CHECK",
        "save_calculator_draft": "shared.calculations.actions.calculators:SAVE",
        "discard_calculator_draft": "shared.calculations.actions.calculators:DISCARD",
        "publish_calculator": "shared.calculations.actions.calculators:PUBLISH",
        "inherit_calculator": "shared.calculations.actions.calculators:INHERIT",
        "preview": "shared.calculations.actions.preview:ACTION",
        "save_calculation": "shared.calculations.actions.save_calculation:ACTION",
    },
    planners={"save_calculation": "shared.calculations.plan:PLANNER"},
    pages={"calculator": "shared.calculations.settings:shows_calculator"},
    quotation="shared.calculations.of_deal:planned",
    settings="shared.calculations.settings:PART",
)
