"""What a name of a field says in the languages of our users: English, Russian, Ukrainian, Uzbek, Spanish, Portuguese;
and of Kazakh, in which sites of Kazakhstan have to be as well, whose name it is and what was written.

Whole names mean what they say whatever is written there; words within a name only where the value looks like it.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Final, Literal, TypeVar

T = TypeVar("T")

Meaning = Literal[
    "name",
    "first_name",
    "last_name",
    "phone",
    "email",
    "comment",
    "form",
    "page",
    "referrer",
    "visit",
    "field",
    "nothing",
]

_APOSTROPHES: Final = re.compile("['‘’ʼʻ`]")
_WHOLE: Final[dict[Meaning, str]] = {
    "name": "name your-name full-name fullname fio ваше-имя имя фио імʼя ваше-імʼя nombre nome ism"
    " аты атыңыз есімі есіміңіз аты-жөні аты-жөніңіз",
    "first_name": "first-name firstname fname mf-listing-fname",  # the last one as MetForm calls it
    "last_name": "last-name lastname lname mf-listing-lname surname фамилия прізвище apellido sobrenome familiya"
    " тегі тегіңіз",
    "phone": "phone your-phone your-tel tel telephone телефон номер-телефона telefono telefone telefon mobile"
    " caller callerid caller-id callerphone caller-phone caller-number callernumber",
    "email": "email e-mail your-email mail почта e-mail-адрес пошта correo pochta",
    "comment": "comment comments message your-message textarea"
    " сообщение комментарий повідомлення коментар mensaje mensagem xabar хабарлама",
    "form": "form formname form-name formtitle form-title quizname quiz-name",
    "page": "page page-url pageurl referer http-referer url href",
    "referrer": "referrer",
}


def _plain(name: str) -> str:
    """In small letters, without accents, with one hyphen for what stands between words."""
    text = unicodedata.normalize("NFKD", name.strip().lower().rstrip("*:").strip())
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    return re.sub(r"[\s_\-]+", "-", _APOSTROPHES.sub("ʼ", text))


def _plains(words: str) -> frozenset[str]:
    return frozenset(map(_plain, words.split()))


_MEANING: Final = {_plain(word): meaning for meaning, words in _WHOLE.items() for word in words.split()}

# Parts of words; where a whole word is meant it stands in the second list.
_PHONE: Final = (
    "phone telef телеф whatsapp watsap ватсап вотсап вацап viber вайбер celular мобил мобіл mobil рақам сотов"
)
_PHONE_WORDS: Final = _plains(
    "tel тел cell cel gsm моб mob fone tlf movil raqam raqami raqamingiz raqamiz telegram-phone msisdn"
)
_EMAIL: Final = "mail почт пошт pochta correo имейл мейл"
_NAME_WORDS: Final = _plains(
    "name имя имени фио fio nombre nome ism ismi ismingiz ismi-sharif імʼя імені зовут звать звати llama llamas chama"
    " chamas обращаться звертатися аты атыңыз есімі есіміңіз жөні жөніңіз"
)
_FIRST_WORDS: Final = _plains("firstname fname")
_OF_FIRST: Final = _plains("first given primer")  # beside a word for name
_OF_LAST: Final = _plains("last family ultimo")
_OF_MIDDLE: Final = "middle"
_LAST_WORDS: Final = _plains(
    "surname lastname lname фамилия фамилию прізвище apellido apellidos sobrenome familiya familiyangiz тегі тегіңіз"
)
_PERSON_WORDS: Final = _plains(
    "your client customer user person contact contacts buyer guest visitor billing payer sender ваше ваш вашего"
    " вас клиент клиента заказчик заказчика покупатель покупателя контакт контактное гость гостя ваші клієнт"
    " клієнта su tu cliente comprador seu sua mijoz sizning full complete полное имя completo"
    " profile merges"  # as Eventbrite and Mailchimp call who they write of
)
# What somebody has a name, or a phone, beside.
_NOT_A_NAME: Final = (
    "compan компан фирм организац предприят form форм file файл product produ товар domain домен site сайт page"
    " host project проект brand бренд city город міст street улиц вулиц school школ course курс service servi"
    " услуг послуг tariff тариф plan item sku campaign source utm event событ поді group групп list field category"
    " категор model модел pet питом empresa business biznes kompaniya korxona archiv nick"
    " login логин method метод delivery достав payment оплат option variant status state country стран type step"
    " bank банк banco issuer channel канал trunk"
    " button quiz title template scenario сценар agent питання вопрос question notification"
    " ad ads adset adgroup anuncio conjunto объявлен creative tree queue widget виджет pipeline воронк funnel funil"
    " embudo workflow tag shipping shipment envio өнім тауар қызмет"
    " мекте ұйым мекем дүкен"
)
# A child has another name than who writes about them; who is named as theirs has their own.
_CHILD: Final = (
    "child kid kids kid's baby toddler daughter ребен малыш дочер дочк дитин малюк доньк бала farzand bola"
    " hijo hija nino nina bebe filh crianca"
)
_PARENT: Final = (
    "parent guardian mother father mom mum dad родител мама мамы мать матери папа папы отец отца опекун"
    " батьк мати мами тата опікун анан анас onan onas otas padre madre tutor apoderad mae pai responsav"
)
_NOT_A_PHONE: Final = _plains(
    "model модель модели тип type id code код country страна brand марка бренд verified время time modelo marca tipo"
)
# A number that says it is something else.
_OTHER_NUMBER: Final = (
    "order заказ замовл pedido buyurtma contract договор догов contrato shartnoma inn инн іпн стир stir ogrn огрн"
    " kpp кпп снилс snils паспорт passport pasaporte passaporte pasport серия серії card карт tarjeta cartao karta"
    " date дата fecha data sana год year рожд birth счет рахун account cuenta hisob invoice acct фактур артикул sku"
    " цена price precio preco narx sum сумм amount total итог вартість стоимост cost бюджет budget индекс індекс"
    " zip postal postcode cep площад area размер size tamano tamanho метр meter вес weight peso время time hora"
    " код code codigo kod vin серийн serial track трек bik бик iban рс р/с кадастр полис policy document документ"
    " dni cpf cnpj rg ean gtin barcode штрих timestamp created updated submitted ip user-agent quantity колич"
    " кільк cantidad quantidade soni version верс utm uid client-id clid id tranid промокод promo pin tax налог"
    " ticket билет rating оценк score балл lat lon gps координат дом дома кода квартир кв этаж"
)
# People of the company's own: their phones stand beside the visitor's in what chats and call-backs send, and would make
# one person of all visitors.
_STAFF: Final = (
    "manager менеджер agent агент operator оператор employee сотрудник співробітник staff courier курьер кур'єр seller"
    " продавец продавц продавець consultant консультант admin админ адмін agente vendedor atendente gerente operador"
    " empleado funcionario menejer xodim sotuvchi support helpdesk поддержк підтримк soporte suporte"
)
# The same, where the beginning of a word says too little: "asesoría" is what is asked for.
_STAFF_WORDS: Final = _plains(
    "asesor asesora asesores consultor consultora consultores corretor corretora corretores assessor assessora"
    " ejecutivo ejecutiva recepcionista secretaria promotor promotora representante gestor gestora vendedoras"
    " advisor adviser salesperson salesman salesrep realtor broker receptionist assignee"
    " риелтор риелтора риэлтор риэлтора брокер брокера советник советника рієлтор рієлтора ріелтор радник радника"
    " maslahatchi maslahatchisi mutaxassis mutaxassisi rieltor rieltori kuryer kuryeri masʼul boshqaruvchi"
    " cc bcc"
)
# What holds the company's own phone and e-mail in what programs send (`location: {name, phone, email}`): of all who
# leave their names there they would make one person.
_COMPANYS: Final = _plains(
    "shop shops store stores site sites owner owners location locations branch branches office offices outlet outlets"
    " salon salons clinic clinics facility facilities restaurant warehouse dealership franchise"
    " hotel hotels hostel school schools academy studio studios gym gyms center centers centre centres venue venues"
    " hospital pharmacy showroom department departments city region"
    " магазин магазины сайт филиал филиалы офис офисы салон салоны клиника клиники ресторан склад владелец"
    " отель гостиница школа академия студия центр больница аптека отделение город регион"
    " філія філії клініка tienda tiendas sucursal sucursales oficina oficinas loja lojas unidade filial filiais"
    " escritorio clinica clinicas restaurante escuela escola academia gimnasio hospital pousada centro sede sedes"
    " ciudad cidade inmobiliaria imobiliaria concesionaria concessionaria doʼkon filiali ofis klinika maktab markaz"
)
# What somebody asks for. Whom to write about it stands within, as the site has it (`tour: {title, email}`).
_THINGS: Final = _plains(
    "tour tours trip trips excursion excursions cruise room rooms product products event events course courses class"
    " lesson webinar workshop masterclass property listing listings apartment apartments flat villa"
    " house car vehicle vacancy job service services concert show exhibition conference retreat"
    " camp project residence building"
    " тур туры экскурсия круиз комната товар товары продукт событие мероприятие курс курсы занятие урок вебинар семинар"
    " объект квартира апартаменты вилла дом автомобиль машина вакансия услуга услуги концерт выставка конференция"
    " лагерь проект жк подія захід кімната послуга екскурсія помешкання"
    " viaje excursiones habitacion producto productos evento eventos curso cursos clase taller propiedad inmueble"
    " departamento vivienda coche vehiculo vacante servicio servicios proyecto"
    " passeio viagem quarto produto produtos aula oficina imovel imoveis apartamento veiculo vaga servico servicos"
    " projeto sayohat xona mahsulot tadbir kurs xizmat loyiha kvartira"
)
# In a name, as programs call it: `clinic_phone`. A person has an office and a line in the city, too, and may own what
# the company looks after.
_PLACES: Final = _COMPANYS - _plains(
    "office offices офис офисы oficina oficinas escritorio ofis owner owners владелец city город ciudad cidade"
)
# Where a form is to be mailed, as its page tells the program that mails it (FormMail, EmailJS), and to which line
# of the company's a message was written.
_MAIL_HEADERS: Final = _plains(
    "recipient recipients to-email email-to mail-to mailto send-to sendto to to-number to-phone to-phone-number"
    " display-phone-number кому"
)
_MOST_WORDS: Final = 4  # of such a name
# Who has written a message, as messengers say it; a page may say by these from where a visitor came.
_SENDERS: Final = _plains("from from-number from-phone from-phone-number wa-id waid")
# Where they are spoken of to the visitor, it is the visitor's own: "Ваш телефон (менеджер перезвонит)", "Телефон для
# курьера". "Телефон вашего менеджера" is the manager's.
_YOUR: Final = _plains(
    "your ваш ваша ваше ваши вашу вашего вашему вашим вашей ваших ваші вашої su sus tu tus seu sua seus suas sizning"
)
_YOU: Final = _plains(
    "you me my will can should вы вас вам вами ви тебе тебя мне мой моя моё usted te le voce lhe siz sizga"
)
_TO_YOU: Final = (  # how words begin
    "перезвон позвон свяж связать напиш написать набер пришл обрати уточн подтверд проконсульт сможет ответит помож"
    " передзвон зателефон подзвон звʼяж звʼяза надішл зможе підтверд"
    " llamar contactar comunicar escrib enviar ligar retorn entrar contatar qilad boglan bogʼlan"
)
_YOUR_UZBEK: Final = "ingiz"  # raqamingiz: your number
_FOR: Final = _plains("for with для с со з із para con com")
_ARTICLES: Final = _plains(
    "the a an our el la los las un una o os um uma наш нашего нашему нашим нашей наша нашого"
    " nuestro nuestra nosso nossa personal личный личного персональный персонального"
)
# Somebody beside the visitor: what is theirs counts where the visitor has none.
_BESIDE: Final = _plains(
    "friend friends emergency spouse guarantor referral referred"
    " host hosts user users userprimaryemail organizer organiser memberships membership"
    " guest guests companion companions"
    " recipient recipients receiver addressee consignee"
    " друга другу друзей подруги подруге адресат адресата экстренный экстренной экстренного экстренных"
    " гости гостей спутник спутника спутники спутников попутчик попутчика mehmonlar hamroh"
    " acompanante acompanantes convidado convidados invitado invitados"
    " родственник родственника супруга супруги супругу поручитель поручителя именинника ребёнка"
    " отримувач отримувача екстрений родича дитини"
    " destinatario destinataria amigo amiga emergencia familiar familiares fiador aval indicado referido"
    " doʼst doʼsti doʼstingiz qiluvchi"
)
# The company's own line or mailbox, and those of whoever sells for it: they count where the visitor can be reached in
# no way. One that all have who write by their phones alone, or buy from one partner, would make one person of them.
_LINES: Final = _plains(
    "merchant shop store site virtual called callee line trunk did dst dialed dialled tracking tracked our"
    " redirect redirected substituted calltracking connected channel bot instance tienda loja"
    " магазина сайта виртуальный линии подменный подменного канала бота"
    " partner partners affiliate affiliates aff producer producers coproducer commission commissions"
    " afiliado afiliada parceiro parceira produtor produtora coprodutor comissao comissoes"
    " партнёр партнёра партнёру партнёром"
)
# The same as programs call it; people read of their own: "Teléfono del responsable" is a parent's.
_AS_PROGRAMS_SAY: Final = _plains("notify notification notifications owner owners responsible destination destino")
# Who has made a row, as sheets and tables call them; of the company, too, though a name alone says no more.
_MADE_BY: Final = _plains(
    "created-by createdby added-by addedby updated-by updatedby modified-by modifiedby edited-by editedby"
    " last-modified-by lastmodifiedby last-updated-by lastupdatedby"
    " creado-por agregado-por modificado-por criado-por adicionado-por кем-создано создано-кем кто-создал ким-створено"
)
# And who is to see to it. "Телефон ответственного" may be that of whoever has written.
_HANDLERS: Final = _plains(
    "responsible assigned-to assignedto handler handled-by encargado responsable responsavel"
    " ответственный исполнитель куратор відповідальний виконавець"
)
# At whom somebody has booked, as programs call them.
_PROVIDERS: Final = _plains(
    "doctor doctora medico medica master specialist especialista provider practitioner therapist trainer teacher"
    " instructor coach"
)
_RECIPIENT: Final = "получател"
_CUSTOMER: Final = _plain("заказчик")  # a person, and no order
_WEAK_PHONE: Final = _plains(
    "номер number numero nomer raqam контакт контакты contact contacto contato aloqa звʼязок связь связи"
)


def _stems(words: str, *, within: bool = False) -> re.Pattern[str]:
    """Of words that are joined by blanks; a short stem is a whole word. `within`: also in the middle of one."""
    stems = list(map(_plain, words.split()))
    if within:
        return re.compile("|".join(stems))
    return re.compile(f"(?:^| )(?:{'|'.join(one if len(one) > 3 else f'{one}(?: |$)' for one in stems)})")


_LOOKED_AT: Final = 300  # letters of a name
_IS_PHONE: Final = _stems(_PHONE, within=True)
_IS_EMAIL: Final = _stems(_EMAIL, within=True)
_IS_NO_NAME: Final = _stems(_NOT_A_NAME)
_IS_CHILD: Final = _stems(_CHILD)
_IS_PARENT: Final = _stems(_PARENT)
_IS_ANOTHER: Final = _stems(_OTHER_NUMBER)
_IS_STAFF: Final = _stems(_STAFF)
_IS_TO_YOU: Final = _stems(_TO_YOU)


def _remembered(tell: Callable[[str], T]) -> Callable[[str], T]:
    """By the part of the name that is looked at: strangers choose names, and a megabyte each would fill the memory."""
    known = lru_cache(maxsize=2048)(tell)

    @wraps(tell)
    def told(name: str) -> T:
        return known(name[:_LOOKED_AT])

    return told


@_remembered
def words(name: str) -> tuple[str, ...]:
    """In small letters, without accents and figures: `clientPhone1` is client, phone."""
    split = re.sub(r"(?<=[a-zа-яёіїєґ])(?=[A-ZА-ЯЁІЇЄҐ])", " ", name)
    written = _plain(split)
    if split != name:  # WhatsApp is one word as well
        written += f" {_plain(name)}"
    return tuple(re.findall(r"[^\W\d_]+(?:ʼ[^\W\d_]+)*", written))


@_remembered
def whole(name: str) -> Meaning | None:
    """What a name as a whole says."""
    return _MEANING.get(_plain(name[:100]))


@_remembered
def says_phone(name: str) -> bool:
    """A number that says it is something else, as "Buyurtma raqami", needs the word itself."""
    found = words(name)
    says = _IS_PHONE.search(" ".join(found)) is not None or (
        not _PHONE_WORDS.isdisjoint(found) and not says_another_number(name)
    )
    return says and _NOT_A_PHONE.isdisjoint(found)


@_remembered
def says_email(name: str) -> bool:
    return _IS_EMAIL.search(" ".join(words(name))) is not None


@_remembered
def says_another_number(name: str) -> bool:
    return _IS_ANOTHER.search(" ".join(word for word in words(name) if not word.startswith(_CUSTOMER))) is not None


@_remembered
def may_be_phone(name: str) -> bool:
    """Where nothing else is one: "Номер для связи"."""
    return not _WEAK_PHONE.isdisjoint(words(name))


@_remembered
def says_name(name: str) -> Meaning | None:
    """The person's name, or a part of it."""
    found = frozenset(words(name))
    has_name, is_first, is_last = (bool(found & one) for one in (_NAME_WORDS, _FIRST_WORDS, _LAST_WORDS))
    if not (has_name or is_first or is_last):
        return None
    said = " ".join(words(name))
    if _IS_NO_NAME.search(said) or (_IS_CHILD.search(said) and not _IS_PARENT.search(said)):
        return None
    if says_another_number(name) or _is_of_place(name):
        return None
    is_first = is_first or (has_name and bool(found & _OF_FIRST))
    is_named_last = has_name and bool(found & _OF_LAST)
    if _OF_MIDDLE in found and not (is_first or is_last or is_named_last):
        return None
    if is_first or is_named_last:
        return "name" if is_first and (is_last or is_named_last) else "first_name" if is_first else "last_name"
    if is_last and not has_name:
        return "last_name"
    return "name" if has_name else None  # "Имя и фамилия" is all of it


