"""The steps of an automation that was asked for, and of a bot's question."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from shared import subjects
from shared.actions.subject import Planner, Title
from shared.amocrm import budgets
from shared.amocrm.errors import BadRequestError, NotFoundError
from shared.amocrm.leads import AccountApi
from shared.amocrm.tasks import TasksApi
from shared.automations import values, work
from shared.automations.work import Call, Note, Quotation, Task, Work
from shared.connections.integrations import Integration
from shared.deliveries import rows as deliveries
from shared.deliveries.rows import Delivery, reference
from shared.deliveries.runner import NotTakenError, Plan, Result, Step
from shared.deliveries.webhooks import key_of, signed
from shared.platform import outward
from shared.platform.decoding import decode
from shared.platform.messages import say
from shared.platform.secret import Guarded
from shared.runtime import Runtime
from shared.storage.database import Database

# amoCRM's clock may be a little behind the database's.
_CLOCK_SKEW_SECONDS: Final = 300
# vendor: salesbot.continue (production) The continuation takes `show` and `goto` only, at most ten; a shown text has at
# most 80 characters.
# source: notes of a Brazilian integration that answers a bot in production; Kommo's documentation, "Salesbot"
MOST_SHOWN: Final = 10
MOST_LETTERS: Final = 80
_GIVEN_UP_AFTER: Final = 3  # attempts: a bot that was refused so often does not wait any more

_GONE_ON: Final = say("The bot does not wait for an answer any more.")
_CUT: Final = say("The bot's text is too long: amoCRM shows ten texts of 80 characters. The rest was left out.")
_NOT_HERE: Final = say("Nothing here makes quotations.")


class Asked(Struct, frozen=True):
    """An automation as it was when it was asked for."""

    id: str
    name: str
    work: Work
    event: dict[str, Any]  # {type, type_code, status_id, pipeline_id, time}
    url: str | None = None
    secret: str | None = None


class Question(Guarded, frozen=True):
    """What a bot has asked, and the path under /api/v4 where it waits for the answer."""

    HIDDEN = ("text",)

    path: str
    text: str  # what it is to show, with values of the deal; empty: nothing
    entity: str  # leads or contacts
    entity_id: int


def _planned_automation(runtime: Runtime, delivery: Delivery, integration: Integration, asked: Asked) -> Plan:
    lead_id = delivery.lead_id
    assert lead_id is not None  # a hook without a deal is not accepted
    match asked.work:
        case Note():
            return [_note(runtime.database, delivery, integration, lead_id, asked.work)], 3
        case Task():
            return [_task(runtime.database, delivery, integration, lead_id, asked.work)], 3
        case Quotation():
            quote = subjects.quotation()
            if quote is None:
                return [Step("pdf", lambda _: {"skipped": _NOT_HERE}, lambda _: None)], 0
            steps, calls = quote(
                runtime, delivery, integration, lead_id, _title(runtime.database, integration, lead_id, asked.work)
            )
            return steps, calls + 2
        case Call():
            return [_call(runtime, delivery, integration, lead_id, asked)], 2


AUTOMATION: Final = Planner("run_automation", lambda request: decode(request, Asked), _planned_automation)


def _since(delivery: Delivery) -> int:
    return int(delivery.created_at.timestamp()) - _CLOCK_SKEW_SECONDS


def _filled(
    database: Database, integration: Integration, account: AccountApi, lead: Mapping[str, Any], text: str
) -> str:
    is_asked = work.names(text, "contact")
    return work.filled(text, values.of_deal(database, integration, account, lead, contact=is_asked))


def _title(database: Database, integration: Integration, lead_id: int, wanted: Quotation) -> Title | None:
    text = wanted.title
    if text is None:
        return None
    return lambda account: _filled(database, integration, account, account.lead(lead_id), text)


def _note(database: Database, delivery: Delivery, integration: Integration, lead_id: int, wanted: Note) -> Step:
    mark = reference(delivery.id)

    def write(account: AccountApi) -> Result:
        text = _filled(database, integration, account, account.lead(lead_id), wanted.text)
        return {"note_id": account.add_note(lead_id, f"{text}\n\n{mark}")}

    def find(account: AccountApi) -> Result | None:
        note_id = account.find_note(lead_id, mark, _since(delivery))
        return None if note_id is None else {"note_id": note_id}

    return Step("note", write, find)


def _task(database: Database, delivery: Delivery, integration: Integration, lead_id: int, wanted: Task) -> Step:
    mark = reference(delivery.id)

    def write(account: AccountApi) -> Result:
        lead = account.lead(lead_id)
        text = _filled(database, integration, account, lead, wanted.text)
        more: dict[str, Any] = {}
        responsible = wanted.responsible_user_id or lead.get("responsible_user_id")
        if responsible:
            more["responsible_user_id"] = responsible
        if wanted.task_type_id:
            more["task_type_id"] = wanted.task_type_id
        due = int(delivery.created_at.timestamp()) + 60 * wanted.due_minutes
        return {"task_id": TasksApi(account).create(lead_id, f"{text}\n{mark}", due, more)}

    def find(account: AccountApi) -> Result | None:
        task_id = TasksApi(account).find(lead_id, mark, _since(delivery))
        return None if task_id is None else {"task_id": task_id}

    return Step("task", write, find)


def _call(runtime: Runtime, delivery: Delivery, integration: Integration, lead_id: int, asked: Asked) -> Step:
    """A repetition has the same `webhook-id`, by which whoever takes it knows it."""

    def write(account: AccountApi) -> Result:
        lead = account.lead(lead_id)
        found = values.of_deal(runtime.database, integration, account, lead, contact=True)
        body = msgspec.json.encode(_message(integration, asked, lead, found, runtime.clock.now()))
        assert asked.url is not None  # what is no call has none
        assert asked.secret is not None
        timestamp = int(runtime.clock.now().timestamp())
        headers = signed([key_of(asked.secret)], str(delivery.id), timestamp, body)
        private_hosts = runtime.settings.endpoint_private_hosts
        account.before_call()
        try:
            status = outward.post(asked.url, body, headers, private_hosts=private_hosts)
        except outward.OutwardError as error:
            raise NotTakenError(str(error)) from None
        if not 200 <= status < 300:
            raise NotTakenError(str(status))
        return {"status": status}

    return Step("call", write, lambda _: None)


def _message(
    integration: Integration, asked: Asked, lead: Mapping[str, Any], found: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    members = ("id", "name", "status_id", "pipeline_id", "responsible_user_id")
    return {
        "type": "automation.asked",
        "timestamp": now,
        "data": {
            "account": {"id": integration.account_id, "domain": integration.account_domain},
            "automation": {"id": asked.id, "name": asked.name},
            "event": asked.event,
            "lead": {name: lead.get(name) for name in members} | {"price": budgets.read(lead)},
            "contact": {name: found.get(f"contact.{name}", "") for name in ("name", "phone", "email")},
        },
    }


def _planned_answer(runtime: Runtime, delivery: Delivery, integration: Integration, question: Question) -> Plan:

    def write(account: AccountApi) -> Result:
        data, bubbles = _answered(runtime.database, integration, account, question)
        answer: dict[str, Any] = {"data": data}
        if bubbles:
            answer["execute_handlers"] = [
                {"handler": "show", "params": {"type": "text", "value": bubble}} for bubble in shortened(bubbles)
            ]
        try:
            account.send("POST", question.path, json=answer)
        # vendor: salesbot.refused (guess) A bot that does not wait, because it was answered, was stopped, or does not
        # wait yet, refuses the continuation with 4xx.
        # source: none found; it is tried again a little later, and then left
        except (BadRequestError, NotFoundError) as error:
            if delivery.attempts < _GIVEN_UP_AFTER:
                raise NotTakenError(type(error).__name__) from None
            return {"skipped": _GONE_ON}
        if len(bubbles) > MOST_SHOWN:
            deliveries.warn(runtime.database, delivery.id, "automation.text_cut", _CUT)
        return {"answered": True}

    return [Step("answer", write, lambda _: None)], 3


ANSWER: Final = Planner("answer_bot", lambda request: decode(request, Question), _planned_answer)


def _answered(
    database: Database, integration: Integration, account: AccountApi, question: Question
) -> tuple[dict[str, str], list[str]]:
    """Values for the bot's own conditions, and all that it is to show."""
    if question.entity == "leads":
        lead = account.lead(question.entity_id)
        found = values.of_deal(database, integration, account, lead, contact=True)
    else:
        found = values.of_contact(account, question.entity_id)
    data = {"status": "success"} | {name.replace(".", "_"): value for name, value in found.items()}
    return data, shown(work.filled(question.text, found))


def shown(text: str) -> list[str]:
    """The text in pieces that a bot may show, cut between words where that is possible."""
    pieces: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        rest = line
        while len(rest) > MOST_LETTERS:
            cut = rest.rfind(" ", 0, MOST_LETTERS + 1)
            cut = cut if cut > 0 else MOST_LETTERS
            pieces.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip()
        pieces.append(rest)
    return pieces


def shortened(pieces: list[str]) -> list[str]:
    """As many as a bot may show; the last one says that there were more."""
    if len(pieces) <= MOST_SHOWN:
        return pieces
    *first, last = pieces[:MOST_SHOWN]
    return [*first, f"{last[: MOST_LETTERS - 2].rstrip()} …"]
