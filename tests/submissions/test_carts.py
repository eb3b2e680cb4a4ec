"""35-4, 35-6: a cart is an order; what a shop tells of it later is noted once, in the deal that it has."""

import copy
import json
import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from features.submissions import site_builders
from features.submissions.carts import amount, count, item, of_texts
from features.submissions.model import SubmitOrder
from functions.crm_api.handler import handle
from functions.run_deliveries.run import run as run_deliveries
from shared.platform.http import Headers, Request
from shared.storage import retention
from tests.reading import serve
from tests.story import Story
from tests.submissions.recorded import record, request_of, send, server_key
from tests.submissions.test_builders import Became
from tests.submissions.test_incoming import listed
from tests.submitting import account, save, set_up

ORDERS = "SELECT count(*) FROM amocrm_deliveries WHERE action = 'submit_order'"
NEWS = "SELECT count(*) FROM amocrm_deliveries WHERE action = 'order_news'"


@pytest.fixture
def site(story: Story) -> Story:
    set_up(story)
    return story


def _changed(name: str, **members: Any) -> dict[str, Any]:
    one = copy.deepcopy(record(name))
    kind = "json" if "json" in one else "form"
    one[kind] |= members
    return one


def _paid_at_tilda() -> dict[str, Any]:
    return _changed("tilda_cart", **{"payment[sys]": "tinkoff", "payment[systranid]": "70077"})


def _bought_abroad(shop: str, phone: str, country: str) -> list[str]:
    one = copy.deepcopy(record(shop)["json"])
    if shop == "hotmart":
        one["data"]["buyer"] |= {"checkout_phone": phone, "address": {"country_iso": country}}
    elif shop == "shopify":
        for place in ("billing_address", "shipping_address"):
            one[place] |= {"phone": phone, "country_code": country}
        one |= {"phone": None, "customer": {}}
    else:
        one["billing"] |= {"phone": phone, "country": country}
    body = json.dumps(one).encode()
    read = site_builders.sent(Request("POST", "/", (), Headers([("Content-Type", "application/json")]), body))
    return read.body.contact.phones


@pytest.mark.parametrize("shop", ["hotmart", "shopify", "woocommerce"])
@pytest.mark.parametrize(
    ("phone", "country", "whole"),
    [
        ("3001234567", "CO", "+573001234567"),
        ("55 1234 5678", "MX", "+525512345678"),
        ("573001234567", "CO", "+573001234567"),
        ("8 921 100-00-01", "RU", "+79211000001"),
        ("123", "CO", "123"),
        ("+34 611 10 01 45", "CO", "+34 611 10 01 45"),
        ("3001234567", "Colombia", "3001234567"),
    ],
)
def test_35_a_buyers_phone_is_one_of_the_country_that_they_live_in(
    shop: str, phone: str, country: str, whole: str
) -> None:
    """It was one of the account's country, or none: nobody could call or write to it."""
    assert _bought_abroad(shop, phone, country) == [whole]


@pytest.mark.parametrize(("code", "phone"), [("11", "910000161"), ("55", "11910000161"), ("11", "5511910000161")])
def test_hotmarts_phone_is_whole_whatever_its_code_is_of(code: str, phone: str) -> None:
    """Of the area, mostly: without it nobody could be called, or found by it."""
    one = copy.deepcopy(record("hotmart")["json"])
    one["data"]["buyer"] |= {"checkout_phone_code": code, "checkout_phone": phone}
    body = json.dumps(one).encode()
    read = site_builders.sent(Request("POST", "/", (), Headers([("Content-Type", "application/json")]), body))
    assert read.body.contact.phones == ["+5511910000161"]


def test_a_cart_that_is_placed_and_paid_is_one_order_whose_payment_is_noted_once(site: Story) -> None:
    _, key = server_key(site)
    assert send(site, key, record("tilda_cart")).status == 200
    placed = Became(site)
    assert "Оплачено" not in placed.note
    leads = len(account(site)["leads"])
    for _ in range(3):
        site.clock.advance(hours=3)
        assert send(site, key, _paid_at_tilda()).status == 200
    paid = Became(site)
    assert len(account(site)["leads"]) == leads
    assert paid.lead["id"] == placed.lead["id"]
    (note,) = [text for text in paid.notes if "Оплачено" in text]
    assert "70077" in note
    assert "2000003" in note
    assert site.sql(ORDERS) == [(1,)]


