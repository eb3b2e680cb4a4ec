"""The steps that bring an accepted calculation into its deal. Those that do not depend on each other run at once."""

from collections.abc import Callable
from typing import Any, Final

from features.calculations import deal_fields, note, quotation, typesetting_client
from features.calculations.model import ACTION, Calculation, SaveCalculation
from features.calculations.quotation import Company, file_name
from features.calculations.template import template
from shared.actions.feature import Planner
from shared.amocrm.errors import ScopeMissingError
from shared.amocrm.files import DriveApi
from shared.amocrm.leads import AccountApi
from shared.connections.integrations import Integration
from shared.deliveries import long_notes
from shared.deliveries.account_time import AccountTime
from shared.deliveries.products import Goods
from shared.deliveries.rows import Delivery, reference
from shared.deliveries.runner import Plan, Result, Step
from shared.platform.decoding import decode
from shared.platform.i18n import document_language
from shared.platform.messages import say
from shared.runtime import Runtime
from shared.storage.cache import SharedCache

Render = Callable[[AccountApi, Calculation], bytes]

# An integration without access to files is told so, and the rest of the calculation goes on.
NO_FILES: Final = say(
    "The integration has no access to files; tick the scope in amoCRM and authorise the account again."
)


def _planned(runtime: Runtime, delivery: Delivery, integration: Integration, body: SaveCalculation) -> Plan:
    assert body.lead_id is not None  # set when it was accepted
    render = renderer(runtime, integration, delivery)
    return steps(runtime, delivery, body.lead_id, body, integration, render), calls(body)


PLANNER: Final = Planner(ACTION, lambda request: decode(request, SaveCalculation), _planned)


def steps(
    runtime: Runtime,
    delivery: Delivery,
    lead_id: int,
    body: SaveCalculation,
    integration: Integration,
    render: Render,
) -> list[Step]:
    options, plan, remembered = body.options, [], SharedCache(runtime.database, delivery.integration_id)
    if options.note:
        plan.append(_note(delivery, lead_id, body.calculation, integration))
    if options.update_price or options.responsible_user_id is not None:
        plan.append(deal_fields.step(runtime.database, delivery, lead_id, body))
    if options.products:
        plan += _goods(runtime, delivery, lead_id, body.calculation)
    if options.pdf != "none":
        plan += _pdf(remembered, delivery, lead_id, body, render)
    return plan


def first_steps(body: SaveCalculation) -> list[str]:
    """The names of those that depend on nothing."""
    options = body.options
    asked = {
        "note": options.note,
        "deal": options.update_price or options.responsible_user_id is not None,
        "goods": options.products,
        "pdf": options.pdf != "none",
    }
    return [name for name, is_asked in asked.items() if is_asked]


def calls(body: SaveCalculation) -> int:
    """How many calls the steps make that count against amoCRM's limit, when nothing is in the way."""
    options = body.options
    asked = [options.note, options.update_price or options.responsible_user_id is not None]
    return sum(asked) + 3 * options.products + 2 * (options.pdf != "none") + (options.pdf == "render")


def _note(delivery: Delivery, lead_id: int, calculation: Calculation, integration: Integration) -> Step:
    """Its last line is a mark, by which a retry finds the note, and people find the delivery."""
    mark, since = reference(delivery.id), delivery.made_since

    def write(api: AccountApi) -> Result:
        language = document_language(integration.settings, integration.account_domain)
        words = template(integration.widget_type, integration.settings, language)
        text = note.text(calculation, words, language)
        return {"note_id": long_notes.write(api, delivery, "note", lead_id, text, mark)}

    def find(api: AccountApi) -> Result | None:
        note_id = api.find_note(lead_id, mark, since)
        return None if note_id is None else {"note_id": note_id}

    return Step("note", write, find)


def _goods(runtime: Runtime, delivery: Delivery, lead_id: int, calculation: Calculation) -> list[Step]:
    remembered, currency = SharedCache(runtime.database, delivery.integration_id), calculation.currency or None
    goods = Goods(remembered, runtime.keyring, calculation.items, runtime.locks, delivery.id, currency)

    def find_or_create(account: AccountApi) -> Result:
        return goods.find_or_create(account) | {"lead_id": lead_id}

    return [
        Step("goods", find_or_create, lambda _: None),  # looks by itself before it creates
        Step("goods_link", goods.link, goods.find_links, after="goods"),
    ]


