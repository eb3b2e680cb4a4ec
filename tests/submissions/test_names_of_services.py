"""35: whose name it is, in the words of services that call it otherwise (values are made up)."""

from typing import Any

import pytest

from features.submissions import site_builders
from features.submissions.model import SubmitForm, SubmitOrder, full_name
from features.submissions.settings import Submissions
from features.submissions.site_builders import ReceivedForm
from shared.platform.http import Headers, Request
from tests.submissions.recorded import body_of

JSON = "application/json"
PROFILE = {"name": "Ana Ruiz", "first_name": "Ana", "last_name": "Ruiz", "email": "t45@example.org"}
BODIES: dict[str, dict[str, Any]] = {
    "eventbrite": {"json": {"status": "Attending", "ticket_class_name": "Entrada General", "profile": PROFILE}},
    "hubspot": {
        "json": {
            "archived": False,
            "properties": {"email": "t45@example.org", "firstname": "Ana", "lastname": "Ruiz"},
        }
    },
    "mailchimp": {
        "form": {
            "type": "subscribe",
            "data[email]": "t45@example.org",
            "data[merges][EMAIL]": "t45@example.org",
            "data[merges][FNAME]": "Ana",
            "data[merges][LNAME]": "Ruiz",
            "data[merges][INTERESTS]": "Doors",
        }
    },
    "activecampaign": {
        "form": {
            "type": "subscribe",
            "contact[email]": "t45@example.org",
            "contact[first_name]": "Ana",
            "contact[last_name]": "Ruiz",
            "contact[customer_acct_name]": "Glass and Sons",
            "contact[orgname]": "Glass and Sons",
        }
    },
    "metform": {
        "form": {"mf-listing-fname": "Ana", "mf-listing-lname": "Ruiz", "mf-email": "t45@example.org", "id": "55"}
    },
    "systeme.io": {
        "json": {
            "contact": {
                "email": "t45@example.org",
                "fields": [
                    {"fieldName": "First name", "slug": "first_name", "value": "Ana"},
                    {"fieldName": "Last name", "slug": "surname", "value": "Ruiz"},
                ],
            }
        }
    },
    "cognito": {
        "json": {
            "Form": {"Id": "1", "Name": "Contact"},
            "Name": {
                "First": "Ana",
                "FirstAndLast": "Ana Ruiz",
                "Last": "Ruiz",
                "Middle": None,
                "MiddleInitial": None,
                "Prefix": None,
                "Suffix": None,
            },
            "Email": "t45@example.org",
        }
    },
    "tiktok": {
        "json": {
            "object": "LEAD",
            "entry": [
                {
                    "changes": [
                        {"field": "name", "value": "Ana Ruiz"},
                        {"field": "email", "value": "t45@example.org"},
                    ]
                }
            ],
        }
    },
    "duda": {
        "json": {
            "fieldsData": [
                {"field_label": "Name", "field_value": "Ana Ruiz", "field_type": "text", "field_key": "dmform-0"},
                {"field_label": "E-mail", "field_value": "t45@example.org", "field_type": "email", "field_key": "d-1"},
            ]
        }
    },
    "prom": {
        "json": {
            "client_first_name": "Ana",
            "client_second_name": "María",
            "client_last_name": "Ruiz",
            "email": "t45@example.org",
        }
    },
    "a name in the middle": {
        "form": {"first_name": "Ana", "middle_name": "María", "last_name": "Ruiz", "email": "t45@example.org"}
    },
    "a name beside": {
        "form": {"first_name": "Ana", "last_name": "Ruiz", "user_name": "glass", "email": "t45@example.org"}
    },
    "surveymonkey": {
        "json": {
            "questions": [
                {"id": "1", "heading": "First name", "answers": [{"text": "Ana"}]},
                {"id": "2", "heading": "Last name", "answers": [{"text": "Ruiz"}]},
                {"id": "3", "heading": "E-mail", "answers": [{"text": "t45@example.org"}]},
            ]
        }
    },
}


def _sent(one: dict[str, Any], country: str = "") -> SubmitForm | SubmitOrder:
    return _received(one, country).body


def _received(one: dict[str, Any], country: str = "") -> ReceivedForm:
    kind = JSON if "json" in one else "application/x-www-form-urlencoded"
    body = body_of(one | {"becomes": {}})
    request = Request("POST", "/", (), Headers([("Content-Type", kind)]), body)
    return site_builders.sent(request, Submissions(phone_country=country))


