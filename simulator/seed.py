"""Believable accounts: a small glass workshop at amoCRM with deals, customers, goods and a second pipeline, one at
Kommo, whose people speak Portuguese and Spanish, and a clinic."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from simulator.state import Account, Entity, World

# Fixed, so that a demo database that was connected before still fits after a restart of the simulator.
DEMO_CLIENT_ID = "5f9c0a52-3f0e-4f6b-9c5e-0d3f6a1b2c4d"
DEMO_SECRET = "demo-secret-of-the-simulated-integration-4c1f7a90d2"  # noqa: S105 - it opens nothing but the simulator

CLIENTS = {
    "glass": (DEMO_CLIENT_ID, DEMO_SECRET, "Калькулятор стекла"),
    "countertop": (
        "8a1d6f0e-94b7-4a51-8c1f-27de05b3c6a9",
        "demo-secret-of-the-countertop-integration-71b8e2d4c0",
        "Калькулятор столешниц",
    ),
    "clinic": (
        "c37e2b19-5d08-4f7a-b6e4-9f1a80d2e5b3",
        "demo-secret-of-the-clinic-integration-5e90a3f6b1",
        "Запись в клинику",
    ),
}

KOMMO_CLIENT_ID = "e1b7c4d9-6a20-4f85-9d3e-72c0f5a8b164"
KOMMO_SECRET = "demo-secret-of-the-kommo-integration-9d04e6b7f1"  # noqa: S105 - as above


def client_of(widget_type: str) -> tuple[str, str]:
    """The client's id and secret of a widget type, the same at every start."""
    if widget_type in CLIENTS:
        return CLIENTS[widget_type][:2]
    return str(uuid5(NAMESPACE_URL, widget_type)), hashlib.sha256(f"demo {widget_type}".encode()).hexdigest()


class Filling(NamedTuple):
    """What an account holds. A deal's people are places in `customers`; goods are name, SKU, price, unit."""

    manager: str
    pipeline: tuple[str, list[str]]
    field: str
    customers: tuple[tuple[str, str, str | None], ...]
    deals: tuple[tuple[str, int, tuple[int, ...]], ...]
    catalog: tuple[str, str, str, str]  # its name, and those of its fields: SKU, price, unit
    goods: tuple[tuple[str, str, int, str], ...]
    bots: tuple[str, ...] = ()


WORKSHOP = Filling(
    "Илья Менеджер",
    ("Монтаж", ["Замер", "В производстве", "Установка"]),
    "Адрес объекта",
    (
        ("Мария Лебедева", "+7 (912) 345-67-89", "maria@example.org"),
        ("Олег Панин", "8 903 111 22 33", "panin@example.org"),
        ("ООО «Светлый дом», Ирина", "+7 495 000-11-22", "irina@svetdom.example"),
        ("Тимур Ахмедов", "+998 90 123 45 67", None),
    ),
    (
        ("Душевая перегородка, ул. Лесная 12", 48_500, (0, 1)),
        ("Зеркало в прихожую", 12_900, (1,)),
        ("Стеклянный козырёк, офис", 164_000, (2,)),
        ("Фартук для кухни", 23_400, (3,)),
        ("Замер без контактов", 0, ()),
    ),
    ("Товары", "Артикул", "Цена", "Единица"),
    (
        ("Стекло закалённое 8 мм", "GL-8", 6200, "м²"),
        ("Стекло закалённое 10 мм", "GL-10", 7900, "м²"),
        ("Зеркало 4 мм, влагостойкое", "MR-4", 4100, "м²"),
        ("Петля для душевой, хром", "HG-CR", 2350, "шт"),
        ("Монтаж", "SRV-1", 9500, "услуга"),
    ),
    ("Согласование расчёта", "Напоминание о замере"),
)
VIDRARIA = Filling(
    "Beatriz Gerente",
    ("Instalação", ["Medição", "Em produção", "Montagem"]),
    "Endereço da obra",
    (
        ("Joana Ribeiro", "+55 11 91234-5678", "joana@example.org"),
        ("Carlos Méndez", "+52 55 1234 5678", "carlos@example.org"),
    ),
    (
        ("Box de banheiro, Rua das Flores 12", 3_900, (0,)),
        ("Espejo para el recibidor", 1_200, (1,)),
        ("Medição sem contatos", 0, ()),
    ),
    ("Produtos", "Código", "Preço", "Unidade"),
    (("Vidro temperado 8 mm", "GL-8", 620, "m²"), ("Instalação", "SRV-1", 950, "serviço")),
    ("Aprovação do orçamento",),
)