def test_what_horoshop_puts_is_an_order_whose_payment_and_state_are_noted_in_its_deal(site: Story) -> None:
    """It PUTs what it tells: it heard 405, ten times, and nothing was kept. What came later told of no goods."""
    _, key = server_key(site)
    placed = record("horoshop")
    person = {name: placed["json"][name] for name in ("order_id", "user", "delivery_name", "delivery_phone")}
    for told in (placed["json"], placed["json"], person | {"payed": 1}, person | {"stat_status": 4}):
        request = request_of(key, placed | {"json": told})
        assert serve(handle, site.runtime, replace(request, method="PUT")).status == 200
        run_deliveries(site.runtime, 20)
    assert (site.sql(ORDERS), site.sql(NEWS)) == ([(1,)], [(2,)])
    newest = max(account(site)["leads"].values(), key=lambda lead: lead["id"])
    notes = [str(one["params"].get("text", "")) for one in account(site)["notes"][f"leads/{newest['id']}"]]
    assert [sum(word in text for text in notes) for word in ("Оплачено", "Состояние заказа: 4")] == [1, 1]
    for method, action in (("PUT", "save_settings"), ("DELETE", "submit_form")):
        request = Request(method, "/", (("action", action), ("site_key", key)))
        assert serve(handle, site.runtime, request).status == 405


@pytest.mark.parametrize("shop", ["cakto", "ticto"])
def test_a_sale_that_waits_and_is_paid_is_one_order_whose_payment_is_noted(site: Story, shop: str) -> None:
    _, key = server_key(site)
    paid = copy.deepcopy(record(shop))
    waits = copy.deepcopy(paid)
    if shop == "cakto":
        waits["json"]["event"] = "pix_gerado"
        waits["json"]["data"] |= {"status": "waiting_payment", "paidAt": None}
    else:
        waits["json"] |= {"status": "pix_created", "status_date": "2026-11-28 19:00:00"}
    for one, news in ((waits, 0), (paid, 2)):
        assert send(site, key, one).status == 200
        run_deliveries(site.runtime, 20)
        assert (site.sql(ORDERS), site.sql(NEWS)) == ([(1,)], [(news,)])


def test_a_cart_that_comes_paid_says_so_in_its_own_note(site: Story) -> None:
    _, key = server_key(site)
    assert send(site, key, _paid_at_tilda()).status == 200
    became = Became(site)
    assert len(became.notes) == 1
    assert "Оплачено" in became.note
    assert "70077" in became.note


def test_what_is_told_before_the_deal_is_made_waits_for_it(site: Story) -> None:
    _, key = server_key(site)
    assert send(site, key, record("tilda_cart")).status == 200
    assert send(site, key, _paid_at_tilda()).status == 200
    for _ in range(5):
        run_deliveries(site.runtime, 20)
        site.clock.advance(minutes=2)
    assert site.sql("SELECT DISTINCT state FROM amocrm_deliveries") == [("delivered",)]
    shown = account(site)
    lead = max(shown["leads"].values(), key=lambda one: one["id"])
    assert len(shown["notes"][f"leads/{lead['id']}"]) == 2


def test_a_payment_told_by_several_hooks_at_once_is_noted_once(site: Story) -> None:
    _, key = server_key(site)
    assert send(site, key, record("shopify")).status == 200
    Became(site)
    paid = [
        _changed("shopify", financial_status="paid", updated_at=f"2026-11-28T1{hour}:00:00", tags=f"t{hour}")
        for hour in range(6)
    ]
    threads = [threading.Thread(target=send, args=(site, key, one)) for one in paid]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    became = Became(site)
    assert sum("Оплачено" in text for text in became.notes) == 1
    assert site.sql(ORDERS) == [(1,)]