@pytest.mark.parametrize("name", BODIES)
def test_35_the_person_has_their_name(name: str) -> None:
    body = _sent(BODIES[name])
    assert full_name(body.contact) == "Ana Ruiz"
    assert body.contact.emails == ["t45@example.org"]
    if name == "activecampaign":
        assert ["Glass and Sons"] in body.fields.values()
    if name in ("prom", "a name in the middle"):
        assert ["María"] in body.fields.values()


@pytest.mark.parametrize(
    "called",
    [
        *("Ф.И.О.", "Ф. И. О.", "Ф.И.О. клиента", "Имя (Ф.И.О.)", "Контактное лицо", "Представьтесь, пожалуйста"),
        *("ПІБ", "П.І.Б.", "ПІБ пацієнта", "Контактна особа", "Як до Вас звертатись?"),
        *("F.I.SH.", "F.I.Sh", "F.I.O.", "Исмингиз", "Исм ва фамилия", "Ф.И.Ш."),
        *("Т.А.Ә.", "ТАӘ", "Есім", "Nombres", "Nombres y apellidos", "Persona de contacto", "Pessoa de contato"),
        *("Contact person", "contact_person", "imya"),
    ],
)
def test_35_a_name_that_is_asked_for_in_short_is_a_name(called: str) -> None:
    body = _sent({"json": {called: "Ana Ruiz", "dog_name": "Rex", "phone": "+34 611 10 01 45"}})
    assert full_name(body.contact) == "Ana Ruiz"


@pytest.mark.parametrize(
    ("first", "last"), [("Nombres", "Apellidos"), ("Исм", "Фамилия"), ("Аты", "Фамилиясы"), ("Forename", "Surname")]
)
def test_35_a_first_and_a_last_name_are_both_the_persons(first: str, last: str) -> None:
    body = _sent({"json": {last: "Ruiz", first: "Ana", "phone": "+34 611 10 01 45"}})
    assert full_name(body.contact) == "Ana Ruiz"


def test_35_a_fish_is_no_name() -> None:
    body = _sent({"json": {"First name": "Ana", "Fish": "Salmon", "phone": "+34 611 10 01 45"}})
    assert (full_name(body.contact), body.fields) == ("Ana", {"Fish": ["Salmon"]})


def test_35_whom_to_ask_for_is_not_the_visitor_who_has_a_name() -> None:
    body = _sent({"json": {"contact_person": "Bo Lind", "name": "Ana Ruiz", "phone": "+34 611 10 01 45"}})
    assert (full_name(body.contact), body.fields) == ("Ana Ruiz", {"contact_person": ["Bo Lind"]})


@pytest.mark.parametrize("names", [{"full_name": "Ana María Ruiz"}, {"customer_name": "Ana María Ruiz"}])
def test_35_a_whole_name_beside_its_parts_is_the_persons(names: dict[str, str]) -> None:
    body = _sent({"json": {"first_name": "Ana", "last_name": "Ruiz", "email": "t45@example.org", **names}})
    assert full_name(body.contact) == "Ana María Ruiz"


@pytest.mark.parametrize(
    "others",
    [
        {"guest_first_name": "Bo", "guest_last_name": "Cy"},
        {"doctor_first_name": "Bo", "doctor_last_name": "Cy"},
        {"student_first_name": "Bo", "student_last_name": "Cy"},
    ],
)
@pytest.mark.parametrize("called", ["customer_name", "Client name"])
def test_35_parts_of_anothers_name_do_not_take_the_visitors_away(called: str, others: dict[str, str]) -> None:
    for names in ({called: "Ana Ruiz"} | others, others | {called: "Ana Ruiz"}):
        body = _sent({"json": {**names, "email": "t45@example.org"}})
        assert (full_name(body.contact), body.fields) == ("Ana Ruiz", {name: [text] for name, text in others.items()})


def test_35_an_initial_stands_where_there_is_no_name_in_the_middle() -> None:
    parts = {"First": "Ana", "Last": "Ruiz", "MiddleInitial": "M"}
    for middle, name in ((None, "Ana M Ruiz"), ("María", "Ana María Ruiz")):
        body = _sent({"json": {"Name": {**parts, "Middle": middle}, "Email": "t45@example.org"}})
        assert full_name(body.contact) == name


