"""Row I4: drafts, versions, levels, and a sum that nobody can tamper with."""

import base64
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from features.calculations import calculator as calculators
from tests.story import Story, calculation, json_of

VALUES = {
    "material": "gl8",
    "width": "1200",
    "height": "2100",
    "count": 1,
    "edge": "none",
    "holes": 0,
    "installation": True,
}


def _document(price: str = "6200") -> dict[str, Any]:
    usual = calculators.usual("glass")
    assert usual is not None
    document = calculators.document(usual)
    document["fields"][0]["options"][0]["price"] = price
    return document


def _draft(story: Story, level: str = "connection") -> Any:
    return json_of(story.crm("get_calculator_draft", story.admin(), query={"level": level}))


def _save(story: Story, document: Any, level: str = "connection", revision: str | None = None) -> Any:
    body = {"level": level, "document": document, "revision": revision}
    return story.crm("save_calculator_draft", story.admin(), body)


def _publish(story: Story, document: Any, level: str = "connection") -> Any:
    before = _draft(story, level)["draft"]
    saved = json_of(_save(story, document, level, before and before["revision"]))
    body = {"level": level, "revision": saved["revision"], "note": "Summer prices"}
    answer = story.crm("publish_calculator", story.admin(), body)
    assert answer.status == 200, answer.body
    return json_of(answer)


def _asked(story: Story) -> Any:
    return json_of(story.crm("get_calculator", story.widget()))


def _sent(story: Story, price: str = "6200", **changed: Any) -> Any:
    """What the page would send, with one pane and its installation."""
    made = float(price) * 2.52
    items = [
        {
            "name": "Tempered glass 8 mm",
            "quantity": "2.52",
            "unit": "m²",
            "unit_price": price,
            "sku": "GL-8",
            "category": "Стекло",
        },
        {"name": "Installation", "quantity": "1", "unit": "job", "unit_price": "9500", "sku": "SRV-1"},
    ]
    calculator = {"revision": _asked(story)["revision"], "values": VALUES, "language": "en"}
    parameters = [
        {"name": "Size", "value": "1200 × 2100 mm"},
        {"name": "Quantity", "value": "1"},
        {"name": "Edge", "value": "As cut"},
    ]
    said: Any = {"title": "Glass calculation", "parameters": parameters}
    body = calculation(items=items, total=f"{made + 9500:.2f}", discount=None, delivery=None, **said)
    return body | {"calculator": calculator} | changed


def _write(story: Story, body: Any, key: str | None = None) -> Any:
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)} | ({"Idempotency-Key": key} if key else {})
    return story.crm("save_calculation", headers, body)


# --- drafts and versions -----------------------------------------------------------------------------------------


def test_a_calculator_is_changed_published_and_taken_back(story: Story) -> None:
    first = _draft(story)
    assert (first["draft"], first["versions"], first["in_force"][0]["level"]) == (None, [], None)
    assert set(first["usual"]) == {"clinic", "countertop", "glass"}
    _save(story, _document("7000"))
    assert _asked(story)["calculator"]["fields"][0]["options"][0]["price"] == "6200"  # a draft changes nothing
    assert _publish(story, _document("7000")) == {"version": 1, "touched": 1}
    assert _asked(story)["calculator"]["fields"][0]["options"][0]["price"] == "7000"
    assert _publish(story, _document("8000"))["version"] == 2
    now = _draft(story)
    assert [(one["version"], one["note"], one["changed_by"]) for one in now["versions"]] == [
        (2, "Summer prices", "ADMIN_TOKENS"),
        (1, "Summer prices", "ADMIN_TOKENS"),
    ]
    old = json_of(story.crm("get_calculator_version", story.admin(), query={"version": "1"}))["document"]
    assert _publish(story, old)["version"] == 3
    assert _asked(story)["calculator"]["fields"][0]["options"][0]["price"] == "7000"
    assert story.crm("inherit_calculator", story.admin(), {"level": "connection"}).status == 200
    assert story.crm("inherit_calculator", story.admin(), {"level": "connection"}).status == 200  # as a retry would
    assert _asked(story)["calculator"]["fields"][0]["options"][0]["price"] == "6200"
    assert _draft(story)["versions"][0]["is_inherited"]
    assert story.crm("get_calculator_version", story.admin(), query={"version": "4"}).status == 404
    told = story.sql("SELECT kind FROM amocrm_events WHERE kind LIKE 'administrator.%calculator%'")
    assert len(told) == 5