CLINIC = Filling(
    "Вера Администратор",
    ("Приём", ["Записан", "Пришёл", "Не пришёл"]),
    "Жалоба",
    (
        ("Нина Орлова", "+7 916 555-44-33", "nina@example.org"),
        ("Павел Гущин", "+7 921 777-88-99", None),
    ),
    (
        ("Орлова: болит спина", 0, (0,)),
        ("Гущин: профилактика", 0, (1,)),
    ),
    ("Услуги", "Артикул", "Цена", "Единица"),
    (("Консультация", "CONS-1", 2500, "услуга"), ("Массаж", "MASS-1", 3200, "услуга")),
)


def demo(world: World) -> Account:
    """The demo's accounts; returns the one at amoCRM."""
    account = world.add_account("steklodom", name="Стеклодом")
    fill(world, account)
    facts = {"currency": "BRL", "country": "BR", "language": "pt", "utc_offset": -3 * 3600} | {
        "time_zone": "America/Sao_Paulo"
    }
    fill(world, world.add_account("vidrarialuz", "kommo.com", name="Vidraria Luz", **facts), VIDRARIA)
    fill(world, world.add_account("klinika", name="Клиника на Лесной"), CLINIC)
    return account


def demo_clients(world: World, redirect_uri: str, archives: Mapping[str, dict[str, bytes]]) -> None:
    """The demo's integrations, one for each widget type, at the addresses of this start."""
    for widget_type, (client_id, secret, name) in CLIENTS.items():
        world.add_client(
            redirect_uri,
            id=client_id,
            secret=secret,
            name=name,
            hook_url=redirect_uri,
            widget=archives.get(widget_type, {}),
        )
    for widget_type, archive in archives.items():
        if widget_type in CLIENTS or "." in widget_type:
            continue
        client_id, secret = client_of(widget_type)
        name = json.loads(archive["i18n/ru.json"])["widget"]["name"]
        facts = {"id": client_id, "secret": secret, "name": name, "hook_url": redirect_uri, "widget": archive}
        world.add_client(redirect_uri, **facts)
    world.add_client(
        redirect_uri,
        id=KOMMO_CLIENT_ID,
        secret=KOMMO_SECRET,
        name="Calculadora de vidro",
        hook_url=redirect_uri,
        made_in="vidrarialuz.kommo.com",
        widget=archives.get("glass.kommo", {}),
    )


def fill(world: World, account: Account, filling: Filling = WORKSHOP) -> None:
    """Deals, contacts, goods, users and pipelines for an empty account."""
    manager = world.add_user(account, filling.manager)
    world.add_pipeline(account, *filling.pipeline)
    world.add_field(account, "leads", filling.field, "text")
    contacts = [_contact(world, account, *customer) for customer in filling.customers]
    for name, price, people in filling.deals:
        deal(world, account, name, price, [contacts[index] for index in people], manager)
    goods(world, account, filling)
    for bot in filling.bots:
        world.add_bot(account, bot)