@_remembered
def is_of_person(name: str) -> bool:
    """Whether a container, such as `client`, holds a person's values."""
    return not _PERSON_WORDS.isdisjoint(words(name))


@_remembered
def is_of_another(name: str) -> bool:
    """Whether it is somebody's beside the visitor, where the visitor is named, too: "Телефон друга", `organizer`. What
    names the company's own line and asks the visitor may be either: "Which line did you call?"."""
    return any(word in _BESIDE or word in _LINES or word.startswith(_RECIPIENT) for word in words(name))


@_remembered
def is_of_line(name: str) -> bool:
    """Whether it is the company's own, where the visitor can be reached: `channel_phone`, "Виртуальный номер"; not what
    the visitor is asked for it: "Phone number so our team can call you", "Телефон для сайта", and, as Facebook names
    its questions, "whatsapp_para_falar_com_um_especialista"."""
    parts = name.split(" › ")
    if _plain(parts[-1]) in _HANDLERS or not _MADE_BY.isdisjoint(map(_plain, parts)):
        return True
    as_programs = [part for part in parts if " " not in part]
    if any(not _AS_PROGRAMS_SAY.isdisjoint(words(part)) for part in as_programs):
        return True
    if _is_ours(words(name), _LINES) or any(_is_ours(words(part), _PROVIDERS) for part in as_programs):
        return True
    own = name.rpartition(" › ")[2]
    return " " not in own and _is_of_place(own)


