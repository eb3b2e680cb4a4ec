"""Two people who change the same endpoint, or the same automation (38)."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.demo import Demo, connect
from tests.longer import others_long
from tests.looking import picture
from tests.visiting import choose, connected_panel, go, in_one_demo

pytestmark = in_one_demo

_OF: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "events": ("endpoint", {"url": "https://example.org/a"}, "#endpoints > li", "Получатель"),
    "automations": ("automation", {"work": {"kind": "note", "text": "Готово"}}, "#automations > li", "Автоматизация"),
}


@pytest.mark.refusals(409)
@pytest.mark.parametrize("view", others_long(["events", "automations"]))
def test_38_who_is_second_is_told_and_chooses(context: BrowserContext, demo: Demo, view: str) -> None:
    """The last save won, and nobody knew. Mine, theirs, and mine after theirs; what is put back is what was there, and
    never over what somebody has changed since."""
    what, body, rows, name = _OF[view]
    page = connected_panel(context, demo)
    choose(page)
    toast, form = page.locator("#toasts .toast"), page.locator("#view form.card")
    field, save = form.get_by_label("Название", exact=True), form.get_by_role("button", name="Сохранить")
    undo = toast.get_by_role("button", name="Отменить", exact=True)
    with demo.http(connect(demo)) as http:

        def post(name: str) -> None:
            answer = http.post(f"/save_{what}", json=body | {"id": made["id"], "name": name})
            assert answer.status_code == 200, answer.text

        def now() -> str:
            listed: list[Any] = http.get(f"/get_{what}s").json()[f"{what}s"]
            return str(next(one["name"] for one in listed if one["id"] == made["id"]))

        def mine(text: str) -> None:
            """Somebody saves theirs while I type, and I am told."""
            page.locator(rows).filter(has_text=name).get_by_role("button", name="Изменить").click()
            field.fill(text)
            post(f"{name} чужое")
            save.click()
            expect(form).to_contain_text("тем временем изменили")
            expect(field).to_have_value(text)
            assert now() == f"{name} чужое"

        made = http.post(f"/save_{what}", json=body | {"name": name}).json()
        other = http.post(f"/save_{what}", json=body | {"name": "Сосед"}).json()
        try:
            go(page, view)
            mine(f"{name} моё")
            picture(page, f"conflict-{view}")
            field.fill(f"{name} моё, дописанное")
            page.get_by_role("button", name="Оставить мой").click()
            expect(toast).to_contain_text("моё, дописанное")
            assert now() == f"{name} моё, дописанное"
            undo.click()
            expect(toast).to_contain_text("Вернули как было.")
            assert now() == f"{name} чужое"

            mine(f"{name} второе")
            page.get_by_role("button", name="Взять их вариант").click()
            expect(field).to_have_value(f"{name} чужое")
            expect(page.locator(rows).filter(has_text=f"{name} чужое")).to_be_visible()
            undo.click()
            expect(page.locator(rows).filter(has_text=f"{name} второе")).to_be_visible()
            expect(form).to_have_count(0)  # theirs stood in it, which is nobody's any more
            assert now() == f"{name} второе"

            mine(f"{name} снова")
            page.get_by_role("button", name="Взять их вариант").click()
            expect(field).to_have_value(f"{name} чужое")
            page.locator(rows).filter(has_text="Сосед").get_by_role("button", name="Изменить").click()
            expect(field).to_have_value("Сосед")
            undo.click()
            expect(page.locator(rows).filter(has_text=f"{name} снова")).to_be_visible()
            expect(field).to_have_value("Сосед")  # another's form, which somebody reads
            form.get_by_role("button", name="Отмена").click()

            page.locator(rows).filter(has_text=name).get_by_role("button", name="Изменить").click()
            field.fill(f"{name} третье")
            save.click()
            expect(toast).to_contain_text("третье")
            post(f"{name} позже")
            undo.click()
            expect(toast.get_by_role("alert")).to_contain_text("тем временем изменили")
            assert now() == f"{name} позже"
        finally:
            for one in (made, other):
                http.post(f"/remove_{what}", json={"id": one["id"]})


@pytest.mark.long
@pytest.mark.refusals(409)
def test_38_rights_that_somebody_has_taken_are_not_given_back_in_silence(context: BrowserContext, demo: Demo) -> None:
    page = connected_panel(context, demo)
    with demo.http(connect(demo)) as http:
        made = http.post("/create_administrator", json={"name": "Вера Вторая", "rights": "manage"}).json()

        def rights() -> str:
            listed: list[Any] = http.get("/get_administrators").json()["administrators"]
            return str(next(one["rights"] for one in listed if one["id"] == made["id"]))

        try:
            go(page, "people")
            theirs = page.locator("#people > li").filter(has_text="Вера Вторая")
            theirs.get_by_text("Изменить").click()
            theirs.get_by_label("Может").select_option("operate")
            assert http.post("/save_administrator", json={"id": made["id"], "rights": "see"}).status_code == 200
            theirs.get_by_role("button", name="Сохранить").click()
            expect(theirs).to_contain_text("тем временем изменили")
            assert rights() == "see"
            theirs.get_by_role("button", name="Оставить мой").click()
            expect(theirs).to_contain_text("смотреть и действовать")
            expect(theirs.get_by_label("Может")).to_be_hidden()
            assert rights() == "operate"
        finally:
            http.post("/revoke_administrator", json={"id": made["id"]})