def _contact(world: World, account: Account, name: str, phone: str, email: str | None) -> Entity:
    fields = {field["code"]: field for field in account.custom_fields["contacts"]}
    values = [("PHONE", phone, "WORK"), ("EMAIL", email, "WORK")]
    first, _, last = name.partition(" ")
    contact = _entity(world, account, "contacts", name) | {
        "first_name": first,
        "last_name": last,
        "custom_fields_values": [
            {
                "field_id": fields[code]["id"],
                "field_name": fields[code]["name"],
                "field_code": code,
                "field_type": "multitext",
                "values": [{"value": value, "enum_code": kind}],
            }
            for code, value, kind in values
            if value
        ],
    }
    account.contacts[contact["id"]] = contact
    return contact


def deal(world: World, account: Account, name: str, price: int, people: list[Entity], manager: Entity) -> Entity:
    """A deal at the first status of the first pipeline; the first of the people is its main contact."""
    pipeline = next(iter(account.pipelines.values()))
    lead = _entity(world, account, "leads", name) | {
        "price": price,
        "pipeline_id": pipeline["id"],
        "status_id": pipeline["_embedded"]["statuses"][1]["id"],
        "responsible_user_id": manager["id"],
        "closed_at": None,
        "loss_reason_id": None,
    }
    account.leads[lead["id"]] = lead
    for position, contact in enumerate(people):
        account.links[lead["id"]].append(
            {
                "to_entity_id": contact["id"],
                "to_entity_type": "contacts",
                "metadata": {"main_contact": position == 0},
            }
        )
    return lead


def goods(world: World, account: Account, filling: Filling = WORKSHOP) -> None:
    """A goods list with a few goods."""
    catalog_id = world.new_id("catalogs")
    account.catalogs[catalog_id] = {
        "id": catalog_id,
        "name": filling.catalog[0],
        "created_by": next(iter(account.users)),
        "updated_by": next(iter(account.users)),
        "created_at": world.now(),
        "updated_at": world.now(),
        "sort": 10,
        "type": "products",
        "can_show_in_cards": True,
        "can_be_deleted": False,
        "sdk_widget_code": None,
        "can_add_elements": True,
        "can_link_multiple": True,
        "account_id": account.id,
    }
    owner = f"catalogs/{catalog_id}"
    # vendor: catalogs.unit
    units = tuple(dict.fromkeys(unit for *_, unit in filling.goods))
    kinds: tuple[tuple[str, str, tuple[str, ...]], ...]
    kinds = (("SKU", "text", ()), ("PRICE", "price", ()), ("UNIT", "select", units))
    fields = {
        code: world.add_field(account, owner, name, kind, code, choices)
        for (code, kind, choices), name in zip(kinds, filling.catalog[1:], strict=True)
    }
    for name, sku, price, unit in filling.goods:
        element_id = world.new_id("elements")
        account.elements[catalog_id][element_id] = {
            "id": element_id,
            "name": name,
            "catalog_id": catalog_id,
            "created_by": next(iter(account.users)),
            "updated_by": next(iter(account.users)),
            "created_at": world.now(),
            "updated_at": world.now(),
            "is_deleted": False,
            "account_id": account.id,
            "custom_fields_values": [
                {
                    "field_id": fields[code]["id"],
                    "field_name": fields[code]["name"],
                    "field_code": code,
                    "field_type": fields[code]["type"],
                    "values": [_valued(fields[code], value)],
                }
                for code, value in (("SKU", sku), ("PRICE", price), ("UNIT", unit))
            ],
        }


def _valued(field: dict[str, Any], value: str | int) -> dict[str, Any]:
    """As an element has it."""
    chosen = next((one for one in field["enums"] or () if one["value"] == value), None)
    return {"value": value} if chosen is None else {"value": value, "enum_id": chosen["id"]}


def _entity(world: World, account: Account, kind: str, name: str) -> dict[str, Any]:
    owner = next(iter(account.users))
    now = world.now()
    return {
        "id": world.new_id(kind),
        "name": name,
        "responsible_user_id": owner,
        "group_id": 0,
        "created_by": owner,
        "updated_by": owner,
        "created_at": now,
        "updated_at": now,
        "is_deleted": False,
        "account_id": account.id,
        "custom_fields_values": None,
    }
