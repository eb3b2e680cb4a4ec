"""`import-settings`: what a shop component's settings become, and what is told to be left out."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cli.commands import main
from features.submissions.settings import Submissions
from features.submissions.shop_settings_import import _RULES, UnreadableError, read, take_over
from tests.story import Story

COMPONENT = {
    "amocrm_account": "example",
    "amocrm_client_secret": "x",
    "amocrm_form_pipeline_id": "101",
    "amocrm_form_status_new": "202",
    "amocrm_form_as_lead": "1",
    "amocrm_form_filled_fields": "name,phone",
    "amocrm_new_order_status_id": "1",
    "amocrm_order_fields": "weight,delivery_cost,goods",
    "amocrm_order_address_fields": "city,street",
    "amocrm_user_fields": "name,phone,fax==Факс",
    "amocrm_user_enum_fields": '{"phone": "MOB", "fax": "FAX"}',
    "amocrm_user_readonly_fields": "name",
    "amocrm_skip_empty_fields": "Yes",
    "amocrm_default_responsible_user_id": "77",
    "amocrm_auto_create_orders_fields": "1",
    "amocrm_auto_create_users_fields": "0",
    "amocrm_categories_pipelines": '{"23": {"pipeline_id": 5, "status_id": 6}}',
    "amocrm_responsible_id_priority_category": "0",
    "amocrm_use_simple_queue": "1",
}


def test_everything_that_means_something_is_taken_over() -> None:
    taken = take_over(COMPONENT)
    made = msgspec.convert(taken.submissions, Submissions)
    assert (made.forms.pipeline_id, made.forms.status_id, made.forms.mode) == (101, 202, "lead")
    assert made.forms.required == ["name", "phone"]
    assert made.orders.status_id is None
    rules = [(rule.source, rule.entity, rule.field) for rule in made.mapping]
    assert rules == [
        ("weight", "leads", "weight"),
        ("delivery_cost", "leads", "delivery_cost"),
        ("address.city", "leads", "city"),
        ("address.street", "leads", "street"),
        ("fax", "contacts", "Факс"),
    ]
    assert (made.phone_enum, made.read_only, made.responsible_user_ids) == ("MOB", ["name"], [77])
    assert (made.create_fields, made.queue, made.routing_beats_order) == (True, True, False)
    assert (made.routes[0].category, made.routes[0].pipeline_id) == ("23", 5)
    assert [line.partition(":")[0] for line in taken.left] == [
        "amocrm_account",
        "amocrm_client_secret",
        "amocrm_user_enum_fields.fax",
    ]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"amocrm_form_pipeline_id": 101}),
        json.dumps([{"key": "amocrm_form_pipeline_id", "value": "101"}]),
        "key,value\namocrm_form_pipeline_id,101\n",
        "amocrm_form_pipeline_id;101",
    ],
)
def test_json_and_csv(text: str) -> None:
    assert take_over(read(text)).submissions == {"forms": {"pipeline_id": 101}}


@pytest.mark.parametrize("text", ["", "hello, world", "5", '"x"'])
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        read(text)


# Values that mean something are drawn for each key, beside any others.
_TELLING = st.sampled_from(
    [
        "[]",
        "{}",
        "-5",
        "0",
        "1",
        "77",
        "name",
        "fax==Факс",
        "goods==Товары",
        "yes",
        "nonsense",
        '{"23": 5}',
        '{"23": {"pipeline_id": [5]}}',
        '{"23": {"pipeline_id": 5, "sort": 1}}',
    ]
)


@given(st.dictionaries(st.sampled_from(sorted(_RULES)), st.text(max_size=30) | _TELLING | st.just(None), min_size=1))
def test_any_value_is_taken_over_or_told(drawn: dict[str, str | None]) -> None:
    """31-A9: each key is told of by its name, or has left its mark, or says what is so without it."""
    found = {key: COMPONENT.get(key, "7") if value is None else value for key, value in drawn.items()}
    try:
        whole = take_over(found)
    except msgspec.ValidationError:  # told as it is
        return
    for key, value in found.items():
        one = take_over({key: value})
        told = [line for line in whole.left if line.partition(":")[0].startswith(key)]
        assert [line for line in one.left if line not in told] == [], whole.left
        if told or _says_nothing(key, value):
            continue
        assert one.submissions, f"{key}={value!r} is neither taken over nor told"
        for name, taken in one.submissions.items():
            kept = whole.submissions[name]
            if isinstance(taken, dict):
                assert taken.items() <= kept.items()
            elif name == "mapping":
                assert all(rule in kept for rule in taken)
            elif name == "create_fields":
                assert kept or not taken
            else:
                assert kept == taken


def _says_nothing(key: str, value: str) -> bool:
    """Empty, a list of nothing, the component's defaults of 0 and 1 for ids, or what goes to its place by itself."""
    text = value.strip()
    if text in ("", "null", "{}"):
        return True
    if key.endswith(("pipeline_id", "status_id", "status_new")):
        return int(text) in (0, 1)
    if key.endswith("responsible_user_id"):
        return int(text) == 0
    if key.endswith("_fields") and not key.startswith("amocrm_auto") and "skip" not in key and "enum" not in key:
        pairs = [pair.strip().partition("==") for pair in text.replace("||", ",").split(",") if pair.strip()]
        usual = ("name", "phone", "email", "goods", "comment")
        return all(source in usual and target.casefold() in ("", source) for source, _, target in pairs)
    return False


def test_the_command_prints_or_saves(connected: Story, environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"amocrm_use_simple_queue": "1", "amocrm_account": "x"}))

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["import-settings", str(file), *arguments], env=environment)

    printed = run()
    assert '"queue": true' in printed.output
    assert "not taken over: amocrm_account" in printed.output
    saved = run("--account", connected.domain, "--widget-type", connected.widget_type)
    assert saved.exit_code == 0, saved.output
    assert connected.row().settings["submissions"]["queue"] is True
    for encoding in ("windows-1251", "utf-8-sig", "utf-16"):  # as Excel saves a table
        file.write_text("key;value\r\namocrm_order_fields;weight==Вес изделия\r\n", encoding=encoding)
        assert "Вес изделия" in run().output
    file.write_text(json.dumps({"amocrm_form_pipeline_id": "5"}))
    refused = run("--account", connected.domain, "--widget-type", connected.widget_type)
    assert refused.exit_code == 1
    assert "it has Воронка" in refused.output
    assert run("--account", "nobody.amocrm.ru").exit_code == 1


def test_k_a_pair_that_names_a_field_of_its_own_is_taken_over() -> None:
    """30-K: only what goes to its usual place needs no rule; goods have no field at all."""
    taken = take_over(
        {"amocrm_order_fields": "comment==Примечание,phone,goods==Товары", "amocrm_user_fields": "phone==PHONE"}
    )
    assert [(rule["source"], rule["field"]) for rule in taken.submissions["mapping"]] == [("comment", "Примечание")]
    assert taken.left == ["amocrm_order_fields.goods: goods are linked with the deal, and are in no field"]
