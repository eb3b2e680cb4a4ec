"""The calculator that a connection reckons by, and whether a calculation that was sent is what it makes."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from features.calculations import engine, settings, versions
from features.calculations.engine import Evaluation
from features.calculations.model import ByCalculator, Calculation, SaveCalculation
from shared.actions import currency
from shared.connections.integrations import Integration
from shared.platform.i18n import LANGUAGES
from shared.platform.messages import say
from shared.platform.problems import InputError, Problem
from shared.runtime import Runtime
from shared.storage.database import Database


class Published(Struct, frozen=True):
    document: dict[str, Any]  # compiled
    revision: str
    is_own: bool  # made in the panel, not the one that comes with the widget type


def of(database: Database, integration: Integration) -> Published | None:
    """Of the nearest level; None for a widget type without any. Raises 409 for one that cannot be reckoned: what was
    published could be, so somebody has changed it past us, and the next level's has other prices."""
    found = next(iter(versions.in_force(database, integration)), None)
    if found is None:
        return None
    document = found.compiled.document
    if document is None:
        raise Problem(
            409, "calculator_broken", say("The calculator of this connection has mistakes. Correct it in the panel.")
        )
    return Published(document, found.revision, is_own=found.level is not None)


def in_account(runtime: Runtime, integration: Integration) -> Published | None:
    """The same, as a page of the account shows it: the prices that come with a widget type are examples, and are in the
    account's own currency."""
    found = of(runtime.database, integration)
    if found is None or found.is_own:
        return found
    own = currency.of_account(runtime, integration)
    if own in (None, found.document["currency"]):
        return found
    return Published(found.document | {"currency": own}, f"{found.revision}-{own}", is_own=False)


def check(runtime: Runtime, integration: Integration, body: SaveCalculation) -> Calculation:
    """Reckons again what a calculator's page has sent, and gives what is written: the same, in the words of the
    language that the settings name for documents. Raises 409 where the calculator is another by now, and 422 for
    anything that is not what it makes (`differs` says what); and for a calculation of somebody else's where the
    settings want the calculator's own. What is left to the sender is a number and a comment."""
    by = settings.of(integration.settings).reckoned_by
    if body.calculator is None and by == "widget":
        return body.calculation
    if body.calculator is None:
        if by == "server" or ((known := of(runtime.database, integration)) is not None and known.is_own):
            raise Problem(
                422,
                "calculator_required",
                say("Here only what the published calculator has reckoned is saved: send calculator with its values."),
            )
        return body.calculation
    found = in_account(runtime, integration)
    if found is None:
        raise Problem(404, "no_calculator", say("This widget type has no calculator yet; make one in the panel."))
    if own := tuple(_beside_the_calculator(body)):
        detail = say("The calculation was not accepted; nothing was saved.")
        raise Problem(422, "invalid_input", detail, errors=own)
    made = engine.evaluate(found.document, body.calculator.values, body.calculator.language)
    differs = _differs(made, body.calculation) if isinstance(made, Evaluation) else []
    if isinstance(made, Evaluation) and made.refused is None and not differs:
        return _in_the_language_of_documents(integration, found.document, body.calculator, body.calculation)
    if body.calculator.revision != found.revision:
        raise Problem(
            409,
            "calculator_changed",
            say("The calculator has been changed in between. Look at the new sum and save again."),
        )
    if not isinstance(made, Evaluation):
        detail = say("The calculation was not accepted; nothing was saved.")
        raise Problem(422, "invalid_input", detail, errors=tuple(made))
    if made.refused is not None:
        raise Problem(422, "calculation_refused", made.refused)
    raise Problem(
        422,
        "sum_differs",
        say("This is not what the calculator makes of these values; nothing was saved."),
        extra={"expected_total": f"{made.total:f}", "differs": differs},
    )


def _in_the_language_of_documents(
    integration: Integration, document: dict[str, Any], by: ByCalculator, sent: Calculation
) -> Calculation:
    """Whoever saves reads amoCRM in their own language, in which nobody else need read the goods and the quotation."""
    language = integration.settings.get("language")
    made = engine.evaluate(document, by.values, language) if language in LANGUAGES else None
    if not isinstance(made, Evaluation):
        return sent
    return msgspec.structs.replace(sent, title=made.title, items=made.items, parameters=made.parameters)


def _beside_the_calculator(body: SaveCalculation) -> Iterator[InputError]:
    """What would be told to the client as the calculator's, and is not."""
    if body.calculation.valid_until is not None:
        yield InputError("calculation.valid_until", say("is nothing that a calculator says: leave it out"))
    if body.pdf is not None:
        detail = say("a calculator's quotation is made here, of what it reckons: options.pdf = render")
        yield InputError("options.pdf", detail)


def _differs(made: Evaluation, sent: Calculation) -> list[str]:
    """The members of a calculation that are not what the calculator makes."""
    of_sent = {
        "title": sent.title,
        "currency": sent.currency,
        "items": sent.items,
        "discount": sent.discount or 0,
        "delivery": sent.delivery or 0,
        "total": sent.rounded_total,
        "parameters": sent.parameters,
    }
    return [name for name, value in of_sent.items() if getattr(made, name) != value]