def test_states_of_an_order_are_noted_as_they_come(site: Story) -> None:
    _, key = server_key(site)
    assert send(site, key, record("woocommerce")).status == 200
    Became(site)
    for state, paid in (
        ("processing", "2026-11-28T11:00:00"),
        ("processing", "2026-11-28T11:00:00"),
        ("completed", "2026-11-28T11:00:00"),
    ):
        one = _changed("woocommerce", status=state, date_paid=paid, date_modified="2026-11-28T12:00:00")
        one["headers"]["X-WC-Webhook-Topic"] = "order.updated"
        assert send(site, key, one).status == 200
    became = Became(site)
    assert [sum(word in text for text in became.notes) for word in ("Оплачено", "processing", "completed")] == [1, 1, 1]
    assert became.lead["price"] == 10800


def test_names_that_a_shop_keeps_with_entities_are_read_as_people_see_them(site: Story) -> None:
    """WordPress saves "&" so for whoever is no administrator, and OpenCart saves all names so; what amoCRM shows has
    none, and each order made the goods anew."""
    _, key = server_key(site)
    for number in (727, 728):
        one = _changed("woocommerce", id=number, number=str(number))
        one["json"]["line_items"][1]["name"] = "Пояс &amp; сумка 1/2&quot; &#8211; USB&micro"
        assert send(site, key, one).status == 200
        became = Became(site)
    lists = account(site)["elements"].values()
    names = [one["name"] for elements in lists for one in elements.values()]
    assert names.count('Пояс & сумка 1/2" – USB&micro') == 1
    assert not [text for text in (*names, *became.notes) if "&amp;" in text]


def test_an_order_that_is_not_placed_yet_is_none_until_it_is(site: Story) -> None:
    """WooCommerce's checkout block makes one, without its buyer, for everybody who opens the page, and tells of it each
    time that something is typed: that was a deal of nobody, and the order that came of it a second one."""
    _, key = server_key(site)
    leads = len(account(site)["leads"])
    nobody = dict.fromkeys(record("woocommerce")["json"]["billing"], "")
    draft = {"status": "checkout-draft", "created_via": "store-api", "payment_method": "", "payment_method_title": ""}
    typed = nobody | {"email": "t33@example.org"}
    for topic, billing in (("order.created", nobody), ("order.updated", nobody), ("order.updated", typed)):
        one = _changed("woocommerce", **draft, billing=billing, shipping=dict.fromkeys(nobody, ""))
        one["headers"]["X-WC-Webhook-Topic"] = topic
        assert send(site, key, one).status == 200
    run_deliveries(site.runtime, 20)
    assert len(account(site)["leads"]) == leads
    kept = listed(site)["incoming"]
    assert {(one["outcome"], "not placed" in (one["detail"] or "")) for one in kept} == {("nothing", True)}
    one = _changed("woocommerce", created_via="store-api")
    one["headers"]["X-WC-Webhook-Topic"] = "order.updated"
    assert send(site, key, one).status == 200
    became = Became(site)
    assert len(account(site)["leads"]) == leads + 1
    assert became.contact["name"] == "Майя Ким"


def test_an_order_that_the_shop_has_changed_is_told_anew(site: Story) -> None:
    _, key = server_key(site)
    assert send(site, key, record("woocommerce")).status == 200
    Became(site)
    one = _changed("woocommerce", customer_note="лучше утром", total="10900.00", shipping_total="400.00")
    for _ in range(2):
        assert send(site, key, one).status == 200
    became = Became(site)
    (note,) = [text for text in became.notes if "лучше утром" in text]
    assert "Магазин изменил заказ" in note
    assert "10\u202f900" in note
    assert became.lead["price"] == 10800
    assert site.sql(NEWS) == [(1,)]


