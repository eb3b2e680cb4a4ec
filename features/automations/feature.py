"""What automations add to the product."""

from shared.actions.feature import Feature

_ACTIONS = "features.automations.actions"
_ANSWERING = "features.automations.bot_reply"
_HOOKS = "features.automations.hooks"
_PLAN = "features.automations.plan"

FEATURE = Feature(
    actions={
        "get_automations": f"{_ACTIONS}:LIST",
        "remove_automation": f"{_ACTIONS}:REMOVE",
        "replace_automation_key": f"{_ACTIONS}:REPLACE_KEY",
        "save_automation": f"{_ACTIONS}:SAVE",
    },
    planners={"run_automation": f"{_PLAN}:AUTOMATION", "answer_bot": f"{_ANSWERING}:ANSWER"},
    hooks={"run_automation": f"{_HOOKS}:run", "answer_bot": f"{_HOOKS}:answer_bot"},
)