@pytest.mark.parametrize("what", [{"name": "Villa Rosa"}, {"account_name": "Villa Rosa"}])
def test_35_the_name_of_a_thing_is_nobodys(what: dict[str, str]) -> None:
    body = _sent({"json": {"phone": "+34 611 10 01 45", "properties": what}})
    assert full_name(body.contact) == ""
    assert ["Villa Rosa"] in body.fields.values()


def test_35_goods_with_a_cost_per_item_are_a_cart() -> None:
    goods = [{"id": "34", "name": "Mirror", "costPerItem": "500,00", "amount": "3", "discount": "5%", "sku": "M-1"}]
    body = _sent({"json": {"fName": "Ana", "phone": "+380501000145", "products": goods, "externalId": "N-145"}})
    assert isinstance(body, SubmitOrder)
    assert [(one.name, str(one.quantity), float(one.unit_price)) for one in body.order.items] == [("Mirror", "3", 500)]
    assert body.order.total == 1500


def test_35_of_goods_of_cs_cart_the_amount_says_how_many() -> None:
    good = {"item_id": "1002", "product": "Mirror", "product_code": "M-1", "price": "500.00", "amount": "3"}
    order = {"order_id": "147", "total": "1510.00", "shipping_cost": "10.00", "products": {"1002": good}}
    body = _sent({"json": {"firstname": "Ana", "s_phone": "+380501000147", "b_phone": "+380501000147", **order}})
    assert isinstance(body, SubmitOrder)
    assert [(one.name, str(one.quantity), one.sku) for one in body.order.items] == [("Mirror", "3", "M-1")]
    assert body.contact.phones == ["+380501000147"]
    assert body.order.total == 1510


def test_35_of_goods_of_magento_qty_ordered_says_how_many() -> None:
    good = {"item_id": 7, "sku": "M-1", "name": "Mirror", "price": 500, "row_total": 1500}
    order = {"increment_id": "000000148", "grand_total": 1500, "order_currency_code": "EUR", "total_qty_ordered": 3}
    who = {"customer_firstname": "Ana", "customer_email": "t148@example.org"}
    good |= {"qty_canceled": 0, "qty_ordered": 3, "qty_shipped": 0, "product_type": "configurable"}
    part = good | {"item_id": 8, "name": "Mirror-60", "price": 0, "row_total": 0, "parent_item_id": 7}
    body = _sent({"json": {**order, **who, "items": [good, part]}})
    assert isinstance(body, SubmitOrder)
    assert [(one.name, str(one.quantity), one.sku) for one in body.order.items] == [("Mirror", "3", "M-1")]
    assert body.order.total == body.order.expected_total == 1500


def test_35_of_heyflow_each_answer_is_its_variables() -> None:
    def said(variable: str, label: str, *answers: str) -> dict[str, Any]:
        return {"variable": variable, "label": label, "values": [{"answer": one} for one in answers]}

    who = [said("first_name", "First"), said("last_name", "Last", "Ruiz"), said("email", "", "t65@example.org")]
    who[0]["values"] = [{"answer": "Ana"}]
    body = _sent({"json": {"flowID": "f1", "id": "r1", "fields": [*who, said("doors", "Which doors?", "Oak", "Ash")]}})
    assert isinstance(body, SubmitForm)
    assert (full_name(body.contact), body.contact.emails) == ("Ana Ruiz", ["t65@example.org"])
    assert body.fields["Which doors?"] == ["Oak", "Ash"]


def test_35_of_heyflow_an_answer_without_a_question_is_its_variables() -> None:
    told = {"first_name": "Ana", "phone": "+34611100268", "utm_source": "google"}
    fields = [{"variable": name, "label": "", "values": [{"answer": value}]} for name, value in told.items()]
    body = _sent({"json": {"flowID": "f1", "id": "r2", "fields": fields}})
    assert isinstance(body, SubmitForm)
    assert (full_name(body.contact), body.contact.phones) == ("Ana", ["+34611100268"])
    assert body.tracking == {"utm_source": "google"}


