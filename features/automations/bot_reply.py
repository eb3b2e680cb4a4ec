"""The step of a bot's question: what it is answered, where it waits."""

from typing import Any, Final

from features.automations import placeholders
from features.automations.bot_message import Speech, speech
from features.automations.lateness import require_in_time
from shared.actions.feature import Planner
from shared.amocrm.errors import (
    AddressBlockedError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    PaymentRequiredError,
    ValidationError,
)
from shared.amocrm.leads import AccountApi
from shared.connections.integrations import Integration
from shared.deliveries import rows as deliveries
from shared.deliveries.rows import Delivery
from shared.deliveries.runner import FinalRefusalError, NotTakenError, Plan, Result, Step
from shared.platform.decoding import decode
from shared.platform.messages import say
from shared.platform.secret import Guarded
from shared.runtime import Runtime
from shared.storage.database import Database

_MOST_TEXT: Final = 20_000  # letters: ten texts, and 25 addresses of any usual length
_GIVEN_UP_AFTER: Final = 3  # attempts: a bot that was refused so often does not wait any more

_GONE_ON: Final = say("The bot does not wait for an answer any more.")
_CUT: Final = say("The bot's text is too long: amoCRM shows ten texts of 80 characters. The rest was left out.")
_FEWER: Final = say("The bot has too many buttons, or too long ones: amoCRM shows 25. The rest was left out.")


class Question(Guarded, frozen=True):
    """What a bot has asked, and the path under /api/v4 where it waits for the answer."""

    HIDDEN = ("text",)

    path: str
    text: str  # what it is to show, with values of the deal; empty: nothing
    entity: str  # leads or contacts
    entity_id: int
    is_cut: bool = False  # there was more of it


def asked(path: str, text: str, entity: str, entity_id: int) -> Question:
    """With as much of the text as is kept, up to the end of a line."""
    if len(text) <= _MOST_TEXT:
        return Question(path, text, entity, entity_id)
    kept = text[:_MOST_TEXT]
    return Question(path, kept[: kept.rfind("\n") + 1] or kept, entity, entity_id, is_cut=True)


def _planned(runtime: Runtime, delivery: Delivery, integration: Integration, question: Question) -> Plan:

    def write(account: AccountApi) -> Result:
        require_in_time(delivery, runtime.clock.now())
        try:
            return answer(account)
        except AddressBlockedError:  # our server's fault, and no word about the bot
            raise
        except (ForbiddenError, PaymentRequiredError) as error:
            raise FinalRefusalError(error.problem()) from None  # whoever talks to it has gone long before that changes

    def answer(account: AccountApi) -> Result:
        data, told = _answered(runtime.database, integration, account, question)
        said: dict[str, Any] = {"data": data}
        if told.shown:
            said["execute_handlers"] = [{"handler": "show", "params": one} for one in told.shown]
        try:
            account.send("POST", question.path, json=said)
        except ValidationError as error:  # it waits, and will not take this however often it comes
            words = "; ".join(f"{one.path}: {one.code}" for one in error.errors)
            refused = say("amoCRM refuses what the bot was to say: {words}", words=words or error.message)
            deliveries.warn(runtime.database, delivery.id, "automation.bot_refused", refused)  # it waits on, unanswered
            return {"skipped": refused}
        # vendor: salesbot.refused (guess) A bot that does not wait, because it was answered, was stopped, or does not
        # wait yet, refuses the continuation with 4xx.
        # source: none found (looked for again); it is tried again a little later, and then left
        except (BadRequestError, NotFoundError) as error:
            if delivery.attempts < _GIVEN_UP_AFTER:
                raise NotTakenError(type(error).__name__) from None
            return {"skipped": _GONE_ON}
        if told.text_cut or question.is_cut:
            deliveries.warn(runtime.database, delivery.id, "automation.text_cut", _CUT)
        if told.buttons_cut:
            deliveries.warn(runtime.database, delivery.id, "automation.buttons_cut", _FEWER)
        return {"answered": True}

    return [Step("answer", write, lambda _: None)], 3


ANSWER: Final = Planner("answer_bot", lambda request: decode(request, Question), _planned)


def _answered(
    database: Database, integration: Integration, account: AccountApi, question: Question
) -> tuple[dict[str, str], Speech]:
    """Values for the bot's own conditions, and all that it is to show."""
    if question.entity == "leads":
        lead = account.lead(question.entity_id)
        found = placeholders.of_deal(database, integration, account, lead, contact=True)
    else:
        found = placeholders.of_contact(account, question.entity_id)
    data = {"status": "success"} | {name.replace(".", "_"): value for name, value in found.items()}
    return data, speech(question.text, found)
