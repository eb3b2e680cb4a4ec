"""The words of which names of fields are made, in the languages of our users: English, Russian, Ukrainian, Uzbek,
Spanish, Portuguese; and of Kazakh, in which sites of Kazakhstan have to be as well, whose name it is and what was
written. What a name says with them is read by :mod:`features.submissions.field_names`.
"""

import re
import unicodedata
from typing import Final, Literal

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

APOSTROPHES: Final = re.compile("['‘’ʼʻ`]")
# Surname, name and patronymic by their first letters. With points, "F.I.SH." is no fish.
_INITIALS: Final = re.compile(r"(?<!\w)(?:ф\. ?и\. ?[ош]|п\. ?[іi]\. ?б|f\. ?i\. ?(?:o|sh)|т\. ?а\. ?ә)(?!\w)\.?")
_WHOLE: Final[dict[Meaning, str]] = {
    "name": "name your-name full-name fullname fio ваше-имя имя фио imya імʼя ваше-імʼя піб nombre nombres nome ism исм"
    " аты атыңыз есім есімі есіміңіз аты-жөні аты-жөніңіз таә",
    "first_name": "first-name firstname forename fname mf-listing-fname",  # the last one as MetForm calls it
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


def plain(name: str) -> str:
    """In small letters, without accents, with one hyphen for what stands between words."""
    text = unicodedata.normalize("NFKD", name.strip().lower().rstrip("*:").strip())
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    return re.sub(r"[\s_\-]+", "-", APOSTROPHES.sub("ʼ", _INITIALS.sub("fio", text)))


def _plains(words: str) -> frozenset[str]:
    return frozenset(map(plain, words.split()))


MEANING: Final = {plain(word): meaning for meaning, words in _WHOLE.items() for word in words.split()}

# Parts of words; where a whole word is meant it stands in the second list.
PHONE: Final = (
    "phone telef телеф whatsapp watsap ватсап вотсап вацап viber вайбер celular мобил мобіл mobil рақам сотов"
)
PHONE_WORDS: Final = _plains(
    "tel тел cell cel gsm моб mob fone tlf movil raqam raqami raqamingiz raqamiz telegram-phone msisdn"
)
EMAIL: Final = "mail почт пошт pochta correo имейл мейл"
NAME_WORDS: Final = _plains(
    "name имя имени фио fio imya nombre nombres nome ism ismi ismingiz ismi-sharif исм исми исмингиз фиш імʼя імені піб"
    " зовут звать звати llama llamas chama chamas обращаться звертатися звертатись представьтесь"
    " аты атыңыз есім есімі есіміңіз жөні жөніңіз таә"
)
# Whom a company's form asks for; where the visitor has a name of their own, it is somebody else.
CONTACT_PERSONS: Final = _plains("contact-person контактное-лицо контактна-особа persona-de-contacto pessoa-de-contato")
FIRST_WORDS: Final = _plains("firstname forename fname")
OF_FIRST: Final = _plains("first given primer")  # beside a word for name
OF_LAST: Final = _plains("last family ultimo")
OF_MIDDLE: Final = "middle"
LAST_WORDS: Final = _plains(
    "surname lastname lname фамилия фамилию фамилиясы фамилияңыз"
    " прізвище apellido apellidos sobrenome familiya familiyangiz тегі тегіңіз"
)
PERSON_WORDS: Final = _plains(
    "your client customer user person contact contacts buyer guest visitor billing payer sender ваше ваш вашего"
    " вас клиент клиента заказчик заказчика покупатель покупателя контакт контактное гость гостя ваші клієнт"
    " клієнта su tu cliente comprador seu sua mijoz sizning full complete полное имя completo"
    " profile merges"  # as Eventbrite and Mailchimp call who they write of
)
# What somebody has a name, or a phone, beside.
NOT_A_NAME: Final = (
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
CHILD: Final = (
    "child kid kids kid's baby toddler daughter ребен малыш дочер дочк дитин малюк доньк бала farzand bola"
    " hijo hija nino nina bebe filh crianca"
)
PARENT: Final = (
    "parent guardian mother father mom mum dad родител мама мамы мать матери папа папы отец отца опекун"
    " батьк мати мами тата опікун анан анас onan onas otas padre madre tutor apoderad mae pai responsav"
)
NOT_A_PHONE: Final = _plains(
    "model модель модели тип type id code код country страна brand марка бренд verified время time modelo marca tipo"
)
# A number that says it is something else.
OTHER_NUMBER: Final = (
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
# What has figures and may have a name as well: "Nombre para la reserva", "Nombre como en la cédula".
FIGURES: Final = (
    "nif nie nit ruc rut rfc nss cnh cuit cuil curp cedul contribuint matricul иин жсн бин пинфл pinfl jshshir жшшир"
    " єдрпоу едрпоу рнокпп"
)
ASKED_FOR: Final = (
    "брон booking reserva объект обʼєкт лот лота lote доход оборот выручк виручк зарплат salar revenue income turnover"
    " presupuest orcament faturament facturacion ingreso renda daromad"
)
# And by what somebody can be reached for that: "Контакт для бронирования", "Куда прислать подборку объектов?"
REACHED: Final = "контакт contact contat связ свяж звʼяз звʼяж aloqa байланыс куда куди donde onde where qayerga"
# Between "number" and that, or, as Uzbek and Kazakh have it, after that: a number for it is somebody's.
PURPOSE: Final = _plains("for to для para чтобы щоб")
POSTPOSED: Final = _plains("uchun үшін")
# People of the company's own: their phones stand beside the visitor's in what chats and call-backs send, and would make
# one person of all visitors.
STAFF: Final = (
    "manager менеджер agent агент operator оператор employee сотрудник співробітник staff courier курьер кур'єр seller"
    " продавец продавц продавець consultant консультант admin админ адмін agente vendedor atendente gerente operador"
    " empleado funcionario menejer xodim sotuvchi support helpdesk поддержк підтримк soporte suporte"
)
# The same, where the beginning of a word says too little: "asesoría" is what is asked for.
STAFF_WORDS: Final = _plains(
    "asesor asesora asesores consultor consultora consultores corretor corretora corretores assessor assessora"
    " ejecutivo ejecutiva recepcionista secretaria promotor promotora representante gestor gestora vendedoras"
    " advisor adviser salesperson salesman salesrep realtor broker receptionist assignee"
    " риелтор риелтора риэлтор риэлтора брокер брокера советник советника рієлтор рієлтора ріелтор радник радника"
    " maslahatchi maslahatchisi mutaxassis mutaxassisi rieltor rieltori kuryer kuryeri masʼul boshqaruvchi"
    " cc bcc"
)
# What holds the company's own phone and e-mail in what programs send (`location: {name, phone, email}`): of all who
# leave their names there they would make one person.
COMPANYS: Final = _plains(
    "shop shops store stores site sites owner owners location locations branch branches office offices outlet outlets"
    " salon salons clinic clinics facility facilities restaurant warehouse dealership franchise"
    " hotel hotels hostel school schools academy studio studios gym gyms center centers centre centres venue venues"
    " hospital pharmacy showroom department departments city region agency agencies brokerage developer developers"
    " магазин магазины сайт филиал филиалы офис офисы салон салоны клиника клиники ресторан склад владелец"
    " агентство застройщик забудовник агенція agencia agencias constructora construtora agentlik"
    " отель гостиница школа академия студия центр больница аптека отделение город регион"
    " філія філії клініка tienda tiendas sucursal sucursales oficina oficinas loja lojas unidade filial filiais"
    " escritorio clinica clinicas restaurante escuela escola academia gimnasio hospital pousada centro sede sedes"
    " ciudad cidade inmobiliaria imobiliaria concesionaria concessionaria doʼkon filiali ofis klinika maktab markaz"
)
# What somebody asks for. Whom to write about it stands within, as the site has it (`tour: {title, email}`).
THINGS: Final = _plains(
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
PLACES: Final = COMPANYS - _plains(
    "office offices офис офисы oficina oficinas escritorio ofis owner owners владелец city город ciudad cidade"
)
# Where a form is to be mailed, as its page tells the program that mails it (FormMail, EmailJS), and to which line
# of the company's a message was written.
MAIL_HEADERS: Final = _plains(
    "recipient recipients to-email email-to mail-to mailto send-to sendto to to-number to-phone to-phone-number"
    " display-phone-number кому"
)
# Who has written a message, as messengers say it; a page may say by these from where a visitor came.
SENDERS: Final = _plains("from from-number from-phone from-phone-number wa-id waid")
# Where they are spoken of to the visitor, it is the visitor's own: "Ваш телефон (менеджер перезвонит)", "Телефон для
# курьера". "Телефон вашего менеджера" is the manager's.
YOUR: Final = _plains(
    "your ваш ваша ваше ваши вашу вашего вашему вашим вашей ваших ваші вашої su sus tu tus seu sua seus suas sizning"
)
YOU: Final = _plains(
    "you me my will can should вы вас вам вами ви тебе тебя мне мой моя моё usted te le voce lhe siz sizga"
)
TO_YOU: Final = (  # how words begin
    "перезвон позвон свяж связать напиш написать набер пришл обрати уточн подтверд проконсульт сможет ответит помож"
    " передзвон зателефон подзвон звʼяж звʼяза надішл зможе підтверд"
    " llamar contactar comunicar escrib enviar ligar retorn entrar contatar qilad boglan bogʼlan"
)
YOUR_UZBEK: Final = "ingiz"  # raqamingiz: your number
BETWEEN: Final = _plains(
    "of s in on and full complete de do da dos das del e y en em no na completo и в на у по от полное повне і та від va"
)
# Beside a word for name, what says which of the visitor's own it is.
OF_VISITOR: Final = _plains(
    "preferred second work home whatsapp whats app telegram viber preferido preferida segundo segunda trabajo casa"
    " второе рабочее домашнее друге"
)
FOR: Final = _plains("for with для с со з із para con com")
ARTICLES: Final = _plains(
    "the a an our el la los las un una o os um uma наш нашего нашему нашим нашей наша нашого"
    " nuestro nuestra nosso nossa personal личный личного персональный персонального"
)
# Somebody beside the visitor: what is theirs counts where the visitor has none.
BESIDE: Final = _plains(
    "friend friends emergency spouse guarantor referral referred"
    " host hosts user users userprimaryemail organizer organiser memberships membership"
    " guest guests companion companions"
    " recipient recipients receiver addressee consignee shipping"
    " друга другу друзей подруги подруге адресат адресата экстренный экстренной экстренного экстренных"
    " гости гостей спутник спутника спутники спутников попутчик попутчика mehmonlar hamroh"
    " acompanante acompanantes convidado convidados invitado invitados"
    " родственник родственника супруга супруги супругу поручитель поручителя именинника ребёнка"
    " отримувач отримувача екстрений родича дитини"
    " destinatario destinataria amigo amiga emergencia familiar familiares fiador aval indicado referido"
    " doʼst doʼsti doʼstingiz qiluvchi"
    " reference references referrer wife husband жены жене мужа мужу дружини чоловіка esposa esposo marido"
    " conyuge conjuge"
    " рекомендателя рекомендовал рекомендовала рекомендовавшего пригласил пригласила пригласившего посоветовал"
    " посоветовала одержувач одержувача рекомендувача порадив порадила запросив запросила referencia referencias"
    " recomendo recomendou refirio indico indicou invito convidou tavsiya досым досыңыз досының досыңыздың"
)
# Of those, who may be the visitor as well as whom the visitor names: a site's user, whoever comes to a hotel.
USERS: Final = _plains("user users")
RECIPIENTS: Final = _plains(
    "recipient recipients receiver addressee consignee destinatario destinataria отримувач отримувача одержувача"
)
GUESTS: Final = _plains("guest guests")
# The company's own line or mailbox, and those of whoever sells for it: they count where the visitor can be reached in
# no way. One that all have who write by their phones alone, or buy from one partner, would make one person of them.
LINES: Final = _plains(
    "merchant shop store site virtual called callee line trunk did dst dialed dialled tracking tracked our"
    " redirect redirected substituted calltracking connected channel bot instance tienda loja"
    " магазина сайта виртуальный линии подменный подменного канала бота"
    " partner partners affiliate affiliates aff producer producers coproducer commission commissions"
    " afiliado afiliada parceiro parceira produtor produtora coprodutor comissao comissoes"
    " партнёр партнёра партнёру партнёром"
    " publisher publishers advertiser advertisers anunciante anunciantes"
)
# The company's own as programs call it (`company_phone`), or the visitor's employer's, which all who work there share.
ORGANIZATIONS: Final = _plains("company business organization organisation empresa kompaniya")
# The same as programs call it; people read of their own: "Teléfono del responsable" is a parent's.
AS_PROGRAMS_SAY: Final = _plains("notify notification notifications owner owners responsible destination destino")
# Who has made a row, as sheets and tables call them; of the company, too, though a name alone says no more.
MADE_BY: Final = _plains(
    "created-by createdby added-by addedby updated-by updatedby modified-by modifiedby edited-by editedby"
    " last-modified-by lastmodifiedby last-updated-by lastupdatedby"
    " creado-por agregado-por modificado-por criado-por adicionado-por кем-создано создано-кем кто-создал ким-створено"
)
# And who is to see to it. "Телефон ответственного" may be that of whoever has written.
HANDLERS: Final = _plains(
    "responsible assigned-to assignedto handler handled-by encargado responsable responsavel"
    " ответственный исполнитель куратор відповідальний виконавець"
)
# At whom somebody has booked, as programs call them.
PROVIDERS: Final = _plains(
    "doctor doctora medico medica master specialist especialista provider practitioner therapist trainer teacher"
    " instructor coach"
)
RECIPIENT: Final = "получател"
CUSTOMER: Final = plain("заказчик")  # a person, and no order
WEAK_PHONE: Final = _plains(
    "номер number numero nomer raqam контакт контакты contact contacto contato aloqa звʼязок связь связи"
)
