"""Who and what there is to see in the pictures: a workshop and a clinic, once for each language of the documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Scene:
    """The words of one language, all of them data of the accounts. A deal is found by a part of its name."""

    language: str
    locale: str
    zone: str
    currency: str
    shop: str
    clinic: str
    accounts: tuple[Mapping[str, Any], ...]  # which the demo does not have by itself
    company: Mapping[str, Any]
    people: tuple[tuple[str, str], ...]  # administrators and what they may
    deals: tuple[str, str]  # with a saved calculation, and with one that failed
    calculation: Mapping[str, Any]
    order: Mapping[str, Any]
    form: Mapping[str, Any]
    unknown: Mapping[str, str]  # fields that nobody recognises
    keys: tuple[str, str]  # of a page and of a server
    endpoint: str
    automations: tuple[tuple[str, Mapping[str, Any]], ...]
    doctors: tuple[str, ...]
    services: tuple[tuple[str, int, str], ...]  # name, minutes, price
    room: str
    visitors: tuple[str, ...]
    phone: str  # all but its last two digits


def _items(piece: str, glass: str, hinge: str, fitting: str) -> list[dict[str, Any]]:
    return [
        {"name": glass, "sku": "GL-8", "quantity": "2.5", "unit": "m²" if piece == "pcs" else "м²", "unit_price": 6200},
        {"name": hinge, "sku": "HG-CR", "quantity": 2, "unit": piece, "unit_price": 2350},
        {"name": fitting, "sku": "SRV-1", "quantity": 1, "unit": piece, "unit_price": 9500},
    ]


_EN: Final = Scene(
    language="en",
    locale="en-GB",
    zone="Europe/London",
    currency="EUR",
    shop="clearglass.kommo.com",
    clinic="lakeside.kommo.com",
    accounts=(
        {
            "subdomain": "clearglass",
            "name": "ClearGlass",
            "filling": {
                "manager": "Owen Manager",
                "pipeline": ["Fitting", ["Measuring", "In production", "Installation"]],
                "field": "Site address",
                "customers": [
                    ["Mary Lynch", "+44 7700 900123", "mary@example.org"],
                    ["Oliver Pane", "+44 7700 900145", "oliver@example.org"],
                    ["Irene Bright", "+44 7700 900167", "irene@example.org"],
                ],
                "deals": [
                    ["Shower screen, 12 Forest Lane", 3_900, [0]],
                    ["Mirror for the hall", 1_290, [1]],
                    ["Glass canopy for an office", 16_400, [2]],
                ],
                "catalog": ["Products", "SKU", "Price", "Unit"],
                "goods": [["Tempered glass 8 mm", "GL-8", 620, "m²"], ["Installation", "SRV-1", 950, "service"]],
                "bots": ["Approval of a quotation"],
            },
        },
        {
            "subdomain": "lakeside",
            "name": "Lakeside Clinic",
            "filling": {
                "manager": "Vera Desk",
                "pipeline": ["Visits", ["Booked", "Came", "Did not come"]],
                "field": "Complaint",
                "customers": [["Nina Field", "+44 7700 900321", "nina@example.org"]],
                "deals": [["Field: back pain", 0, [0]]],
                "catalog": ["Services", "SKU", "Price", "Unit"],
                "goods": [["Consultation", "CONS-1", 60, "service"]],
            },
        },
    ),
    company={"name": "ClearGlass", "lines": ["12 Forest Lane"]},
    people=(("Ann", "manage"), ("Peter", "see")),
    deals=("Shower screen", "Glass canopy"),
    calculation={
        "title": "Shower screen",
        "items": _items("pcs", "Tempered glass 8 mm", "Hinge, chrome", "Installation"),
        "parameters": [{"name": "Size", "value": "1250 × 2000 mm"}],
        "comment": "Call before coming",
    },
    order={
        "order": {
            "number": "1042",
            "total": "1450",
            "currency": "EUR",
            "items": [{"name": "Mirror 600 × 800", "sku": "MR-6", "quantity": 1, "unit": "pcs", "unit_price": "1000"}],
            "delivery": {"method": "Courier", "cost": "450"},
            "address": {"city": "Leeds", "street": "Park Row", "building": "5"},
        },
        "contact": {"name": "Sam Orders", "phone": ["+44 7700 900222"]},
    },
    form={
        "form": {"name": "Call a measurer"},
        "contact": {"name": "Kate Ray", "phone": "+44 7700 900333"},
        "fields": {"City": "Leeds"},
    },
    unknown={"Field 1": "Nina Field", "Field 2": "ext. 5, 7700 900321", "Field 3": "Leeds"},
    keys=("Shop", "Quiz"),
    endpoint="Warehouse",
    automations=(
        ("Call back", {"kind": "task", "text": "Call {contact.name}", "due_minutes": 2880}),
        ("Quotation after measuring", {"kind": "quotation", "title": "Quotation"}),
    ),
    doctors=("Dr Ivy Shaw", "Dr Paul Reed", "Dr Mona Lind"),
    services=(("Consultation", 30, "60"), ("Treatment", 60, "110")),
    room="Room 1",
    visitors=("Nina Field", "Tom Archer", "Lucy Bell", "Carl Dean", "Eva Hart", "Max Vale", "Rosa Finch"),
    phone="+44 7700 9004",
)

_RU: Final = Scene(
    language="ru",
    locale="ru-RU",
    zone="Europe/Moscow",
    currency="RUB",
    shop="steklodom.amocrm.ru",
    clinic="klinika.amocrm.ru",
    accounts=(),
    company={"name": "Стеклодом", "lines": ["ул. Лесная, 12"]},
    people=(("Анна", "manage"), ("Пётр", "see")),
    deals=("Душевая перегородка", "Стеклянный козырёк"),
    calculation={
        "title": "Душевая перегородка",
        "items": _items("шт", "Стекло закалённое 8 мм", "Петля для душевой, хром", "Монтаж"),
        "parameters": [{"name": "Размер", "value": "1250 × 2000 мм"}],
        "comment": "Позвонить заранее",
    },
    order={
        "order": {
            "number": "1042",
            "total": "1450",
            "currency": "RUB",
            "items": [{"name": "Зеркало 600 × 800", "sku": "MR-6", "quantity": 1, "unit": "шт", "unit_price": "1000"}],
            "delivery": {"method": "Курьер", "cost": "450"},
            "address": {"city": "Казань", "street": "Баумана", "building": "5"},
        },
        "contact": {"name": "Семён Заказов", "phone": ["+7 916 555-22-22"]},
    },
    form={
        "form": {"name": "Вызов замерщика"},
        "contact": {"name": "Катя Лучинина", "phone": "+7 916 555-33-33"},
        "fields": {"Город": "Казань"},
    },
    unknown={"Поле 1": "Нина Орлова", "Поле 2": "доб. 5, 8 (916) 555-44-33", "Поле 3": "Казань"},
    keys=("Магазин", "Квиз"),
    endpoint="Склад",
    automations=(
        ("Перезвонить", {"kind": "task", "text": "Позвонить: {contact.name}", "due_minutes": 2880}),
        ("Предложение после замера", {"kind": "quotation", "title": "Предложение"}),
    ),
    doctors=("Иванова Ирина", "Петров Павел", "Линник Мария"),
    services=(("Консультация", 30, "2500"), ("Лечение", 60, "3200")),
    room="Кабинет 1",
    visitors=(
        "Нина Орлова",
        "Павел Гущин",
        "Лидия Белова",
        "Карл Дроздов",
        "Ева Ланская",
        "Максим Холмов",
        "Роза Синицына",
    ),
    phone="+7 916 555-45-",
)

SCENES: Final = {one.language: one for one in (_EN, _RU)}