def _is_of_place(name: str) -> bool:
    """Not of who comes there: `hotel_guest_phone`."""
    return _is_ours(words(name), _PLACES) and not is_of_person(name)


def _is_ours(found: Sequence[str], ours: frozenset[str]) -> bool:
    place = next((place for place, word in enumerate(found) if word in ours), None)
    return place is not None and not any(map(_is_to_visitor, found)) and _FOR.isdisjoint(found[:place])


@_remembered
def is_of_company(name: str) -> bool:
    """Whether a container, such as `location`, holds the company's own phone and e-mail."""
    return not _COMPANYS.isdisjoint(words(name))


@_remembered
def is_thing(name: str) -> bool:
    """Whether a container, such as `tour`, holds what is known of a thing that is asked for."""
    return _plain(name) in _THINGS


@_remembered
def is_mail_header(name: str) -> bool:
    """To whom something is sent; also as programs name it: `toEmail`, `ToFull`, `form_email_to`. What people read may
    begin so as well (also in one word, as Facebook makes names of questions), and who is replied to is somebody else.
    """
    if _plain(name) in _MAIL_HEADERS:
        return True
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", _APOSTROPHES.sub("ʼ", name.strip()))
    parts = re.findall(r"[^\W\d_]+|\s", split.lower())
    if " " in parts or len(parts) > _MOST_WORDS or parts[:2] == ["to", "liq"]:  # Uzbek's to'liq is one word
        return False
    return parts[:1] == ["to"] or (parts[-1:] == ["to"] and parts[-2:-1] != ["reply"])


@_remembered
def is_sender(name: str) -> bool:
    return _plain(name) in _SENDERS


@_remembered
def is_of_staff(name: str) -> bool:
    """Whether it speaks of somebody of the company: `manager_phone`, "Телефон оператора"; not to the visitor."""
    if _IS_STAFF.search(" ".join(words(name))) is None and _STAFF_WORDS.isdisjoint(words(name)):
        return False
    found = [word for word in words(name) if word not in _ARTICLES]
    before = ["", *found]
    staff = {place for place, word in enumerate(found) if word in _STAFF_WORDS or _IS_STAFF.search(word)}
    if any(before[place] in _FOR for place in staff):
        return False
    others = [(place, word) for place, word in enumerate(found) if place not in staff]
    return not any(_is_to_visitor(word) and not (_is_your(word) and place + 1 in staff) for place, word in others)


def _is_to_visitor(word: str) -> bool:
    return word in _YOU or _is_your(word) or _IS_TO_YOU.search(word) is not None


def _is_your(word: str) -> bool:
    return word in _YOUR or word.endswith(_YOUR_UZBEK)