def test_35_of_a_row_of_notion_each_property_is_its_value() -> None:
    def pieces(kind: str, *texts: str) -> dict[str, Any]:
        made = [{"type": "text", "text": {"content": one}, "annotations": {}, "plain_text": one} for one in texts]
        return {"id": "x", "type": kind, kind: made}

    link = "https://files.example/a.pdf?signed=1"
    rows = {
        "Name": pieces("title", "Ana ", "Ruiz"),
        "Email": {"id": "e", "type": "email", "email": "t66@example.org"},
        "Phone": {"id": "p", "type": "phone_number", "phone_number": "+34611100266"},
        "Doors": {"id": "d", "type": "multi_select", "multi_select": [{"name": "Oak"}, {"name": "Ash"}]},
        "When": {"id": "w", "type": "date", "date": {"start": "2026-12-01", "end": None}},
        "Comment": pieces("rich_text", "Two, please"),
        "Plan": {"id": "f", "type": "files", "files": [{"name": "a.pdf", "type": "file", "file": {"url": link}}]},
    }
    page = {"object": "page", "id": "p1", "properties": rows, "url": "https://www.notion.so/p1"}
    source = {"type": "automation", "automation_id": "a", "event_id": "e1", "attempt": 1}
    body = _sent({"json": {"source": source, "data": page}})
    assert isinstance(body, SubmitForm)
    assert (full_name(body.contact), body.contact.phones) == ("Ana Ruiz", ["+34611100266"])
    assert (body.contact.emails, body.comment) == (["t66@example.org"], "Two, please")
    assert (body.fields["Doors"], body.fields["When"]) == (["Oak", "Ash"], ["2026-12-01"])
    assert body.fields["Plan"] == [link]


@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        ({"phone": "+34611100267"}, {"publisher_email": "agency@example.org"}),
        ({"customer_phone": "+34611100267"}, {"business_phone": "+34911100001"}),
        ({"phone": "+34611100267"}, {"recipient_email": "bo@example.org"}),
        ({"phone": "+34611100267"}, {"recipient_name": "Bo Lind", "recipient_email": "bo@example.org"}),
    ],
)
def test_35_what_is_the_companys_or_a_recipients_is_not_the_visitors(
    own: dict[str, str], theirs: dict[str, str]
) -> None:
    body = _sent({"json": {"name": "Ana Ruiz", **own, **theirs}})
    assert (full_name(body.contact), body.contact.phones) == ("Ana Ruiz", ["+34611100267"])
    assert body.contact.emails == []
    assert set(theirs) <= set(body.fields)


@pytest.mark.parametrize(
    ("own", "other"),
    [
        (("Имя участника 1", "Телефон участника 1"), ("Имя участника 2", "Номер телефона участника 2")),
        (("Имя невесты", "Телефон невесты"), ("Имя жениха", "Телефон жениха")),
        (("Имя", "Телефон"), ("ФИО второго участника", "Телефон второго участника")),
        (("Ваше имя", "Ваш телефон"), ("Имя должника", "Телефон должника")),
        (("Імʼя відправника", "Телефон відправника"), ("Імʼя одержувача", "Телефон одержувача")),
        (("participant1Name", "participant1Phone"), ("participant2Name", "participant2Phone")),
        (("Client 1 name", "Client 1 phone"), ("Client 2 name", "Client 2 phone")),
        (("Ваше имя", "Ваш телефон"), ("Имя клиента", "Телефон клиента")),
        (("Nombre", "Teléfono"), ("Nombre de tu pareja", "Teléfono de tu pareja")),
        (("participant_1_name", "participant_1_phone"), ("participant_2_name", "participant_2_phone")),
        (("Nome do participante 1", "Celular do participante 1"), ("Nome do participante 2", "Celular participante 2")),
        (("Nombre", "Teléfono"), ("Nombre de quien te recomendó", "Teléfono de quien te recomendó")),
    ],
)
def test_a_line_beside_the_name_of_somebody_else_is_not_the_visitors(
    own: tuple[str, str], other: tuple[str, str]
) -> None:
    """Two who came together were one contact, where the other's own forms came from then on."""
    body = _sent(
        {
            "json": {
                **dict(zip(own, ("Ana Ruiz", "+34611100267"), strict=True)),
                **dict(zip(other, ("Bo Lind", "+34611100268"), strict=True)),
            }
        }
    )
    assert (full_name(body.contact), body.contact.phones) == ("Ana Ruiz", ["+34611100267"])
    assert set(other) <= set(body.fields)