def test_a_paid_order_sets_the_field_that_the_settings_name(site: Story) -> None:
    rules = [
        {"source": "order_paid", "entity": "leads", "field": "Оплата", "type": "text"},
        {"source": "order_state", "entity": "leads", "field": "Состояние", "type": "text"},
    ]
    assert save(site, mapping=rules).status == 200
    _, key = server_key(site)
    assert send(site, key, record("woocommerce")).status == 200
    became = Became(site)
    assert became.fields["Состояние"] == ["pending"]
    one = _changed("woocommerce", status="processing", date_paid="2026-11-28T11:00:00")
    assert send(site, key, one).status == 200
    became = Became(site)
    assert became.fields["Состояние"] == ["processing"]
    assert became.fields["Оплата"] == ["2026-11-28T11:00:00"]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("hotmart", ("purchase", "WAITING_PAYMENT"), ("purchase", "COMPLETE")),
        ("kiwify", ("", "waiting_payment"), ("", "paid")),
    ],
)
def test_46_a_sale_is_one_deal_however_many_events_tell_of_it(
    site: Story, name: str, before: tuple[str, str], after: tuple[str, str]
) -> None:
    """Each event was a deal of its own: one for the slip, one for its payment, one for the end of the guarantee."""
    _, key = server_key(site)
    for inner, state in (before, after):
        one = record(name)
        place = one["json"]["data"][inner] if inner else one["json"]
        place["status" if inner else "order_status"] = state
        assert send(site, key, one).status == 200
        run_deliveries(site.runtime, 20)
        site.clock.advance(hours=3)
    assert site.sql(ORDERS) == [(1,)]
    (lead,) = [one for one in account(site)["leads"].values() if "61" in one["name"] or "62" in one["name"]]
    notes = [one["params"]["text"] for one in account(site)["notes"][f"leads/{lead['id']}"]]
    assert [before[1] in notes[0], "Оплачено" in notes[0]] == [True, False]
    assert sum("Оплачено" in text for text in notes) == 1
    assert sum(after[1] in text for text in notes) == 1


def test_46_a_call_that_binotel_tells_again_is_one(site: Story) -> None:
    """It wants to hear words of its own, and tells it again with another number of the attempt."""
    _, key = server_key(site)
    for attempt in ("1", "2", "3"):
        assert send(site, key, _changed("binotel_call", attemptsCounter=attempt)).status == 200
        site.clock.advance(hours=1)
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]


@pytest.mark.parametrize("name", ["twilio_whatsapp", "whatsapp_cloud", "cloudpayments", "robokassa", "liqpay"])
def test_46_what_has_an_id_of_its_senders_is_one_however_late_it_is_told_again(site: Story, name: str) -> None:
    """A payment's sender wants another answer than ours, and tells it for days."""
    _, key = server_key(site)
    for _ in range(3):
        assert send(site, key, record(name)).status == 200
        run_deliveries(site.runtime, 20)
        site.clock.advance(hours=30)
    assert site.sql("SELECT count(*), min(state) FROM amocrm_deliveries") == [(1, "delivered")]


def test_46_a_payment_of_an_order_that_its_shop_has_sent_is_in_its_deal(site: Story) -> None:
    _, key = server_key(site)
    assert send(site, key, record("tilda_cart")).status == 200
    placed = Became(site)
    leads, cart = len(account(site)["leads"]), record("tilda_cart")["form"]
    payment = _changed("robokassa", InvId=cart["payment[orderid]"], Shp_phone=cart["Phone"], EMail=cart["Email"])
    assert send(site, key, payment).status == 200
    paid = Became(site)
    assert (len(account(site)["leads"]), paid.lead["id"], paid.goods) == (leads, placed.lead["id"], placed.goods)
    assert any("Оплачено" in text for text in paid.notes)


def test_46_a_check_before_a_payment_does_not_say_that_it_is_paid(site: Story) -> None:
    _, key = server_key(site)
    check = _changed("cloudpayments")
    del check["form"]["GatewayName"]
    assert send(site, key, check).status == 200
    assert "Оплачено" not in Became(site).note
    assert send(site, key, record("cloudpayments")).status == 200
    assert "Оплачено" in Became(site).note
    assert site.sql(ORDERS) == [(1,)]


def _of_insales(phone: str, **members: Any) -> dict[str, Any]:
    """Of a buyer who has left no e-mail, as most of them."""
    one = _changed("insales", **members)
    one["json"]["client"] |= {"phone": phone, "email": None}
    one["json"]["shipping_address"] |= {"phone": phone}
    return one


