"""What calculations add to the product."""

from shared.actions.feature import Feature

FEATURE = Feature(
    actions={
        "get_calculator": "features.calculations.actions.get_calculator:ACTION",
        "get_calculator_draft": "features.calculations.actions.calculators:DRAFT",
        "get_calculator_version": "features.calculations.actions.calculators:VERSION",
        "check_calculator": "features.calculations.actions.calculators:CHECK",
        "save_calculator_draft": "features.calculations.actions.calculators:SAVE",
        "discard_calculator_draft": "features.calculations.actions.calculators:DISCARD",
        "publish_calculator": "features.calculations.actions.calculators:PUBLISH",
        "inherit_calculator": "features.calculations.actions.calculators:INHERIT",
        "preview": "features.calculations.actions.preview:ACTION",
        "save_calculation": "features.calculations.actions.save_calculation:ACTION",
    },
    planners={"save_calculation": "features.calculations.plan:PLANNER"},
    pages={"calculator": "features.calculations.settings:shows_calculator"},
    quotation="features.calculations.deal_quotation:planned",
    settings="features.calculations.settings:PART",
)