def _pdf(
    remembered: SharedCache, delivery: Delivery, lead_id: int, body: SaveCalculation, render: Render
) -> list[Step]:
    """The quotation, rendered or brought by the widget."""

    def content(account: AccountApi) -> bytes:
        if body.pdf is not None:
            return body.pdf.content()
        return render(account, body.calculation)

    stem = stem_of(body.calculation) if body.pdf is None else body.pdf.filename
    return file_steps(remembered, delivery, lead_id, lambda: stem, content)


def stem_of(calculation: Calculation) -> str:
    """What a quotation's file is called, before its mark."""
    return f"{calculation.title} {calculation.number or ''}"


def renderer(runtime: Runtime, integration: Integration, delivery: Delivery) -> Render:
    """Makes quotations in the connection's words, of the day that it was where the account is."""
    typeset, remembered = typesetting_client.of(runtime.settings), SharedCache(runtime.database, integration.id)

    def render(account: AccountApi, calculation: Calculation) -> bytes:
        language = document_language(integration.settings, integration.account_domain)
        words = template(integration.widget_type, integration.settings, language)
        company = Company.of(integration.settings, language)
        # A zone that is not known here has its offset of now, which is right for the day.
        zone = AccountTime(remembered, lambda _: None).zone(account)
        return quotation.render(calculation, company, words, delivery.created_at.astimezone(zone), typeset)

    return render


def file_steps(
    remembered: SharedCache,
    delivery: Delivery,
    lead_id: int,
    stem: Callable[..., str],
    content: Callable[..., bytes],
    after: str | None = None,
) -> list[Step]:
    """A PDF in the drive, attached to the deal, shown in its feed. `stem` and `content` are given the result of
    `after`, so that every attempt finds the same name, `content` the account before it; where `after` was skipped, so
    is the file."""
    mark, since = reference(delivery.id).removeprefix("ref:")[:8], delivery.made_since

    def drive(account: AccountApi) -> DriveApi:
        return DriveApi(account, lambda ask: remembered.get("drive_host", str, ask) or ask())

    def upload(account: AccountApi, *needed: Result) -> Result:
        return drive(account).upload(file_name(stem(*needed), mark), content(account, *needed))

    def find(account: AccountApi, *needed: Result) -> Result | None:
        return drive(account).find(file_name(stem(*needed), mark), since)

    def attach(account: AccountApi, file: Result) -> Result:
        drive(account).attach(lead_id, file["file_uuid"])
        return {"attached": True}

    def find_attached(account: AccountApi, file: Result) -> Result | None:
        uuids = drive(account).attached(lead_id)
        return {"attached": True} if file["file_uuid"] in uuids else None

    def show(account: AccountApi, file: Result) -> Result:
        return {"note_id": account.add_attachment_note(lead_id, file["file_uuid"], file["version_uuid"], file["name"])}

    def find_shown(account: AccountApi, file: Result) -> Result | None:
        note_id = account.find_note(lead_id, file["file_uuid"], since, "attachment", "file_uuid")
        return None if note_id is None else {"note_id": note_id}

    return [
        Step("pdf", _in_scope(upload), _in_scope(find), after=after),
        Step("pdf_attach", _unless_skipped(attach), _unless_skipped(find_attached), after="pdf"),
        Step("pdf_note", _unless_skipped(show), _unless_skipped(find_shown), after="pdf"),
    ]


def _in_scope(work: Callable[..., Any]) -> Callable[..., Any]:
    """Without access to files the quotation is left out, and says so; without anything to quote as well."""

    def carried_out(account: AccountApi, *needed: Result) -> Any:
        if any("skipped" in result for result in needed):
            return {"nothing_to_do": True}
        try:
            return work(account, *needed)
        except ScopeMissingError:
            return {"skipped": NO_FILES}

    return carried_out


def _unless_skipped(work: Callable[[AccountApi, Result], Any]) -> Callable[[AccountApi, Result], Any]:
    def carried_out(account: AccountApi, file: Result) -> Any:
        return work(account, file) if "file_uuid" in file else {"nothing_to_do": True}

    return carried_out