def test_an_order_whose_buyers_phone_its_shop_has_put_right_is_the_same(site: Story) -> None:
    """It was another order, of another person: a second deal of the same sum."""
    _, key = server_key(site)
    wrong, right = "+79211000136", "+79211000163"
    assert send(site, key, _of_insales(wrong)).status == 200
    made, leads = Became(site), len(account(site)["leads"])
    for state in ("Новый", "Выдан"):
        assert send(site, key, _of_insales(right, custom_status={"title": state})).status == 200
        run_deliveries(site.runtime, 20)
    assert site.sql(ORDERS) == [(1,)]
    assert len(account(site)["leads"]) == leads
    notes = [one["params"]["text"] for one in account(site)["notes"][f"leads/{made.lead['id']}"]]
    assert [sum(text in note for note in notes) for text in ("1000163", "Выдан")] == [1, 1]
    other = _of_insales("+79211000199", created_at="2027-01-12T10:00:00.000+03:00")  # the shop counts anew
    assert send(site, key, other).status == 200
    assert site.sql(ORDERS) == [(2,)]


def test_the_same_number_of_two_shops_is_two_orders(site: Story) -> None:
    for _ in range(2):
        _, key = server_key(site)
        assert send(site, key, record("tilda_cart")).status == 200
    assert site.sql(ORDERS) == [(2,)]


def test_a_cart_of_thirty_goods_is_an_order(site: Story) -> None:
    one = _changed("tilda_cart_json")
    products = [{"name": f"Товар {n}", "quantity": 1, "price": 1000, "amount": 1000, "sku": f"S{n}"} for n in range(30)]
    one["json"]["payment"] |= {"products": products, "amount": "30000", "delivery": "", "delivery_price": 0}
    _, key = server_key(site)
    assert send(site, key, one).status == 200
    became = Became(site)
    assert (len(became.goods), became.lead["price"]) == (30, 30000)


def test_a_cart_of_four_hundred_goods_keeps_every_one(site: Story) -> None:
    one = _changed("tilda_cart_json")
    products = [{"name": f"Товар {n}", "quantity": 1, "price": 10} for n in range(400)]
    one["json"]["payment"] |= {"products": products, "amount": "4000", "delivery": "", "delivery_price": 0}
    _, key = server_key(site)
    assert send(site, key, one).status == 200
    became = Became(site)
    assert became.lead["price"] == 4000
    assert [n for n in range(400) if f"Товар {n} " not in f"{became.note} " and f"Товар {n}\n" not in became.note] == []


def test_a_cart_without_a_number_is_an_order_all_the_same(site: Story) -> None:
    one = _changed("tilda_cart_json")
    del one["json"]["payment"]["orderid"]
    _, key = server_key(site)
    for _ in range(2):
        assert send(site, key, one).status == 200
    assert len(Became(site).goods) == 2
    assert site.sql(ORDERS) == [(1,)]


GOOD: dict[str, Any] = {"name": "Дверь", "price": 1200, "quantity": 1}


def test_each_state_of_a_payment_that_wayforpay_tells_is_of_one_order() -> None:
    """It calls an order so; each of its notices was a deal, with the whole price."""
    paid = {"orderReference": "DH17", "amount": 1200, "currency": "UAH", "merchantAccount": "m"}
    paid |= {"phone": "380671000201", "products": [{"name": "Дверь", "price": 1200, "count": 1}]}
    for status in ("InProcessing", "Approved", "Refunded"):
        body = json.dumps(paid | {"transactionStatus": status}).encode()
        found = site_builders.sent(Request("POST", "/", (), Headers([("Content-Type", "application/json")]), body)).body
        assert isinstance(found, SubmitOrder)
        assert (found.order.number, found.order.total) == ("DH17", Decimal(1200))


@pytest.mark.parametrize(
    ("written", "code"),
    [("грн.", "UAH"), ("руб.", "RUB"), ("тг", "KZT"), ("so'm", "UZS"), ("сум", "UZS"), ("₴", "UAH")],
)
def test_a_currency_as_people_write_it_is_that_currency(written: str, code: str) -> None:
    """Of an order in another one than the account's, the budget was the sum in the account's."""
    body = json.dumps({"order_id": 78, "total": 1200, "currency": written, "products": [GOOD]}).encode()
    sent = site_builders.sent(Request("POST", "/", (), Headers([("Content-Type", "application/json")]), body))
    assert isinstance(sent.body, SubmitOrder)
    assert (sent.body.order.currency, sent.body.fields) == (code, {})