def test_of_two_who_are_named_each_has_their_email() -> None:
    sent = {f"Participant {place} {what}": f"{what[0]}{place}@b.example" for what in ("email",) for place in (2, 1)}
    body = _sent({"json": {"Participant 1 name": "Ana Ruiz", "Participant 2 name": "Bo Lind", **sent}})
    assert body.contact.emails == ["e1@b.example"]
    assert body.fields["Participant 2 email"] == ["e2@b.example"]


@pytest.mark.parametrize(
    "sent",
    [
        {"Имя": "Анна", "Телефон": "+34611100267", "Имя клиента": "Анна Руис", "Телефон клиента": "+34611100268"},
        {"Имя мамы": "Анна", "Телефон мамы": "+34611100267", "Имя папы": "Пётр", "Телефон папы": "+34611100268"},
        {
            "client_first_name": "Ana",
            "client_middle_name": "Bo",
            "client_last_name": "Ruiz",
            "client_phone": "+34611100267",
            "phone": "+34611100268",
        },
        {
            "Name": "Анна",
            "Phone": "+34611100267",
            "Name_2": "Казань",
            "Phone_2": "+34611100268",
        },  # as Tilda numbers them
        {
            "Full name": "Jonathan Smith",
            "Preferred name": "Jonny",
            "Preferred phone": "+34611100267",
            "Alternate phone": "+34611100268",
        },
        {
            "Primer nombre": "Ana",
            "Segundo nombre": "María",
            "Teléfono": "+34611100267",
            "Segundo teléfono": "+34611100268",
        },
        {"Имя": "Иван", "Имя в WhatsApp": "Vanya", "WhatsApp": "+34611100267", "Телефон": "+34611100268"},
        {
            "Имя": "Анна",
            "Телефон участника": "+34611100267",
            "ФИО участника": "Пётр",
            "Город": "Казань",
            "E-mail": "a@b.example",
        },
    ],
)
def test_a_line_of_the_visitors_stays_the_visitors(sent: dict[str, str]) -> None:
    body = _sent({"json": sent})
    assert body.contact.phones == [one for one in sent.values() if one.startswith("+")]


@pytest.mark.parametrize(
    ("country", "called", "figures"),
    [
        ("PT", "NIF", "275911999"),
        ("PT", "Número de contribuinte", "233738116"),
        ("PE", "RUC", "20218781652"),
        ("UZ", "Ipoteka uchun daromad", "901234567"),
        ("AR", "CUIL", "20972763390"),
        ("BR", "CNH", "03773706440"),
        ("MX", "NSS", "19066279842"),
        ("KZ", "ИИН", "959615100702"),
        ("UA", "РНОКПП", "3293129689"),
        ("RU", "Номер брони", "9000426312"),
        ("RU", "Номер лота", "9581241853"),
        ("RU", "Номер подтверждения брони", "9000426312"),
        ("RU", "Бронь: номер", "9000426312"),
        ("RU", "Номер и дата брони", "9000426312"),
        ("BR", "Número (lote)", "11900000000"),
        ("RU", "Напишите номер брони", "9000426312"),
        ("RU", "Какой у вас номер брони?", "9000426312"),
        ("RU", "Уточните доход в год", "9000000000"),
        ("CO", "Número de RUC para la factura", "3009581241"),
        ("RU", "Оборот в год", "9000000000"),
        ("CO", "Presupuesto", "3000000000"),
        ("BR", "Faturamento", "11900000000"),
    ],
)
def test_35_figures_that_are_called_otherwise_are_no_phone(country: str, called: str, figures: str) -> None:
    """A taxpayer's number of Portugal is a telephone of somebody else there."""
    made = _sent({"json": {"name": "Ana Ruiz", "email": "t45@example.org", called: figures}}, country)
    assert (made.contact.phones, made.fields) == ([], {called: [figures]})


