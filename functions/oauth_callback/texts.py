"""The words of the callback pages. `{host}` is the account's address. Failure: title, what happened, what to do."""

from typing import Final

from shared.http import Request
from shared.links import LANGUAGES

SUCCESS: Final = {
    "ru": ("Подключено", "Аккаунт {host} подключён. Это окно можно закрыть.", "Вернуться в приложение"),
    "en": ("Connected", "The account {host} is connected. You can close this window.", "Return to App"),
}

AGAIN: Final = {"ru": "Авторизовать ещё раз", "en": "Authorise once more"}
RELOAD: Final = {"ru": "Обновить страницу", "en": "Reload this page"}

FAILURES: Final[dict[str, dict[str, tuple[str, str, str]]]] = {
    "access_denied": {
        "ru": (
            "Доступ не разрешён",
            "В amoCRM была нажата кнопка «Отказать».",
            "Если это вышло случайно, авторизуйте ещё раз.",
        ),
        "en": ("Access was denied", "“Deny” was pressed in amoCRM.", "If that was by mistake, authorise once more."),
    },
    "consent_failed": {
        "ru": (
            "amoCRM не показала запрос доступа",
            "Возможно, интеграция выключена или удалена.",
            "Проверьте интеграцию в amoMarket и авторизуйте ещё раз.",
        ),
        "en": (
            "amoCRM could not ask for access",
            "The integration may be switched off or removed.",
            "Check it in amoCRM's marketplace, then authorise once more.",
        ),
    },
    "state_unknown": {
        "ru": (
            "Ссылка устарела",
            "Авторизация начата более 15 минут назад или уже завершена.",
            "Вернитесь в панель и нажмите «Авторизовать в amoCRM».",
        ),
        "en": (
            "This attempt is too old",
            "It began more than 15 minutes ago, or is finished already.",
            "Go back to the panel and press “Authorise in amoCRM”.",
        ),
    },
    "untrusted_host": {
        "ru": (
            "Неизвестный адрес аккаунта",
            "Адрес в запросе не принадлежит amoCRM, поэтому ему ничего не отправлено.",
            "Начните авторизацию из панели.",
        ),
        "en": (
            "Unknown account address",
            "The address in this request is not amoCRM's, so nothing was sent there.",
            "Begin from the panel.",
        ),
    },
    "client_unknown": {
        "ru": (
            "Интеграция не найдена",
            "ID интеграции из amoCRM здесь не сохранён.",
            "Сохраните ID и секретный ключ в панели и авторизуйте ещё раз.",
        ),
        "en": (
            "Unknown integration",
            "The integration ID that amoCRM names is not saved here.",
            "Save its ID and secret key in the panel, then authorise.",
        ),
    },
    "code_refused": {
        "ru": (
            "Код авторизации не принят",
            "amoCRM не приняла код: он использован или старше 20 минут.",
            "Авторизуйте ещё раз: код будет новым.",
        ),
        "en": (
            "The code was not accepted",
            "amoCRM refused the authorization code: it was used, or is older than 20 minutes.",
            "Authorise once more; the code will be new.",
        ),
    },
    "client_refused": {
        "ru": (
            "Неверный ID, ключ или Redirect URI",
            "amoCRM не узнала интеграцию.",
            "Сравните в панели ID, секретный ключ и Redirect URI с теми, что в amoCRM: до последнего знака.",
        ),
        "en": (
            "Wrong ID, secret or redirect URI",
            "amoCRM did not recognise the integration.",
            "Compare its ID, secret key and redirect URI in the panel with those in amoCRM, to the last character.",
        ),
    },
    "account_not_found": {
        "ru": ("Аккаунт не найден", "По адресу аккаунта никто не отвечает.", "Проверьте адрес аккаунта в панели."),
        "en": ("Account not found", "No account lives at this address.", "Check the account's address in the panel."),
    },
    "other_account": {
        "ru": (
            "Выбран другой аккаунт",
            "Доступ разрешён не для того аккаунта, который указан в панели.",
            "Выберите нужный аккаунт или исправьте адрес в панели.",
        ),
        "en": (
            "Another account was chosen",
            "Access was allowed for an account other than the one in the panel.",
            "Choose the right account, or correct its address in the panel.",
        ),
    },
    "other_integration": {
        "ru": (
            "Аккаунт уже подключён",
            "Для этого вида виджета у аккаунта уже есть другая интеграция.",
            "Отключите её в панели или используйте другой вид виджета.",
        ),
        "en": (
            "The account has a connection",
            "It has another integration for this widget type already.",
            "Disconnect that one in the panel, or use another widget type.",
        ),
    },
    "client_in_use": {
        "ru": (
            "Интеграция занята",
            "Этот ID уже подключён к другому виду виджета.",
            "Создайте в amoCRM отдельную интеграцию.",
        ),
        "en": (
            "The integration is in use",
            "This ID serves another widget type already.",
            "Make an integration of its own in amoCRM.",
        ),
    },
    "token_unreadable": {
        "ru": (
            "Непонятный ответ amoCRM",
            "Токен получен, но аккаунт в нём не назван.",
            "Авторизуйте ещё раз; если повторится, сообщите нам номер запроса.",
        ),
        "en": (
            "An answer we cannot read",
            "A token came, but it names no account.",
            "Authorise once more; if it happens again, tell us the request id.",
        ),
    },
    "link_expired": {
        "ru": ("Ссылка устарела", "Ссылка на подключение действует 24 часа.", "Получите новую в панели."),
        "en": ("This link is too old", "A connect link works for 24 hours.", "Get a new one in the panel."),
    },
    "link_unknown": {
        "ru": (
            "Неверная ссылка",
            "Такой ссылки на подключение нет.",
            "Скопируйте её целиком или получите новую в панели.",
        ),
        "en": ("Unknown link", "This is not a connect link of ours.", "Copy it whole, or get a new one in the panel."),
    },
    "try_again": {
        "ru": (
            "Не получилось сразу",
            "amoCRM или база данных не ответила вовремя. Ничего не потеряно.",
            "Обновите эту страницу через минуту.",
        ),
        "en": (
            "Not at once",
            "amoCRM or the database did not answer in time. Nothing is lost.",
            "Reload this page in a minute.",
        ),
    },
    "nothing_here": {
        "ru": (
            "Здесь нечего открывать",
            "Этот адрес вызывает amoCRM после авторизации.",
            "Откройте панель и начните оттуда.",
        ),
        "en": ("Nothing to see here", "amoCRM visits this address after a consent.", "Open the panel and begin there."),
    },
}


def language_of(request: Request, chosen: str | None) -> str:
    """The language of the consent, else the browser's first one that we speak, else the first of ours."""
    wanted = [chosen or ""]
    for part in (request.headers.get("Accept-Language") or "").split(",")[:10]:
        wanted.append(part.split(";")[0].strip().lower()[:2])
    return next((language for language in wanted if language in LANGUAGES), LANGUAGES[0])