@pytest.mark.parametrize(
    "told",
    [
        {"order": {"id": 77, "total": 1500, "delivery_price": 300, "currency": "KZT"}, "items": [GOOD]},
        {"order_id": 77, "total": 1500, "delivery_price": 300, "currency": "KZT", "cart": {"id": "1", "items": [GOOD]}},
        {"order": {"id": 77, "total": 1500, "delivery_price": 300, "currency": "KZT", "cart": {"products": [GOOD]}}},
        {
            "order": {"id": 77, "total": 1500, "delivery_price": 300, "currency": "KZT"},
            "cart": {"id": "c1", "total": 1200, "items": [GOOD]},
        },
        # AdvantShop
        {
            "Id": 5, "Number": "77", "Sum": 1500.0, "ShippingCost": 300.0, "Currency": "KZT", "ShippingName": "Курьер",
            "Items": [{"ArtNo": "D1", "Name": "Дверь", "Price": 600.0, "Amount": 2.0}],
        },
        # Kirvano, whose own number is the sale's
        {
            "event": "PIX_GENERATED", "sale_id": "77", "total_price": "1.500,00", "shipping_price": 300,
            "currency": "KZT", "products": [GOOD | {"id": "p1"}],
        },
    ],
)  # fmt: skip
def test_46_what_stands_around_the_goods_tells_of_their_order(told: dict[str, Any]) -> None:
    """Its number was made up, so that each state of it was another deal, and its sum was that of the goods."""
    body = json.dumps(told | {"client": {"name": "Юля", "phone": "+7 921 100-02-01"}}).encode()
    sent = site_builders.sent(Request("POST", "/", (), Headers([("Content-Type", "application/json")]), body))
    assert isinstance(sent.body, SubmitOrder)
    order = sent.body.order
    assert (order.number, order.currency, sent.body.contact.name) == ("77", "KZT", "Юля")
    assert [order.total, order.expected_total, order.delivery.cost] == [Decimal(1500), Decimal(1500), Decimal(300)]


@pytest.mark.parametrize(
    "told",
    [
        {
            "Товары": [{"Наименование": "Дверь", "Цена": "1 500", "Количество": 2}],
            "Итого": "3 100",
            "Стоимость доставки": "100",
        },
        {"товари": [{"назва": "Дверь", "ціна": "1500", "кількість": 2}], "разом": "3100", "вартість доставки": "100"},
        {
            "produtos": [{"nome": "Дверь", "preço": "1500,00", "quantidade": 2}],
            "total": "3100,00",
            "valor_frete": "100,00",
        },
        {"itens": [{"produto": "Дверь", "valor_unitario": 1500, "qtd": 2}], "valor_total": 3100, "valor_frete": 100},
        {"productos": [{"nombre": "Дверь", "precio": 1500, "cantidad": 2}], "monto_total": 3100, "costo_envio": 100},
        {"items": [{"producto": "Дверь", "precioUnitario": 1500, "cantidad": 2}], "importe": 3100, "costoEnvio": 100},
        {"mahsulotlar": [{"nomi": "Дверь", "narxi": "1 500", "soni": 2}], "jami": "3 100 so'm", "shipping": 100},
        {"items": [{"name": "Дверь", "price": 1500, "cantidad": 2}], "total": 3100, "shipping": 100},
    ],
)
def test_46_goods_are_read_in_the_language_of_their_shop(told: dict[str, Any]) -> None:
    """Two were one, or an order was a form without a sum."""
    body = json.dumps({"name": "Ana Ruiz", "phone": "+34611100267", **told}).encode()
    order = site_builders.sent(Request("POST", "/", (), Headers([("Content-Type", "application/json")]), body)).body
    assert isinstance(order, SubmitOrder)
    good = order.order.items[0]
    assert (good.name, good.quantity, good.unit_price) == ("Дверь", Decimal(2), Decimal(1500))
    assert (order.order.total, order.order.delivery.cost) == (Decimal(3100), Decimal(100))
    assert order.fields == {}


