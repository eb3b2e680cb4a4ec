"""Row I4, one vendor and many accounts: settings by level, and two who change them at once."""

import json
from typing import Any

from features import settings
from shared.connections import integrations
from shared.connections.inheritance import LEVELS
from tests.story import Story, calculation, json_of


def _get(story: Story, level: str = "connection", domain: str | None = None) -> Any:
    return json_of(story.crm("get_settings", story.admin(domain), query={"level": level}))


def _save(story: Story, **changed: Any) -> Any:
    return story.crm("save_settings", story.admin(), changed)


def test_what_is_left_out_is_inherited_member_by_member(story: Story) -> None:
    assert story.save_connection(account_domain="other.amocrm.ru", client_id="another-client").status == 201
    company: dict[str, Any] = {"name": "Vendor", "lines": [], "logo": None}
    assert _save(story, level="widget", company=company, language="en").status == 200
    assert _save(story, level="client", language="es").status == 200
    assert _save(story, template={"closing": "Bye."}).status == 200
    now = _get(story)
    assert (now["settings"]["company"], now["settings"]["language"]) == (company, "es")
    assert now["settings"]["template"]["closing"] == "Bye."
    assert now["sources"] == {"company": "widget", "language": "client", "template": "connection"}
    assert [_get(story, level)["touched"] for level in LEVELS] == [1, 1, 2]
    other = _get(story, domain="other.amocrm.ru")
    assert (other["settings"]["company"], other["settings"]["language"]) == (company, "en")
    assert _save(story, language="pt", company={"name": "Mine"}).status == 200
    assert _get(story)["sources"] == {"company": "connection", "language": "connection"}
    assert _save(story).status == 200
    assert _get(story)["sources"] == {"company": "widget", "language": "client"}
    assert _get(story, "widget")["sources"] == {"company": "widget", "language": "widget"}


def test_notes_and_rotation_go_by_what_holds(story: Story) -> None:
    """Every reader of a connection gets what holds at its level; writing to the row goes on."""
    assert _save(story, level="client", language="en", template={"note_heading": "Quotation"}).status == 200
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
    assert story.crm("save_calculation", headers, calculation(title="Shower")).status == 200
    (note,) = story.notes()
    assert note["params"]["text"].startswith("Quotation: Shower")
    row = integrations.by_domain(story.runtime.database, story.domain, story.widget_type)
    assert row is not None
    assert row.settings == {
        "account_country": "RU",
        "language": "en",
        "template": {"heading": None, "note_heading": "Quotation", "closing": None},
    }
    assert story.sql("SELECT settings FROM amocrm_integrations") == [({"account_country": "RU"},)]
    story.clock.advance(hours=30)  # the token is refreshed, through the same view
    assert story.crm("get_lead", story.widget() | {"X-Lead-Id": str(story.lead_id)}).status == 200


def test_what_one_account_has_is_set_there(story: Story) -> None:
    refused = _save(story, level="client", submissions={"queue": True})
    assert (refused.status, json_of(refused)["errors"][0]["path"]) == (422, "submissions")
    assert _save(story, level="client", company={"name": "x", "logo": "?"}).status == 422
    assert _save(story, level="moon").status == 422
    assert story.crm("get_settings", story.admin(), query={"level": "moon"}).status == 422


def test_two_who_change_the_same_settings(story: Story) -> None:
    for level in LEVELS:
        seen = _get(story, level)["revision"]
        first = _save(story, level=level, language="en", revision=seen)
        assert first.status == 200
        refused = _save(story, level=level, language="es", revision=seen)
        assert (refused.status, json_of(refused)["code"]) == (409, "settings_changed")
        assert _get(story, level)["settings"]["language"] == "en"
        assert _save(story, level=level, language="es", revision=json_of(first)["revision"]).status == 200
        assert _save(story, level=level, language="pt").status == 200  # who does not ask overwrites


def test_somebody_else_between_the_look_and_the_save(story: Story) -> None:
    """The database itself compares, so nothing can come between."""
    row = integrations.by_domain(story.runtime.database, story.domain, story.widget_type)
    assert row is not None
    for level in LEVELS:

        def save(document: dict[str, Any], seen: dict[str, Any], name: Any = level) -> bool:
            return settings.save(story.runtime.database, row, name, document, seen=seen, by="a", request_id="r")

        assert save({"language": "en"}, {})
        assert save({"language": "en"}, {})  # the same save once more, as after a lost answer
        assert not save({"language": "es"}, {})


def test_settings_of_other_code_are_left_alone(story: Story) -> None:
    """A member of before (the calculator) or of a version to come."""
    story.sql(
        "UPDATE amocrm_integrations SET settings = %s RETURNING 1", json.dumps({"calculator": {}, "language": "uk"})
    )
    assert _get(story)["settings"]["language"] == "uk"
    assert _get(story)["sources"] == {"language": "connection"}
