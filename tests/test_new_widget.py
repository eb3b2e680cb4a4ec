"""A widget of one's own, from the command to a saved calculation in the simulated card (row B5)."""

import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import expect

from cli import new_widget, widget
from cli.commands import main
from cli.new_widget import NewWidgetError
from shared.platform import widgets
from tests.checkout import copy
from tests.chromium import launched
from tests.demo import ROOT, Demo, connect, free_port

# One process makes the checkout, and all stories of it are told there.
in_the_checkout = pytest.mark.xdist_group("new widgets")

_COPIED = (
    "shared", "features", "functions", "cli", "simulator", "tests", "web", "widgets", "clients",
    "db_migrations", "examples",
    "pyproject.toml", "Makefile", "package.json", "package-lock.json",
)  # fmt: skip


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """A checkout with two new widgets; short, because the demo's database has a socket in it."""
    with tempfile.TemporaryDirectory(prefix="amonew", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        copy(_COPIED, folder)
        for arguments in (
            ("greenhouse", "--page", "react", "--title", "Теплицы"),
            ("fence", "--page", "own", "--title", "Заборы & «Ко»"),
            ("roof-tiles", "--title", 'Крыши "под ключ"', "--colour", "#7a1f1f"),
        ):
            _run(folder, "-m", "cli", "new-widget", *arguments)
        yield folder


@pytest.fixture(scope="module")
def bundled(checkout: Path) -> Path:
    """With what `make widget-pages` makes of a page in React."""
    (checkout / "node_modules").symlink_to(ROOT / "node_modules", target_is_directory=True)
    # Packages that look old are not installed anew through the link.
    command = ["make", "--old-file=node_modules", "widget-pages"]
    made = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stdout + made.stderr
    return checkout


def _run(folder: Path, *arguments: str) -> str:
    ended = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    return ended.stdout


@in_the_checkout
@pytest.mark.long
def test_its_own_tests_pass_and_its_archives_are_built(checkout: Path) -> None:
    told = _run(checkout, "-m", "pytest", "-p", "no:xdist", "widgets")
    assert "4 passed" in told, told
    for name in ("fence", "roof-tiles"):
        _run(checkout, "-m", "cli", "widget", "--type", name, "--api", "https://x.example", "--out", f"{name}.zip")
    files = zipfile.ZipFile(checkout / "roof-tiles.zip")
    assert json.loads(files.read("i18n/ru.json"))["widget"]["name"] == 'Крыши "под ключ"'
    assert 'API + "/widget/?lang="' in files.read("script.js").decode()
    assert files.read("images/logo.png").startswith(b"\x89PNG")


@in_the_checkout
@pytest.mark.long
@pytest.mark.needs("npm")
def test_a_page_in_react_is_typed(bundled: Path) -> None:
    """Against the client's own types, as an editor shows them."""
    source = bundled / "widgets" / "greenhouse" / "src" / "page.tsx"
    options = {"strict": True, "noEmit": True, "jsx": "react-jsx", "module": "esnext", "moduleResolution": "bundler"}
    options |= {"target": "es2022", "lib": ["es2022", "dom", "dom.iterable"], "noUncheckedIndexedAccess": True}
    config = bundled / "tsconfig.json"
    config.write_text(json.dumps({"compilerOptions": options | {"skipLibCheck": True}, "files": [str(source)]}))
    checked = subprocess.run(
        [ROOT / "node_modules" / ".bin" / "tsc", "-p", config], cwd=bundled, capture_output=True, text=True, timeout=120
    )
    assert checked.returncode == 0, checked.stdout


@in_the_checkout
@pytest.mark.long
@pytest.mark.needs("chromium", "npm")
def test_a_page_in_react_saves_in_the_simulated_card(bundled: Path) -> None:
    """With amoCRM's own components, under the policy that allows no inline style and no other host."""
    demo = Demo(bundled / "r", free_port(), root=bundled)
    try:
        connect(demo, "steklodom.amocrm.ru", "greenhouse")
        with launched() as browser:
            page = browser.new_page(locale="ru-RU")
            complaints: list[str] = []
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.goto(demo.amocrm)
            page.get_by_role("link", name="Душевая перегородка").first.click()
            card = page.frame_locator('iframe[title="Теплицы"]')
            expect(card.get_by_text("Мария Лебедева")).to_be_visible()
            card.get_by_label("Quantity").fill("3")
            card.get_by_role("button", name="Save to the deal").click()
            expect(card.get_by_text("It is in the deal.")).to_be_visible()
            # Their theme has come to the button.
            colour = "button => getComputedStyle(button).backgroundColor"
            assert card.get_by_role("button").evaluate(colour) == "rgb(77, 133, 230)"
            page.reload()
            expect(page.locator("#feed")).to_contain_text("Теплицы")
            assert complaints == []
    finally:
        demo.stop()


@in_the_checkout
@pytest.mark.long
@pytest.mark.needs("chromium")
def test_a_page_of_ones_own_saves_in_the_simulated_card(checkout: Path) -> None:
    demo = Demo(checkout / "d", free_port(), root=checkout)
    try:
        connect(demo, "steklodom.amocrm.ru", "fence")
        connect(demo, "steklodom.amocrm.ru", "roof-tiles")
        with launched() as browser:
            page = browser.new_page(locale="ru-RU")
            page.goto(demo.amocrm)
            page.get_by_role("link", name="Душевая перегородка").first.click()
            card = page.frame_locator('iframe[title="Заборы & «Ко»"]')
            expect(card.locator("#client")).to_contain_text("Мария Лебедева")
            card.get_by_label("Quantity").fill("3")
            card.get_by_role("button", name="Save to the deal").click()
            expect(card.get_by_text("It is in the deal.")).to_be_visible()
            expect(page.frame_locator("iframe[title^='Крыши']").get_by_label("Сколько")).to_be_visible()
            page.reload()
            expect(page.locator("#feed")).to_contain_text("Заборы & «Ко»")
            panel = browser.new_page(locale="ru-RU")
            panel.goto(demo.panel)
            panel.get_by_label("Токен администратора").fill(demo.token)
            panel.get_by_role("button", name="Войти").click()
            panel.get_by_role("link", name="Подключения", exact=True).click()
            expect(panel.locator("#connections")).to_contain_text("Заборы & «Ко»")
            assert panel.locator("select[name=widget_type] option", has_text="Крыши").count() > 0
    finally:
        demo.stop()


@pytest.mark.parametrize("name", ["", "1x", "Fence", "a b", "../x", "x" * 33, "glass", "site"])
def test_names_that_cannot_be(name: str, tmp_path: Path) -> None:
    (tmp_path / "glass").mkdir()
    with pytest.raises(NewWidgetError):
        new_widget.make(name, "calculator", "", "#1f6feb", tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["glass"]


def test_a_colour_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(NewWidgetError):
        new_widget.make("x", "own", "", "red", tmp_path)


def test_the_command_says_what_is_wrong() -> None:
    told = CliRunner().invoke(main, ["new-widget", "glass"])
    assert (told.exit_code, "There is a widget glass already." in told.output) == (1, True)
    assert CliRunner().invoke(main, ["new-widget", "x", "--page", "other"]).exit_code == 2


def test_the_three_types_have_the_same_shape() -> None:
    assert list(widgets.types()) == ["glass", "countertop", "clinic"]
    for name, one in widgets.types().items():
        files = {file.name for file in (widgets.FOLDER / name).iterdir()}
        assert files == {"widget.json", "calculator.json"}, name
        assert set(one.name) == {"en", "ru", "uk", "uz", "es", "pt"} == set(one.documents)
        assert zipfile.ZipFile(io.BytesIO(widget.build(name, "https://x.example"))).testzip() is None