@pytest.mark.parametrize(
    "told",
    [
        {"Номер заказа": "55", "Валюта": "USD"},
        {"pedido_id": "55", "moeda": "USD"},
        {"numeroOrden": 55, "moneda": "usd"},
        {"orden": {"id": 55, "moneda": "USD"}},
    ],
)
def test_46_an_orders_number_is_read_in_the_language_of_its_shop(told: dict[str, Any]) -> None:
    """Told again with another state it was another order; its dollars were the account's roubles."""
    body = json.dumps({"phone": "+34611100267", "items": [{"name": "A", "price": 5}], **told}).encode()
    order = site_builders.sent(Request("POST", "/", (), Headers([("Content-Type", "application/json")]), body)).body
    assert isinstance(order, SubmitOrder)
    assert (order.order.number, order.order.currency, order.fields) == ("55", "USD", {})


def test_a_cart_of_an_unknown_shop_is_an_order(site: Story) -> None:
    body = {
        "order": {
            "number": "A-17",
            "items": [{"title": "Лампа", "qty": 2, "price": "1 500,50", "article": "L-1", "гравировка": "для Ани"}],
            "discount": "10%",
            "total": 3201,
            "delivery_price": 200,
        },
        "client": {"name": "Юля", "phone": "+7 921 100-02-01"},
        "Подъезд": "3",
    }
    one = {"content_type": "application/json", "json": body, "becomes": {}}
    _, key = server_key(site)
    assert send(site, key, one).status == 200
    became = Became(site)
    assert became.contact["name"] == "Юля"
    assert [(good["name"], good["quantity"]) for good in became.goods] == [("Лампа", 2)]
    assert became.lead["price"] == 3201
    assert "A-17" in became.lead["name"]
    assert "Подъезд: 3" in became.note
    assert "Лампа › гравировка: для Ани" in became.note
    assert "discount: 10%" in became.note


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("4900", "4900"),
        ("4 900,50 р.", "4900.50"),
        ("1\u00a0400", "1400"),
        ("1,400.00", "1400.00"),
        ("1.400,00", "1400.00"),
        ("1,400", "1400"),
        ("$12.5", "12.5"),
        ("1.400 €", "1400"),
        ("R$ 1.400", "1400"),
        ("от 12.500 руб.", "12500"),
        ("1500.000 руб.", "1500"),
        ("1 400.500 ₽", "1400.5"),
        ("1500,000 грн", "1500"),
        ("$1,234,567.000", "1234567"),
        ("1.234.500 €", "1234500"),
        ("1.400", "1.4"),
        ("0.125 $", "0.125"),
        ("0", "0"),
        ("4900.0000000", "4900.000000"),
    ],
)
def test_amounts_are_read_as_they_are_written(written: str, meant: str) -> None:
    assert amount(written) == Decimal(meant)


@pytest.mark.parametrize("written", ["", "бесплатно", "-5", "1e5", "nan", "10 р. 20 к.", None, "9" * 40, ["5"], "10%"])
def test_what_is_no_amount_stays_a_text(written: Any) -> None:
    assert amount(written) is None


def test_goods_that_are_lines_are_read_and_kept_where_they_cannot_be() -> None:
    lines = ["Зеркало - 2x4900 = 9800", "Стекло 4 мм - узор - 1,5 × 2 000 = 3 000", "подарок", "  "]
    items, texts = of_texts(lines)
    assert [(one.name, one.quantity, one.unit_price) for one in items] == [
        ("Зеркало", Decimal(2), Decimal(4900)),
        ("Стекло 4 мм - узор", Decimal("1.5"), Decimal(2000)),
    ]
    assert texts == ["подарок"]


@pytest.mark.parametrize(("line", "name", "price"), [("Зеркало=4900", "Зеркало", 4900), ("A=B = 1 200", "A=B", 1200)])
def test_46_goods_that_are_a_name_and_a_sum_are_read(line: str, name: str, price: int) -> None:
    """As Tilda writes them in JSON within a field: they were text, and nothing of the order added up."""
    items, texts = of_texts([line, "подарок=", "=100", "a = b"])
    assert [(one.name, one.quantity, one.unit_price) for one in items] == [(name, Decimal(1), Decimal(price))]
    assert texts == ["подарок=", "=100", "a = b"]


@pytest.mark.parametrize(
    ("written", "meant"), [("1.400 кг", "1.4"), ("1,400 кг", "1.4"), ("2.500", "2.5"), ("-1.400 м", "0")]
)
def test_how_many_is_no_money(written: str, meant: str) -> None:
    assert count(written) == Decimal(meant)