@pytest.mark.parametrize(
    "called",
    [
        *("Контакт для бронирования", "Номер для бронирования", "Контактный номер (бронирование)"),
        *("Куда прислать подборку объектов?", "Как связаться с вами по объекту?", "Введите номер, чтобы узнать доход"),
        *("Оставьте номер, пришлём варианты объектов", "Номер для підтвердження броні", "Куди надіслати обʼєкти?"),
        *("Contacto de reserva", "Número para confirmar la reserva", "Tu número y te enviamos el presupuesto"),
        *("Contato para orçamento", "Seu número para o orçamento", "Para onde enviamos o orçamento?"),
        *("Booking contact", "Number for booking confirmation", "Bron uchun aloqa", "Бронь үшін нөмір"),
        *("Ваш номер (бронь)", "Бронирование: ваш номер", "Оставьте номер и мы рассчитаем доход"),
        *("Укажите номер — закрепим бронь", "Залишіть номер, підберемо обʼєкт", "Your number - reservation"),
        *("Deja tu número y recibe tu presupuesto", "Seu número e receba o orçamento", "Raqam qoldiring, bron qilamiz"),
    ],
)
def test_35_where_to_reach_whoever_books_is_their_phone(called: str) -> None:
    assert _sent({"json": {"name": "Ana Ruiz", called: "611100267"}}, "ES").contact.phones == ["611100267"]


@pytest.mark.parametrize(
    ("country", "number"), [("", "+34611100267"), ("RU", "8 (916) 123-45-67"), ("BR", "(11) 98765-4321")]
)
@pytest.mark.parametrize("called", ["На какой номер оформить бронь?", "Бронь", "¿A qué número va el presupuesto?"])
def test_35_what_is_written_as_a_phone_is_no_figures(called: str, country: str, number: str) -> None:
    assert _sent({"json": {"name": "Ana Ruiz", called: number}}, country).contact.phones == [number]


@pytest.mark.parametrize(
    "within",
    [
        {"client": {"name": "Ana Ruiz", "number": "611100267"}},
        {"contact": "611100267"},
        {"guest": {"contact_number": "611100267"}, "number": "611100268"},
    ],
)
@pytest.mark.parametrize("around", ["booking", "reserva", "объект"])
def test_35_who_books_is_reached_by_what_is_within_the_booking(around: str, within: dict[str, Any]) -> None:
    assert _sent({"json": {around: within}}, "ES").contact.phones == ["611100267"]


def test_35_a_taxpayers_number_within_a_contact_is_no_phone() -> None:
    sent = {"contact": {"name": "Ana", "email": "t45@example.org", "ruc": "611100267", "booking_number": "611100268"}}
    assert _sent({"json": sent}, "ES").contact.phones == []
    assert _sent({"json": {"booking": {"confirmation_number": "611100268"}}}, "ES").contact.phones == []


@pytest.mark.parametrize("called", ["Nombre para la reserva", "Имя, на которое бронь", "Nombre (como en la cédula)"])
def test_35_who_books_has_a_name(called: str) -> None:
    assert full_name(_sent({"json": {called: "Ana Ruiz", "phone": "+34611100267"}}).contact) == "Ana Ruiz"


@pytest.mark.parametrize(
    "called",
    [
        *("Телефон рекомендателя", "Телефон того, кто Вас пригласил", "Телефон мужа", "Телефон одержувача"),
        *("Reference phone", "Husband's phone", "Friend’s phone", "Teléfono de referencia", "Teléfono del cónyuge"),
        *("WhatsApp de quem indicou", "Telefone do marido", "Досыңыздың телефоны"),
    ],
)
def test_35_the_line_of_whom_the_visitor_names_is_not_theirs(called: str) -> None:
    """All whom one has recommended were one contact with them."""
    body = _sent({"json": {"Name": "Ana Ruiz", "Phone": "+34611100267", called: "+34611100268"}})
    assert (body.contact.phones, body.fields) == (["+34611100267"], {called: ["+34611100268"]})


def test_35_a_recipients_email_is_the_visitors_where_there_is_nothing_else() -> None:
    body = _sent({"json": {"recipient_name": "Bo Lind", "recipient_email": "bo@example.org"}})
    assert body.contact.emails == ["bo@example.org"]


def test_a_form_in_kazakh_has_who_and_what() -> None:
    body = _sent({"json": {"Аты-жөніңіз": "Айгүл Нұр", "Телефон нөміріңіз": "8 701 000 02 01", "Хабарлама": "Есік"}})
    assert isinstance(body, SubmitForm)
    assert (full_name(body.contact), body.contact.phones, body.comment) == ("Айгүл Нұр", ["8 701 000 02 01"], "Есік")
    for thing in ("Өнім аты", "Мектеп аты", "Ұйымның аты"):
        other = _sent({"json": {thing: "Есік", "phone": "8 701 000 02 01"}})
        assert full_name(other.contact) == ""


