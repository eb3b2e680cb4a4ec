"""The steps of an automation that was asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from features import registry
from features.automations import effects, placeholders
from features.automations.effects import Bot, Call, Note, Quotation, Task, Work
from features.automations.lateness import require_in_time
from shared.actions.feature import Planner, Title
from shared.amocrm import budgets
from shared.amocrm.bots import BotsApi
from shared.amocrm.errors import (
    AddressBlockedError,
    BadRequestError,
    ForbiddenError,
    NotSentError,
    PaymentRequiredError,
    ServerError,
)
from shared.amocrm.leads import AccountApi
from shared.connections.integrations import Integration
from shared.deliveries import long_notes
from shared.deliveries import rows as deliveries
from shared.deliveries.own_tasks import OwnTasks, given_to
from shared.deliveries.rows import Delivery, reference
from shared.deliveries.runner import FinalRefusalError, NotTakenError, Plan, Result, Step
from shared.deliveries.webhooks import key_of, signed
from shared.platform import egress
from shared.platform.decoding import decode
from shared.platform.messages import say
from shared.runtime import Runtime
from shared.storage.database import Database

_UNAVAILABLE: Final = 503

_NOT_HERE: Final = say("Nothing here makes quotations.")
_UNKNOWN: Final = say(
    "Whether amoCRM has started the bot is not known: its answer was lost. It is not started a second time, so that "
    "nobody is written to twice; start it by hand if it did not speak."
)
_UNKNOWN_SINCE_RESTORE: Final = say(
    "Whether amoCRM has started the bot is not known: the database was restored from a backup since it was asked for. "
    "It is not started here, so that nobody is written to twice; start it by hand if it did not speak."
)


class AutomationRun(Struct, frozen=True):
    """An automation as it was when it was asked for."""

    id: str
    name: str
    work: Work
    event: dict[str, Any]  # {type, type_code, status_id, pipeline_id, time}
    url: str | None = None
    secret: str | None = None


def _planned_automation(runtime: Runtime, delivery: Delivery, integration: Integration, asked: AutomationRun) -> Plan:
    lead_id = delivery.lead_id
    assert lead_id is not None  # a hook without a deal is not accepted
    match asked.work:
        case Note():
            return [_note(runtime.database, delivery, integration, lead_id, asked.work)], 3
        case Task():
            return [_task(runtime, delivery, integration, lead_id, asked.work)], 3
        case Quotation():
            quote = registry.quotation()
            if quote is None:
                return [Step("pdf", lambda _: {"skipped": _NOT_HERE}, lambda _: None)], 0
            steps, calls = quote(
                runtime, delivery, integration, lead_id, _title(runtime.database, integration, lead_id, asked.work)
            )
            return steps, calls + 2
        case Call():
            return [_call(runtime, delivery, integration, lead_id, asked)], 2
        case Bot():
            return [_bot(runtime, delivery, lead_id, asked.work)], 1


AUTOMATION: Final = Planner("run_automation", lambda request: decode(request, AutomationRun), _planned_automation)


def _filled(
    database: Database, integration: Integration, account: AccountApi, lead: Mapping[str, Any], text: str
) -> str:
    is_asked = effects.names(text, "contact")
    return effects.filled(text, placeholders.of_deal(database, integration, account, lead, contact=is_asked))


def _title(database: Database, integration: Integration, lead_id: int, wanted: Quotation) -> Title | None:
    text = wanted.title
    if text is None:
        return None
    return lambda account: _filled(database, integration, account, account.lead(lead_id), text)


def _note(database: Database, delivery: Delivery, integration: Integration, lead_id: int, wanted: Note) -> Step:
    mark = reference(delivery.id)

    def write(account: AccountApi) -> Result:
        text = _filled(database, integration, account, account.lead(lead_id), wanted.text)
        return {"note_id": long_notes.write(account, delivery, "note", lead_id, text, mark)}

    def find(account: AccountApi) -> Result | None:
        note_id = account.find_note(lead_id, mark, delivery.made_since)
        return None if note_id is None else {"note_id": note_id}

    return Step("note", write, find)


def _task(runtime: Runtime, delivery: Delivery, integration: Integration, lead_id: int, wanted: Task) -> Step:
    database, mark = runtime.database, reference(delivery.id)
    own = OwnTasks(database, runtime.keyring, integration.id, delivery.id)

    def tell_refused(error: BadRequestError) -> None:
        told = say(
            "amoCRM did not give the task to whom it is for ({error}): somebody else has it.", error=error.message
        )
        deliveries.warn(database, delivery.id, "automation.user_refused", told)

    def write(account: AccountApi) -> Result:
        lead = account.lead(lead_id)
        text = _filled(database, integration, account, lead, wanted.text)
        more = {"task_type_id": wanted.task_type_id} if wanted.task_type_id else {}
        users = dict.fromkeys(filter(None, (wanted.responsible_user_id, lead.get("responsible_user_id"))))
        due = int(delivery.created_at.timestamp()) + 60 * wanted.due_minutes

        def create(user: dict[str, Any]) -> int:
            return own.create(account, lead_id, f"{text}\n{mark}", due, more | user)

        return {"task_id": given_to(list(users), create, tell_refused)}

    def find(account: AccountApi) -> Result | None:
        task_id = own.find(account, lead_id, mark, delivery.made_since)
        return None if task_id is None else {"task_id": task_id}

    return Step("task", write, find)


def _call(runtime: Runtime, delivery: Delivery, integration: Integration, lead_id: int, asked: AutomationRun) -> Step:
    """A repetition has the same `webhook-id`, by which whoever takes it knows it."""

    def write(account: AccountApi) -> Result:
        lead = account.lead(lead_id)
        found = placeholders.of_deal(runtime.database, integration, account, lead, contact=True)
        body = msgspec.json.encode(_message(integration, asked, lead, found, runtime.clock.now()))
        assert asked.url is not None  # what is no call has none
        assert asked.secret is not None
        timestamp = int(runtime.clock.now().timestamp())
        headers = signed([key_of(asked.secret)], str(delivery.id), timestamp, body)
        private_hosts = runtime.settings.endpoint_private_hosts
        account.before_call()
        try:
            answer = egress.post(asked.url, body, headers, private_hosts=private_hosts)
        except egress.EgressError as error:
            raise NotTakenError(str(error)) from None
        if not answer.is_taken:
            raise NotTakenError(str(answer.status))
        return {"status": answer.status}

    return Step("call", write, lambda _: None)


def _bot(runtime: Runtime, delivery: Delivery, lead_id: int, wanted: Bot) -> Step:
    """Once at most: amoCRM has no key by which it would know a repetition, nor tells which bots ran. Of the two errors,
    a client who is written to twice and a bot that somebody has to start by hand, this chooses the second."""

    def write(account: AccountApi) -> Result:
        require_in_time(delivery, runtime.clock.now())
        try:
            BotsApi(account).run(wanted.bot_id, lead_id)
        except ServerError as error:
            if error.status != _UNAVAILABLE:
                raise
            raise NotSentError(error.message) from None  # it was turned away before anything was done
        except AddressBlockedError:  # our server's fault, and no word about the bot
            raise
        except (ForbiddenError, PaymentRequiredError) as error:
            raise FinalRefusalError(error.problem()) from None  # a bot that speaks a day later is worse than none
        return {"bot_id": wanted.bot_id}

    def find(_account: AccountApi) -> Result:
        is_first = delivery.looks_since is not None and delivery.attempts <= 1
        unknown = _UNKNOWN_SINCE_RESTORE if is_first else _UNKNOWN
        deliveries.warn(runtime.database, delivery.id, "automation.bot_unknown", unknown)
        return {"bot_id": wanted.bot_id, "skipped": unknown}

    return Step("bot", write, find)


def _message(
    integration: Integration, asked: AutomationRun, lead: Mapping[str, Any], found: Mapping[str, str], now: datetime
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