def test_a_price_that_only_the_sum_tells_has_six_digits() -> None:
    one = item("Сетка", Decimal(3), None, total=Decimal(10))
    assert one is not None
    assert one.item.amount == Decimal("10.00")
    assert json.loads(f"{one.unit_price}") == 3.333333


@pytest.mark.parametrize("shop", ["woocommerce", "shopify", "insales", "yampi"])
def test_35_4_what_a_shop_tells_of_an_order_that_is_not_known_any_more_makes_no_second_deal(
    site: Story, shop: str
) -> None:
    """Its row went with its days; its deal is looked for, as old as the shop says that the order is."""

    def at(**more: Any) -> dict[str, Any]:
        one = _changed(shop, **more)
        own = one["json"].get("resource", one["json"])
        own |= {"created_at": {"date": made_at} if shop == "yampi" else made_at, "date_created_gmt": made_at}
        return one

    made_at = site.clock.now().isoformat()
    _, key = server_key(site)
    assert send(site, key, at()).status == 200
    before, leads = Became(site), len(account(site)["leads"])
    site.clock.advance(days=40)
    retention.run(site.runtime.database, site.runtime.settings, site.runtime.clock)
    assert site.sql(ORDERS) == [(0,)]
    news = {"shopify": {"financial_status": "refunded"}, "yampi": {"event": "order.paid"}}
    told = {"status": "completed", "custom_status": {"title": "Выдан"}, **news.get(shop, {})}
    for _ in range(3):
        assert send(site, key, at(**told)).status == 200
        run_deliveries(site.runtime, 20)
        site.clock.advance(minutes=1)
    shown = account(site)
    after = [one["params"]["text"] for one in shown["notes"][f"leads/{before.lead['id']}"]]
    assert len(shown["leads"]) == leads
    assert after[: len(before.notes)] == before.notes
    assert len(set(after)) == len(after) > len(before.notes)


def test_an_order_whose_time_has_no_zone_may_be_older_than_it_says(site: Story) -> None:
    """Of a shop in Vladivostok: for ten hours its row was gone, and its time not yet so old."""
    _, key = server_key(site)
    made_at = (site.clock.now() + timedelta(hours=10)).replace(tzinfo=None).isoformat()
    assert send(site, key, _changed("insales", created_at=made_at)).status == 200
    Became(site)
    leads = len(account(site)["leads"])
    site.clock.advance(days=30, hours=2)
    retention.run(site.runtime.database, site.runtime.settings, site.runtime.clock)
    assert site.sql(ORDERS) == [(0,)]
    told = _changed("insales", created_at=made_at, custom_status={"title": "Выдан"})
    assert send(site, key, told).status == 200
    run_deliveries(site.runtime, 20)
    assert len(account(site)["leads"]) == leads


@pytest.mark.parametrize("made_at", ["", "0001-01-01T00:00:00"], ids=["of 90 days", "of no date"])
def test_35_4_an_old_order_that_never_was_here_is_made(site: Story, made_at: str) -> None:
    """A program that has no date says that it is of the year 1."""
    _, key = server_key(site)
    old = made_at or (site.clock.now() - timedelta(days=90)).isoformat()
    leads = len(account(site)["leads"])
    assert send(site, key, _changed("woocommerce", date_created_gmt=old)).status == 200
    assert len(Became(site).notes) == 1
    assert len(account(site)["leads"]) == leads + 1


@pytest.mark.parametrize("nought", ["0", 0, "0.0", "0,00", "-1", -2])
def test_35_none_of_a_good_is_told_and_counts_for_nothing(site: Story, nought: Any) -> None:
    """A row that somebody has emptied: it is no piece of it, and the sum stays what it is."""
    _, key = server_key(site)
    goods = [
        {"name": "Зеркало", "price": "4900", "quantity": "2"},
        {"name": "Полка овальная", "price": "1200", "quantity": nought},
    ]
    content = {"name": "Нина", "phone": "8 916 555 44 33", "order_id": "N-45", "items": goods}
    body = {"content_type": "application/json", "json": content, "becomes": {}}
    assert send(site, key, body).status == 200
    became = Became(site)
    assert became.lead["price"] == 9800
    assert [one["name"] for one in became.goods] == ["Зеркало"]
    assert "Полка овальная" in became.note