@pytest.mark.parametrize(
    ("childs", "own"),
    [
        ("Баланың аты-жөні", "Ата-ананың аты-жөні"),
        ("Балаңыздың есімі", "Сіздің есіміңіз"),
        ("Bolangizning ismi", "Ota-onaning ismi"),
        ("Farzandingiz ismi", "Sizning ismingiz"),
        ("Nome da criança", "Nome do responsável"),
        ("Nome da sua filha", "Nome da mãe"),
        ("Nombre del niño", "Nombre de la madre"),
        ("Nombre de su hija", "Nombre del padre"),
        ("Kid's name", "Parent's name"),
        ("baby_name", "parent_name"),
        ("Имя малыша", "Имя мамы"),
        ("Имя ребёнка", "Имя родителя ребёнка"),
        ("Nome da criança", "Nome do responsável pela criança"),
        ("Баланың аты", "Есіміңіз қалай?"),
        ("Імʼя малюка", "Імʼя мами"),
    ],
)
def test_the_name_of_a_child_is_not_the_visitors(childs: str, own: str) -> None:
    """A school's contacts were its pupils, in other languages than Russian and English, and who had written was a
    field."""
    names = {childs: "Leo Ruiz", own: "Ana Ruiz"}
    for sent in (names, dict(reversed(names.items()))):
        body = _sent({"json": {**sent, "phone": "+34 611 10 01 45"}})
        assert (full_name(body.contact), body.fields) == ("Ana Ruiz", {childs: ["Leo Ruiz"]})


def test_the_marks_of_the_page_that_php_calls_http_referer_are_those_of_the_visit() -> None:
    page = "https://okna.example/?utm_source=ya&utm_campaign=doors"
    body = _sent({"form": {"name": "Ana", "phone": "+34 611 10 01 45", "HTTP_REFERER": page}})
    assert isinstance(body, SubmitForm)
    assert (body.form.page, body.tracking) == (page, {"utm_source": "ya", "utm_campaign": "doors"})


@pytest.mark.parametrize(
    "call",
    [
        {"trunkNum": "+380440000099", "otherLegs": [{"id": 1, "name": None, "num": "+380671000145"}]},  # Phonet's
        {"dst": "+380440000099", "src": "+380671000145", "event": "call_completed"},
        {"src": "101", "dst": "+380671000145"},  # from us
    ],
)
def test_the_trunk_or_line_that_was_called_is_nobodys_who_calls(call: dict[str, Any]) -> None:
    """All who called were one person."""
    assert _sent({"json": call}).contact.phones == ["+380671000145"]