def test_the_nearest_level_holds_and_each_says_whom_it_touches(story: Story) -> None:
    assert story.save_connection(account_domain="other.amocrm.ru", client_id="another-client").status == 201
    assert (_draft(story, "widget")["touched"], _draft(story, "client")["touched"], _draft(story)["touched"]) == (
        2,
        1,
        1,
    )
    assert _publish(story, _document("5000"), "widget") == {"version": 1, "touched": 2}
    assert _asked(story)["calculator"]["fields"][0]["options"][0]["price"] == "5000"
    assert _publish(story, _document("5500"), "client") == {"version": 1, "touched": 1}
    assert _draft(story, "widget")["touched"] == 1
    assert _publish(story, _document("6000")) == {"version": 1, "touched": 1}
    now = _draft(story)
    assert [one["level"] for one in now["in_force"]] == ["connection", "client", "widget", None]
    assert [one["document"]["fields"][0]["options"][0]["price"] for one in now["in_force"]] == [
        "6000",
        "5500",
        "5000",
        "6200",
    ]
    assert (_draft(story, "widget")["touched"], _draft(story, "client")["touched"]) == (1, 0)
    story.crm("inherit_calculator", story.admin(), {"level": "connection"})
    assert _asked(story)["calculator"]["fields"][0]["options"][0]["price"] == "5500"


def test_two_who_change_the_same_draft(story: Story) -> None:
    first = json_of(_save(story, _document("1")))["revision"]
    second = json_of(_save(story, _document("2"), revision=first))["revision"]
    refused = _save(story, _document("3"), revision=first)
    assert refused.status == 409
    told = json_of(refused)
    assert (told["code"], told["changed_by"], told["revision"]) == ("draft_changed", "ADMIN_TOKENS", second)
    assert _save(story, _document("3")).status == 409  # who has seen none
    assert _draft(story)["draft"]["document"]["fields"][0]["options"][0]["price"] == "2"
    for action in ("publish_calculator", "discard_calculator_draft"):
        assert story.crm(action, story.admin(), {"level": "connection", "revision": first}).status == 409
    assert (
        story.crm("discard_calculator_draft", story.admin(), {"level": "connection", "revision": second}).status == 200
    )
    assert (
        _save(story, _document("4"), revision=second).status == 409
    )  # their browser keeps it, and asks whose it is to be
    assert _save(story, _document("4")).status == 200
    assert _draft(story)["in_force"][0]["level"] is None


def test_a_draft_that_is_gone_is_told_to_whoever_typed_over_it(story: Story) -> None:
    """30-G7: else an older draft would stand there again, and publishing it would take back what was published."""
    document = _draft(story)["in_force"][0]["document"]
    seen = json_of(_save(story, document))["revision"]
    _publish(story, document)
    answer = _save(story, document, revision=seen)
    assert answer.status == 409
    told = json_of(answer)
    assert (told["code"], told.get("revision")) == ("draft_changed", None)
    assert _save(story, document).status == 200


def test_a_draft_need_not_fit_together_and_a_version_must(story: Story) -> None:
    document = _document()
    document["items"][0]["quantity"] = "width * depth"
    saved = json_of(_save(story, document))
    assert (saved["calculator"], saved["problems"][0]["path"]) == (None, "calculator.items[0].quantity")
    assert (
        json_of(story.crm("check_calculator", story.admin(), {"document": document}))["problems"] == saved["problems"]
    )
    refused = story.crm("publish_calculator", story.admin(), {"level": "connection", "revision": saved["revision"]})
    assert (refused.status, json_of(refused)["errors"]) == (422, saved["problems"])
    for broken in (
        {},
        {"items": 5},
        {"fields": [{"id": "Ü"}]},
        {"rules": [{"quantity": 1}]},
        document | {"title": {"ru": ""}},
    ):
        found = json_of(story.crm("check_calculator", story.admin(), {"document": broken}))
        assert found["calculator"] is None
        assert found["problems"]
    assert json_of(_save(story, {"items": 5}, revision=saved["revision"]))["problems"]
    assert _draft(story)["draft"]["document"] == {"items": 5}
    assert _save(story, _document() | {"x": "y" * 300_000}).status == 422
    assert story.crm("get_calculator_draft", story.admin(), query={"level": "moon"}).status == 422


