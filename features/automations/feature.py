"""What automations add to the product."""

from shared.actions.feature import Feature

FEATURE = Feature(
    actions={
        "get_automations": "features.automations.actions:LIST",
        "remove_automation": "features.automations.actions:REMOVE",
        "replace_automation_key": "features.automations.actions:REPLACE_KEY",
        "save_automation": "features.automations.actions:SAVE",
    },
    planners={
        "run_automation": "features.automations.plan:AUTOMATION",
        "answer_bot": "features.automations.bot_reply:ANSWER",
    },
    hooks={"run_automation": "features.automations.hooks:run", "answer_bot": "features.automations.hooks:answer_bot"},
    reads=dict.fromkeys(("run_automation", "answer_bot"), "features.automations.hooks:asked"),
)