def test_what_proves_the_sender_stands_in_no_note() -> None:
    """A relay's token lets whoever reads it write for the company."""
    told = {
        "secret": "s-1",
        "api_token": "s-2",
        "apiKey": "s-3",
        "accessToken": "s-4",
        "auth": {"application_token": "s-5"},
        "API key": "asked",
        "token": "9",
    }
    body = _sent({"json": {"email": "t45@example.org", **told}})
    assert body.fields == {"API key": ["asked"], "token": ["9"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("thrivecart_secret", "GLASS"),  # what its owner has chosen; all of its notices bring it
        ("hottok", "1167719"),  # Hotmart
        ("token", "OoXyFUNCrSUjf5Xf80d5ZHbgGEwwvFUFKE9"),  # Ticto, Mailgun
        ("auth", "a1b2c3d4e5f60718293a4b5c6d7e8f90"),  # UniSender
        ("key", "d41d8cd98f00b204e9800998ecf8427e"),  # PayKeeper
        ("sha1_hash", "8693ddf402fe5dcc4c4744d466cabada2628148c"),  # YooMoney
        ("pg_sig", "a7c8e2e1fe9b85c7d9c6f0a77b91e0ee"),  # Freedom Pay
        ("verify_sign", "AtkOfCXbDm2hu0ZELryHFjY-Vb7PAUvS6nMXgysbElEn9v-1XcmSoGtf"),  # PayPal
        ("merchantSignature", "b95932786cbe243a76b014846b63fe92"),  # WayForPay
        ("checksum", "DBBE9E54D42072D8CAF32C7F660DEB82086A25C14FD813888E231A99E1220AB3"),  # Sberbank
        ("csrfmiddlewaretoken", "Tk5mWqX8sTr2bEJ0gqYzS1v3NnDqCkQw"),  # Django
        ("g-recaptcha-response", "03AGdBq25SxXT-pmSeBXjzScW-EiocHwwpwqtk1QXlJnGnUJCZrgjwLLdt7cb0"),
        ("password", "qwerty"),  # of whoever registers
        ("user_pass", "qwerty"),  # WordPress
        ("passwordConfirmation", "qwerty"),
        ("cf-turnstile-response", "0.bP5dNMqO2x3yLx7qS-1wVnK8cZ.abc9Q"),
    ],
)
def test_what_programs_call_a_secret_or_a_proof_stands_in_no_note(name: str, value: str) -> None:
    person = {"email": "t45@example.org", "comment": "a door"}
    for inner in ({name: value}, {"info": {name: value}}):
        body = _sent({"json": {**person, **inner}})
        assert (body.contact.email, body.fields) == ("t45@example.org", {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signature", "Ana Ruiz"),
        ("signature", "6554bc9a1b2c38.12345678.png"),  # Gravity Forms
        ("signature", "https://glass.example/files/signature1.png"),
        ("signature", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA"),
        ("license_key", "ABCD1-EFGH2-IJKL3-MNOP4"),
        ("design", "loft2026withmirrors1and2"),
        ("key", "blue"),
        ("token", "9"),
        ("captcha", "7"),
    ],
)
def test_what_somebody_may_have_written_is_theirs(name: str, value: str) -> None:
    assert _sent({"json": {"email": "t45@example.org", name: value}}).fields == {name: [value]}


ANA = {"email": "t45@example.org", "merges": {"EMAIL": "t45@example.org", "FNAME": "Ana"}}
MAILINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "mailchimp": (
        {"type": "unsubscribe", "fired_at": "2026-11-30 21:40:57", "data": {"action": "unsub", **ANA}},
        {"type": "subscribe"},
    ),
    "activecampaign": (
        {"type": "unsubscribe", "date_time": "2026-11-30T10:00:00-03:00", "initiated_from": "admin", "contact": ANA},
        {"type": "subscribe"},
    ),
    "brevo": (
        {"event": "unsubscribed", "email": ANA["email"], "camp_id": 5, "ts_event": 2},
        {"event": "contact_added"},
    ),
    "mailerlite": (
        {"event": "subscriber.unsubscribed", "account_id": 5, "email": ANA["email"], "fields": {"name": "Ana"}},
        {"event": "subscriber.created"},
    ),
    "getresponse": (
        {"type": "unsubscribe", "contact": ANA, "campaign": {"name": "news"}, "account": {"accountId": "V"}},
        {"type": "subscribe"},
    ),
    "sendpulse": (
        {"event": "open", "email": ANA["email"], "timestamp": 1496827872, "task_id": "9"},
        {"event": "new_emails"},
    ),
    "sendgrid": (
        {"event": "delivered", "email": ANA["email"], "timestamp": 1513299569, "sg_event_id": "ZGVsaXZlcmVk"},
        {"event": "lead"},
    ),
    "unisender": (
        {
            "auth": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
            "events_by_user": [
                {"Events": [{"event_name": "email_status", "event_data": {**ANA, "status": "ok_read"}}]},
            ],
        },
        {"events_by_user": [{"Events": [{"event_name": "subscribe", "event_data": ANA}]}]},
    ),
}


@pytest.mark.parametrize("service", MAILINGS)
def test_what_became_of_a_mail_is_no_form_and_a_subscription_is_one(service: str) -> None:
    """A deal was made of each who had unsubscribed: a service tells of both by one address."""
    news, subscription = MAILINGS[service]
    told = _received({"json": news})
    assert told.is_test
    assert "mailing" in told.reason.template
    offer = {"event": "offer.accepted", "account_id": 5, "email": "t45@example.org"}
    for other in (offer, news | subscription, {"type": "unsubscribe", "event": "open", "comment": "please", **ANA}):
        read = _received({"json": other})
        assert not read.is_test
        assert read.body.contact.emails == ["t45@example.org"]