# --- the sum -----------------------------------------------------------------------------------------------------


def test_what_the_calculator_reckons_is_saved(story: Story) -> None:
    assert _write(story, _sent(story)).status == 200
    (note,) = story.notes()
    assert "25 124" in note["params"]["text"].replace("\u202f", " ")


def test_goods_and_words_are_in_the_language_of_documents_whoever_saves(story: Story) -> None:
    """Else a client's quotation is half in the seller's language, and goods without an SKU are there in each."""
    assert story.crm("save_settings", story.admin(), {"language": "pt"}).status == 200
    body = _sent(story, options={"note": True, "products": True})
    saved = _write(story, body, "a press")
    assert (saved.status, _write(story, body, "a press").body) == (200, saved.body)
    (note,) = story.notes()
    text = note["params"]["text"].replace("\u202f", " ").replace("\xa0", " ")
    assert "1. Vidro temperado 8 mm — 2,52 m² × 6.200" in text
    assert "Tamanho: 1200 × 2100 mm" in text
    assert "Installation" not in text


@pytest.mark.parametrize("way", ["price", "total", "name", "quantity", "more", "fewer", "discount", "delivery"])
def test_a_tampered_sum_never_reaches_the_deal(story: Story, way: str) -> None:
    body = _sent(story)
    sent = body["calculation"]
    match way:
        case "price":
            sent["items"][0]["unit_price"], sent["total"] = "1", "9502.52"
        case "total":
            sent["items"].append({"name": "x", "quantity": "1", "unit": "x", "unit_price": "0"})
        case "name":
            sent["items"][0]["name"] = "Something else"
        case "quantity":
            sent["items"][0]["quantity"], sent["total"] = "1", "15700"
        case "more":
            sent["items"].append({"name": "Gift", "quantity": "1", "unit": "pcs", "unit_price": "1"})
            sent["total"] = "25125"
        case "fewer":
            del sent["items"][1]
            sent["total"] = "15624"
        case "discount":
            sent["discount"], sent["total"] = "100", "25024"
        case "delivery":
            sent["delivery"], sent["total"] = "5", "25129"
    refused = _write(story, body)
    assert (refused.status, json_of(refused)["code"]) == (422, "sum_differs")
    assert json_of(refused)["expected_total"] == "25124.00"
    assert story.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("currency", "USD"),
        ("title", "Glass calculation, 90% off"),
        ("parameters", [{"name": "Size", "value": "9000 × 9000 mm"}]),
        ("parameters", []),
    ],
)
def test_30_e1_what_stands_beside_the_sum_is_the_calculators_too(story: Story, name: str, value: Any) -> None:
    body = _sent(story)
    body["calculation"][name] = value
    refused = _write(story, body)
    assert (refused.status, json_of(refused)["code"], json_of(refused)["differs"]) == (422, "sum_differs", [name])
    assert story.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]


def test_30_e1_what_the_calculator_says_nothing_of_is_refused(story: Story) -> None:
    """A validity and a quotation of somebody else's would be told to the client as the calculator's."""
    body = _sent(story)
    body["calculation"]["valid_until"] = "2099-12-31"
    content = base64.b64encode(b"%PDF-1.7 for one rouble %%EOF").decode()
    body |= {"options": {"pdf": "upload"}, "pdf": {"filename": "a.pdf", "content_base64": content}}
    refused = _write(story, body)
    assert refused.status == 422
    assert [one["path"] for one in json_of(refused)["errors"]] == ["calculation.valid_until", "options.pdf"]
    body = _sent(story, options={"pdf": "render"})
    body["calculation"] |= {"number": "17", "comment": "Call before you come"}
    assert _write(story, body).status == 200


