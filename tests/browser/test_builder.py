"""The builder of calculators: names, and drafts that nobody loses."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.demo import Demo, connect
from tests.longer import others_long
from tests.looking import looked_at
from tests.visiting import choose, connected_panel, go, in_one_demo

pytestmark = in_one_demo


def _calculator(title: str = "Двери") -> dict[str, Any]:
    options = [{"id": one, "label": {"ru": one}, "price": "10"} for one in ("clear", "matt")]
    return {
        "title": {"ru": title},
        "currency": "RUB",
        "fields": [
            {"id": one, "kind": "choice", "label": {"ru": one}, "options": options} for one in ("glass", "door")
        ],
        "items": [
            {
                "name": {"ru": "Работа"},
                "price": "100",
                "when": 'glass = "matt" and door = "clear" or glass = "clear"',
            }
        ],
    }


@pytest.fixture
def draft(demo: Demo) -> Callable[[dict[str, Any]], None]:
    """Saves a draft for the account, over whatever is there."""

    def save(document: dict[str, Any]) -> None:
        with demo.http(connect(demo)) as http:
            now = http.get("/get_calculator_draft", params={"level": "connection"}).json()["draft"]
            body = {"level": "connection", "document": document, "revision": now and now["revision"]}
            saved = http.post("/save_calculator_draft", json=body)
            assert saved.status_code == 200, saved.text

    return save


def _at_the_builder(context: BrowserContext, demo: Demo) -> Page:
    page = connected_panel(context, demo)
    choose(page)
    go(page, "calculator")
    expect(page.locator("[data-path='title']")).to_be_visible()
    return page


@pytest.mark.long
def test_another_name_of_an_option_changes_its_own_comparisons_only(
    context: BrowserContext, demo: Demo, draft: Callable[[dict[str, Any]], None]
) -> None:
    """30-G2, in the builder: renamed, copied, and a name that cannot be."""
    draft(_calculator())
    page = _at_the_builder(context, demo)
    page.locator("[data-entry='fields[0]'] > summary").click()
    page.locator("[data-entry='fields[0].options[0]'] > summary").click()
    name = page.locator("[data-path='fields[0].options[0].id']")
    name.fill("thick")
    name.press("Tab")
    page.locator("[data-entry='items[0]'] > summary").click()
    when = page.locator("[data-path='items[0].when']")
    expect(when).to_have_value('glass = "matt" and door = "clear" or glass = "thick"')

    page.locator("[data-entry='fields[0].options[0]']").get_by_role("button", name="Копия").click()
    copy = page.locator("[data-path='fields[0].options[1].id']")
    expect(copy).to_have_value("thick_2")
    copy.fill("thin")
    copy.press("Tab")
    expect(when).to_have_value('glass = "matt" and door = "clear" or glass = "thick"')

    copy.fill("matt")
    copy.press("Tab")
    expect(page.get_by_text("«matt» не может быть именем")).to_be_visible()
    expect(copy).to_have_value("thin")
    expect(page.get_by_text("Черновик сохранён")).to_be_visible()


@pytest.mark.long
@pytest.mark.refusals(409)
def test_a_draft_that_conflicts_is_there_again_and_told_until_somebody_decides(
    context: BrowserContext, demo: Demo, draft: Callable[[dict[str, Any]], None]
) -> None:
    """30-G7: whoever leaves the tab is told what is not saved, finds it again, and decides whose it is to be."""
    draft(_calculator("Двери"))
    page = _at_the_builder(context, demo)
    title = page.locator("[data-path='title']")
    expect(title).to_have_value("Двери")
    unsaved = page.locator("#kept")
    for answer, wanted in (("Взять их вариант", "Чужие двери"), ("Оставить мой", "Мои двери")):
        draft(_calculator("Чужие двери"))
        title.fill("Мои двери")
        expect(page.get_by_text("черновик изменён тем временем")).to_be_visible()
        go(page, "log")
        expect(unsaved).to_contain_text("ещё не сохранены")
        expect(unsaved).to_contain_text("steklodom.amocrm.ru")
        page.reload()
        expect(unsaved).to_contain_text("ещё не сохранены")
        unsaved.get_by_role("link", name="steklodom.amocrm.ru · Стекло").click()
        expect(title).to_have_value("Мои двери")
        expect(unsaved).to_be_empty()
        page.get_by_role("button", name=answer).click()
        expect(title).to_have_value(wanted)
        if wanted == "Мои двери":
            expect(page.get_by_text("Черновик сохранён")).to_be_visible()
        go(page, "log")
        expect(page.get_by_role("heading", name="Журнал")).to_be_visible()
        expect(unsaved).to_be_empty()
        go(page, "calculator")
        expect(title).to_have_value(wanted)


@pytest.mark.long
@pytest.mark.refusals(409, "net::ERR_FAILED")
def test_mine_is_not_given_up_where_the_way_back_to_it_does_not_come(
    context: BrowserContext, demo: Demo, draft: Callable[[dict[str, Any]], None]
) -> None:
    """38-7: what was typed was thrown away first, and then there was nothing to bring it back by."""
    draft(_calculator("Двери"))
    page = _at_the_builder(context, demo)
    title = page.locator("[data-path='title']")
    expect(title).to_have_value("Двери")
    draft(_calculator("Чужие двери"))
    title.fill("Мои двери")
    page.route(re.compile("/admin/toast.js"), lambda route: route.abort("failed"))
    theirs = page.get_by_role("button", name="Взять их вариант")
    theirs.click()
    expect(page.get_by_role("alert").filter(has_text="Сервер не отвечает")).to_be_visible()
    expect(theirs).to_be_visible()
    expect(title).to_have_value("Мои двери")
    page.unroute_all(behavior="ignoreErrors")


@pytest.mark.long
@pytest.mark.refusals(409)
def test_what_was_typed_over_a_draft_that_was_thrown_away_is_kept(
    context: BrowserContext, demo: Demo, draft: Callable[[dict[str, Any]], None]
) -> None:
    """30-G7: also where there is no draft any more."""
    draft(_calculator("Двери"))
    page = _at_the_builder(context, demo)
    title = page.locator("[data-path='title']")
    expect(title).to_have_value("Двери")
    with demo.http(connect(demo)) as http:
        revision = http.get("/get_calculator_draft", params={"level": "connection"}).json()["draft"]["revision"]
        body = {"level": "connection", "revision": revision}
        assert http.post("/discard_calculator_draft", json=body).status_code == 200
    title.fill("Мои двери")
    expect(page.get_by_role("button", name="Оставить мой")).to_be_visible()
    go(page, "log")
    expect(page.get_by_role("heading", name="Журнал")).to_be_visible()
    go(page, "calculator")
    expect(title).to_have_value("Мои двери")
    page.get_by_role("button", name="Оставить мой").click()
    expect(page.get_by_text("Черновик сохранён")).to_be_visible()


_STRANGE: list[Any] = [
    {"fields": [None], "items": []},
    {"fields": [{"id": "x", "kind": "choice", "options": [{}]}], "items": [{}]},
    {"fields": [{"id": "x", "kind": "number", "label": {"ru": "x"}}], "items": [None], "title": None},
]


@pytest.mark.long
@pytest.mark.parametrize("strange", others_long(_STRANGE), ids=range(len(_STRANGE)))
def test_a_file_that_is_no_calculator_leaves_the_builder_as_it_was(
    context: BrowserContext, demo: Demo, draft: Callable[[dict[str, Any]], None], strange: Any
) -> None:
    """30-K: it was taken, could not be shown, and stayed in the browser: the tab opened no more."""
    draft(_calculator("Двери"))
    page = _at_the_builder(context, demo)
    given = {"name": "x.json", "mimeType": "application/json", "buffer": json.dumps(strange).encode()}
    page.locator("input[type=file]").set_input_files(given)  # type: ignore[arg-type]
    expect(page.get_by_text("В этом файле нет калькулятора")).to_be_visible()
    expect(page.locator("[data-path='title']")).to_have_value("Двери")
    go(page, "log")
    go(page, "calculator")
    expect(page.locator("[data-path='title']")).to_have_value("Двери")
    page.locator("[data-path='title']").fill("Окна")
    expect(page.get_by_text("Черновик сохранён")).to_be_visible()


@pytest.mark.long
def test_a_draft_that_cannot_be_shown_can_be_thrown_away(
    context: BrowserContext, demo: Demo, draft: Callable[[dict[str, Any]], None]
) -> None:
    """30-K: one that somebody has saved over HTTP kept everybody out of the tab."""
    draft({"fields": 5, "title": {"ru": "Двери"}})
    page = connected_panel(context, demo)
    choose(page)
    go(page, "calculator")
    expect(page.get_by_text("Черновик нельзя показать")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Удалить черновик").click()
    expect(page.locator("[data-path='title']")).to_be_visible()


@pytest.mark.long
def test_38_4_a_stranger_builds_a_fence(
    context: BrowserContext, demo: Demo, draft: Callable[[dict[str, Any]], None]
) -> None:
    """Length by the price of a metre, a gate, a discount over 100,000: in words that stand on the page."""
    draft(_calculator())
    page = _at_the_builder(context, demo)
    page.get_by_role("combobox", name="Начать с", exact=True).select_option("empty")
    page.get_by_label("Название", exact=True).fill("Забор")
    page.get_by_role("button", name="+ поле").click()
    length = page.locator("[data-entry='fields[0]']")
    length.get_by_label("Подпись", exact=True).fill("Длина, м")
    length.get_by_label("По умолчанию", exact=True).fill("10")
    # It is called after its label at once; the click that ended its typing is not lost.
    expect(length.get_by_label("Имя в формулах")).to_have_value("dlina_m")
    page.locator("[data-add='fields']").click()
    gate = page.locator("[data-entry='fields[1]']")
    gate.get_by_label("Подпись", exact=True).fill("Калитка")
    gate.get_by_role("combobox", name="Вид", exact=True).select_option("switch")
    for index, (name, price) in enumerate((("Забор", "2500"), ("Калитка", "15000"))):
        page.locator("[data-add='items']").click()
        item = page.locator(f"[data-entry='items[{index}]']")
        item.locator(f"[data-path='items[{index}].name']").fill(name)
        item.get_by_label("Цена", exact=True).fill(price)
    page.get_by_label("Количество: Вставить").first.select_option(label="Длина, м · dlina_m")
    page.get_by_label("Только если: Вставить").last.select_option(label="Калитка · kalitka")
    page.get_by_label("Скидка, в деньгах", exact=True).fill("if(subtotal > 100000, subtotal * 5%, 0)")
    preview = page.locator(".preview-card")
    expect(preview.locator("output")).to_have_text(re.compile("25.000"))
    preview.get_by_label("Длина, м").fill("60")
    preview.get_by_label("Калитка").check()
    expect(preview.locator("output")).to_have_text(re.compile("156.750"))  # 165,000 less 5 %
    # What each formula comes to stands under it, also while numbers are typed beside.
    now = page.locator("[data-value]")
    expect(now.and_(page.locator("[data-value='items[0].quantity']"))).to_have_text("сейчас 60")
    expect(now.and_(page.locator("[data-value='items[1].when']"))).to_have_text("сейчас да")
    expect(now.and_(page.locator("[data-value='discount']"))).to_have_text(re.compile("сейчас 8.250"))
    expect(page.get_by_text("Черновик сохранён")).to_be_visible()
    looked_at(page, "panel-builder-fence")


@pytest.mark.long
def test_38_4_entries_are_moved_undone_and_mended(
    context: BrowserContext, demo: Demo, draft: Callable[[dict[str, Any]], None]
) -> None:
    draft(_calculator())
    page = _at_the_builder(context, demo)
    summaries = page.locator(".section").first.locator("> fieldset > .line > details > summary")
    expect(summaries).to_have_text(["glass", "door"])
    # By keyboard: the focus stays on what is moved, which says where it is now.
    page.get_by_role("button", name="Переместить: glass, 1 из 2").focus()
    page.keyboard.press("ArrowDown")
    expect(summaries).to_have_text(["door", "glass"])
    expect(page.get_by_role("button", name="Переместить: glass, 2 из 2")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(summaries).to_have_text(["glass", "door"])
    page.keyboard.press("Control+Shift+z")
    expect(summaries).to_have_text(["door", "glass"])
    # By a pointer, and not at all where it is let go in its own place or Escape is pressed.
    _carry(page, "Переместить: glass, 2 из 2", summaries.first)
    expect(summaries).to_have_text(["glass", "door"])
    page.get_by_role("button", name="Отменить", exact=True).click()
    expect(summaries).to_have_text(["door", "glass"])
    page.get_by_role("button", name="Вернуть", exact=True).click()
    expect(summaries).to_have_text(["glass", "door"])

    # The price of an option: the field is opened, and there it is. What is typed in one go is one step back.
    summaries.first.click()
    price = page.locator("[data-path='fields[0].options[0].price']")
    price.click()
    price.press("End")
    price.press_sequentially("75")
    expect(price).to_have_value("1075")
    price.press("Control+z")
    expect(price).to_have_value("10")
    expect(price).to_be_focused()
    # Where a Russian keyboard writes я, there is z.
    keys = '{key: "Я", code: "KeyZ", ctrlKey: true, shiftKey: true, bubbles: true, cancelable: true}'
    price.evaluate(f'one => one.dispatchEvent(new KeyboardEvent("keydown", {keys}))')
    expect(price).to_have_value("1075")
    price.press("Control+z")

    # A section that is folded stays so; a problem in it is listed, and leads into it.
    work = page.locator(".section").nth(2)
    work.locator("> summary").click()
    page.locator("[data-entry='fields[1]'] > summary").click()
    page.locator("[data-path='fields[1].when']").fill("nothing = 1")
    expect(page.locator(".section").nth(2)).not_to_have_attribute("open", "")
    listed = _problems(page)
    expect(listed).to_have_count(1)
    summaries.last.click()
    looked_at(page, "panel-builder-problem")
    listed.first.click()
    expect(page.locator("[data-path='fields[1].when']")).to_be_focused()
    page.locator("[data-path='fields[1].when']").fill("")
    expect(listed).to_have_count(0)
    work.locator("> summary").click()

    # A browser that tells of no letting go over the list of a select: what was chosen is seen all the same.
    kind = page.locator("[data-path='fields[1].kind']")
    kind.dispatch_event("pointerdown")
    kind.select_option("rows")
    expect(page.locator("[data-add='fields[1].fields']")).to_be_visible()


def _problems(page: Page) -> Locator:
    return page.locator(".to-put-right button")


def _carry(page: Page, name: str, onto: Locator) -> None:
    """By a mouse, from the handle of that name."""
    box, target = page.get_by_role("button", name=name).bounding_box(), onto.bounding_box()
    assert box
    assert target
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(300)  # the module comes
    page.mouse.move(box["x"] + 5, target["y"] + 2, steps=5)
    page.mouse.up()


@pytest.mark.long
def test_a_field_without_a_label_is_called_by_its_name(
    context: BrowserContext, demo: Demo, draft: Callable[[dict[str, Any]], None]
) -> None:
    """32-7: in its list, among what a line may be made from, and as the line's own name."""
    document = _calculator()
    document["fields"][0]["label"] = {}
    document["items"] = [{"option": "glass"}]
    draft(document)
    page = _at_the_builder(context, demo)
    expect(page.locator("[data-entry='fields[0]'] > summary")).to_have_text("glass")
    expect(page.locator("[data-entry='items[0]'] > summary")).to_have_text("glass")
    assert page.locator("[data-path='items[0].option'] option").all_text_contents()[1:] == ["glass", "door"]