def test_30_e1_each_calculator_that_comes_with_us_says_what_its_page_says(tale: Story) -> None:
    """A day among the parameters too, in the language of the page."""
    tale.widget_type = "clinic"
    tale.connect()
    values = {"doctor": "dentist", "service": "first", "date": "2026-12-01", "time": "09:30", "visits": "2"}
    item = {"name": "Первичный приём", "quantity": "2", "unit": "приём", "unit_price": "2800", "sku": "MED-1"}
    said: Any = {
        "title": "Запись на приём",
        "parameters": [
            {"name": "Врач", "value": "Стоматолог, Тимур Каримов"},
            {"name": "Когда", "value": "01.12.2026, 09:30"},
        ],
    }
    body = calculation(items=[item], total="5600", discount=None, delivery=None, **said)
    by = {"revision": _asked(tale)["revision"], "values": values | {"home": False}, "language": "ru"}
    assert _write(tale, body | {"calculator": by}).status == 200
    refused = _write(tale, body | {"calculator": by | {"values": values | {"date": "2026-02-30"}}})
    assert json_of(refused)["errors"][0]["path"] == "calculator.values.date"


def test_values_that_cannot_be_are_refused(story: Story) -> None:
    body = _sent(story)
    body["calculator"]["values"] = VALUES | {"width": "-5"}
    refused = _write(story, body)
    assert json_of(refused)["errors"][0]["path"] == "calculator.values.width"
    body["calculator"]["values"] = VALUES | {"width": "6000", "height": "6000"}
    assert json_of(_write(story, body))["code"] == "calculation_refused"


def test_a_calculator_that_was_changed_in_between_is_looked_at_again(story: Story) -> None:
    body = _sent(story)
    assert _write(story, body, "one-key").status == 200
    _publish(story, _document("7000"))
    refused = _write(story, body)
    assert (refused.status, json_of(refused)["code"]) == (409, "calculator_changed")
    assert _write(story, body, "one-key").status == 200  # what was accepted before stands
    assert story.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]
    assert _write(story, _sent(story, "7000")).status == 200


def test_a_change_that_does_not_change_the_sum_stops_nobody(story: Story) -> None:
    body = _sent(story)
    document = _document()
    document["title"]["ru"] = "Стекло"  # of another language
    document["fields"][0]["options"][1]["price"] = "8000"  # of another option
    _publish(story, document)
    assert _write(story, body).status == 200


def test_whose_calculations_are_taken(story: Story) -> None:
    """A widget's own as long as nobody has published a calculator, or where the settings say so."""
    own = calculation()
    assert _write(story, own).status == 200
    _publish(story, _document("7000"))
    refused = _write(story, calculation(number="2"))
    assert (refused.status, json_of(refused)["code"]) == (422, "calculator_required")
    assert story.crm("save_settings", story.admin(), {"reckoned_by": "widget"}).status == 200
    assert _write(story, calculation(number="3")).status == 200
    story.crm("inherit_calculator", story.admin(), {"level": "connection"})
    assert story.crm("save_settings", story.admin(), {"reckoned_by": "server"}).status == 200
    assert json_of(_write(story, calculation(number="4")))["code"] == "calculator_required"


@pytest.mark.parametrize("kept", [{"title": 5}, {"items": 5}, {"rules": [{}]}, {"fields": []}, {"colour": "red"}])
def test_a_published_calculator_that_is_none_any_more_is_told(story: Story, kept: dict[str, Any]) -> None:
    """30-K: somebody has changed it past us, or a newer version wants more of one: that was 500 for every card."""
    body = _sent(story)
    _publish(story, _document())
    story.sql("UPDATE amocrm_calculators SET document = document || %s WHERE version IS NOT NULL", Jsonb(kept))
    asked = story.crm("get_calculator", story.widget())
    for answer in (asked, _write(story, body), _write(story, calculation())):
        assert (answer.status, json_of(answer)["code"]) == (409, "calculator_broken")
    assert _draft(story)["in_force"][0]["version"] == 1


def test_a_widget_type_without_a_calculator(tale: Story) -> None:
    tale.widget_type = "site"
    tale.connect()
    assert json_of(tale.crm("get_calculator", tale.widget()))["code"] == "no_calculator"
    found = _draft(tale)
    assert (found["in_force"], found["draft"]) == ([], None)
    assert _publish(tale, _document())["version"] == 1
    assert _asked(tale)["widget_type"] == "site"
