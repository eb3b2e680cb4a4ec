"""Named values as a submission: what is whose, and why each was taken for what it is.

The connection's own settings go first, then what a form declares (a type such as `tel`), then words in names, then,
for a phone or an e-mail where there is no other, its shape. What is left is a field, with its name: for the mapping,
and for the note.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, cast
from urllib.parse import parse_qsl

from msgspec import Struct
from msgspec.structs import asdict, replace

from features.submissions import field_names, messenger_ids, person_identity, value_looks, visitor
from features.submissions.call_adapters import LINE
from features.submissions.field_vocabulary import Meaning
from features.submissions.flattening import NamedValue
from features.submissions.form_assembler import MEMBERS, FormAssembler
from features.submissions.mapping import TRACKING_CODES
from features.submissions.model import Decision, SubmitForm, full_name
from features.submissions.settings import Submissions
from features.submissions.visitor import (
    MOST_LOOKED_AT,
    OF_ANOTHER,
    OF_COMPANY,
    OF_SOMEBODY,
    PERSON,
    SEVERAL,
    MeantValue,
)

# What names the submission itself. An event may also be one that people register for, and is shown.
IDS: Final = ("tranid", "submissionid", "entryid", "responseid", "token", "eventid")
# That, what names its form, and the builder's own state: it is no answer of anybody's.
_FURNITURE: Final = frozenset({*IDS, "formid", "cookies", "useragent", "remoteip"} - {"eventid"})
# What proves who has sent it, and may let others write for the company: so do names end (`thrivecart_secret`).
_SECRETS: Final = (
    *("secret", "secretkey", "apikey", "apitoken", "accesstoken", "refreshtoken"),
    *("authtoken", "applicationtoken", "instancetoken", "crmtoken", "hottok"),
)
# The same, and what proves that it is no robot, where nobody could have written the value: a field for the visitor's
# signature holds a name, an address or a picture.
_PROOF: Final = re.compile(
    r"(?:signature|checksum|sessid|(?:^|[_-])(?:sign|sig|hmac)|^sha1_hash|^key|^auth|(token|(?:captcha|turnstile)-response))$"
)
# What the visitor has chosen, and nobody else may read.
_PASSWORD: Final = re.compile(r"(?:password|passwd)(?:[_-]?(?:confirm|confirmation|repeat|again|\d))?$|^user_pass$")
_DIGEST: Final = re.compile(r"(?=.*\d)[A-Za-z0-9+/_-]{20,200}={0,2}")
_TOKEN: Final = re.compile(r"(?=.*\d)[A-Za-z0-9+/_.~-]{20,}={0,2}")
_TRIALS: Final = ({"test": "test"}, {"action": "submit_form"})
_VISIT: Final = frozenset({*TRACKING_CODES, "gclid", "yclid", "fbclid", "roistat", "openstat", "from"} - {"referrer"})
_OF_UTM: Final = frozenset({"source", "medium", "campaign", "content", "term"})
_JOINED: Final = re.compile(rf"utm-?({'|'.join(sorted(_OF_UTM))})")
_TYPES: Final[dict[str, Meaning]] = {
    **dict.fromkeys(("tel", "phone", "phone_number", "phonenumber", "mobile"), "phone"),
    **dict.fromkeys(("email", "e-mail", "email_address"), "email"),
    **dict.fromkeys(("name", "fullname", "full_name"), "name"),
}
_FORMS: Final = frozenset({"form", "quiz", "definition", "survey", "форма", "квиз"})
_RECIPIENTS: Final = frozenset({"recipient", "recipients"})
_PHONE: Final = re.compile(r"\+?[\d\s()./\u00a0\-\u2010-\u2015]{7,30}")
_OF_BUILDER: Final = re.compile(r"_(?!_)")
_LONGEST_ID_NAME: Final = 40


class RecognizedForm(Struct, frozen=True):
    body: SubmitForm
    decisions: list[Decision]


def understood(values: Sequence[NamedValue], settings: Submissions) -> RecognizedForm:
    """The submission, and a decision for each value, in their order."""
    sources = _sources(settings)
    found = [_decided(one, settings, sources, place < MOST_LOOKED_AT) for place, one in enumerate(values)]
    _answer_from(found)
    _hidden(found)
    visitor.choose(found)
    _by_shape(found, settings.phone_country)
    assembling = FormAssembler()
    for one in found:
        name = own = one.mapped or one.named.shown
        if one.meaning == "visit":
            name = visit_name(one.named) or one.named.name.lower()
        # A guess: what it is called may say more. And what a rule wants elsewhere is there, too.
        is_field_too = one.meaning not in ("field", "nothing") and (one.reason == "shape" or one.mapped is not None)
        asked, meaning = _question(one), one.meaning
        for text in one.named.values:
            for part in _parted(value_looks.without_chat(text)) if meaning == "phone" else [text]:
                assembling.add(meaning, name, f"{asked}: {part}" if asked and part.strip() else part)
            meaning = "field" if one.is_of_several and text.strip() else meaning
            if is_field_too:
                assembling.add("field", own, text)
    body = _with_marks_of_page(assembling.body())
    return RecognizedForm(body, [Decision(one.named.shown, one.meaning, one.reason) for one in found])


def _answer_from(found: Sequence[MeantValue]) -> None:
    """`from` beside `to` says where, or since when, and is no mark of a visit. Of a mail it is the sender's, often the
    site's own: an answer that looks so would be the visitor's e-mail."""
    beside = {one.named.path[:-1] for one in found if one.named.name.lower() == "to"}
    for one in found:
        is_from = one.meaning == "visit" and one.named.name.lower() == "from"
        if is_from and one.named.path[:-1] in beside and not value_looks.is_email(one.named):
            one.meaning, one.reason = "field", "note"


def _hidden(found: Sequence[MeantValue]) -> None:
    """The figures by which WhatsApp calls somebody who hides their phone are none beside that name (`190…@lid`)."""
    told = (messenger_ids.lid(text) for one in found[:MOST_LOOKED_AT] for text in one.named.values)
    ids = {id_.partition(":")[2].removesuffix("@lid") for id_ in told if id_}
    for one in found if ids else ():
        if one.meaning == "phone" and any(text.strip().lstrip("+") in ids for text in one.named.values):
            one.meaning, one.reason = "field", "word"


def _with_marks_of_page(body: SubmitForm) -> SubmitForm:
    """What the address of the page says of the visit, or that of the page before it, where nothing else says so."""
    marks = dict(body.tracking)
    for address in (body.form.page, body.form.referrer):
        said = {name.lower(): text for name, text in parse_qsl(_query(address)) if text and _is_mark(name.lower())}
        has_campaign = any(name.startswith("utm_") and text for name, text in marks.items())
        new = {name: text for name, text in said.items() if not (name.startswith("utm_") and has_campaign)}
        marks |= {name: text for name, text in new.items() if not marks.get(name)}
    return body if marks == body.tracking else replace(body, tracking=marks)


def _query(address: str) -> str:
    return address.partition("?")[2].partition("#")[0]


def _is_mark(name: str) -> bool:
    return name.startswith("utm_") or (name in _VISIT and name != "from")


def _question(value: MeantValue) -> str:
    """What a comment answers, where its label says more than that it is one."""
    label = value.named.label
    return label if value.meaning == "comment" and label and field_names.whole(label) != "comment" else ""


def _parted(text: str) -> list[str]:
    """Several whole phones in one value; an extension belongs to its phone."""
    parts = [part.strip() for part in re.split("[,;\n]", text) if part.strip()]
    return parts if len(parts) > 1 and all(sum(sign.isdigit() for sign in part) >= 7 for part in parts) else [text]


def with_person(body: SubmitForm, settings: Submissions) -> SubmitForm:
    """A form that a page has taken apart by itself, and whose person is among its fields (`Телефон`, `Ваше имя`): the
    same words are understood. Where it names a phone or an e-mail as such, its fields are fields."""
    if body.contact.phones or body.contact.emails or not body.fields:
        return body
    told = {name: value if isinstance(value, list) else [value] for name, value in body.fields.items()}
    texts = {name: tuple(one for one in value if isinstance(one, str)) for name, value in told.items()}
    named = [NamedValue(name, "", "", (name,), texts[name], name) for name in told if texts[name] == tuple(told[name])]
    found = [_decided(one, settings, _sources(settings)) for one in named[:MOST_LOOKED_AT] if one.values]
    visitor.choose(found)
    persons = [one for one in found if one.meaning in PERSON and one.named.name not in MEMBERS]
    if full_name(body.contact):
        persons = [one for one in persons if one.meaning in SEVERAL]
    assembling = FormAssembler()
    for one in persons:
        for text in one.named.values:
            assembling.add(one.meaning, one.named.name, text)
    made = assembling.body()
    given = {name: value for name, value in asdict(made.contact).items() if value}
    taken = {one.named.name for one in persons}
    fields = {name: value for name, value in body.fields.items() if name not in taken}
    return replace(body, contact=replace(body.contact, **given), fields=fields | made.fields)


def _spelled(value: NamedValue, sources: Iterable[str]) -> str | None:
    """The source of the settings that names this value."""
    if not sources:
        return None
    spellings = value.spellings
    return next((one for one in sources if one in spellings), None)


def _decided(value: NamedValue, settings: Submissions, sources: Sequence[str], is_looked_at: bool = True) -> MeantValue:
    """`sources`: of the mapping. What is not looked at is what the settings say, else a field."""
    source = _spelled(value, settings.meanings)
    if source is not None:
        return MeantValue(value, settings.meanings[source], "mapping", 0, _spelled(value, sources))
    found = _by_itself(value) if is_looked_at else MeantValue(value, "field", "note")
    found.mapped = _spelled(value, sources)
    wanted = [str(rule.field).lower() for rule in settings.mapping if rule.source == found.mapped]
    meaning = next((one for one in ("phone", "email") if one in wanted), None)
    if meaning is not None and found.meaning in ("field", meaning):  # a rule for the contact's own field
        return MeantValue(value, cast("Meaning", meaning), "mapping", 0)
    return (
        MeantValue(value, "field", "mapping", 0, found.mapped) if found.mapped and found.meaning == "nothing" else found
    )


def _sources(settings: Submissions) -> list[str]:
    """Of the mapping, those that name no member of ours: `phone` is the person's, however it was called."""
    return [rule.source for rule in settings.mapping if rule.source not in MEMBERS and rule.source != "external_id"]


def _by_itself(value: NamedValue) -> MeantValue:
    if visit_name(value) is not None:
        return MeantValue(value, "visit", "visit")
    if _is_furniture(value):
        return MeantValue(value, "nothing", "furniture")
    if any(map(messenger_ids.lid, value.values)):
        return MeantValue(value, "field", "note")  # whoever hides their phone has none, also where it is called so
    if _is_sender(value):
        return MeantValue(value, "phone", "word", OF_ANOTHER)
    others = _others(value.shown)
    declared = _TYPES.get(value.type)
    is_of_staff = any(map(field_names.is_of_staff, (value.label, value.name)))
    if declared is not None and not is_of_staff and value_looks.fits(declared, value, surely=True):
        return MeantValue(value, declared, "type", others or 1)
    for name in filter(None, (value.label, value.name)):
        meaning, rank = _said(name, value)
        if meaning is not None:
            return MeantValue(value, meaning, "word", others or rank if meaning in PERSON else rank)
    return MeantValue(value, "field", "note")


def _others(name: str) -> int:
    """The rank of what is not the visitor's where there is a surer one; else 0."""
    is_of_another = field_names.is_of_another(name)
    return OF_COMPANY if field_names.is_of_line(name) else OF_ANOTHER if is_of_another else 0


def _is_sender(value: NamedValue) -> bool:
    """Whose message it is: `from`, with a whole phone."""
    if not field_names.is_sender(value.name) or value.label or len(value.values) != 1:
        return False
    is_phone = _PHONE.fullmatch(value_looks.without_chat(value.values[0]).strip()) is not None
    return is_phone and value_looks.fits("phone", value, least=10)


def _said(name: str, value: NamedValue) -> tuple[Meaning | None, int]:
    around = _around(value)
    is_at_home = not _inner(value) or _is_of_person(value)
    if any(map(field_names.is_of_staff, (name, *around))):
        return None, 9
    if _is_addressed(value, name) and not _is_of_recipient(value, name):
        return None, 9
    whole = field_names.whole(name)
    # HubSpot's contact: other people's `properties` may be anything's, and only these words are a person's for sure.
    is_at_home = is_at_home or (around[-1:] == ["properties"] and whole in ("first_name", "last_name"))
    if name.lower() in ("name", "title") and around and around[-1].lower() in _FORMS:
        return "form", 3
    if whole in ("phone", "email"):
        if is_at_home:
            return whole, 2
        return (whole, OF_SOMEBODY) if value_looks.fits(whole, value) and not _is_others(around) else (None, 9)
    if whole is not None and (is_at_home or whole in ("form", "page", "referrer")):
        return whole, 2
    if _is_others(around):
        return None, 9
    says_phone, says_email = field_names.says_phone(name), field_names.says_email(name)
    rank = 3 if is_at_home else OF_SOMEBODY
    if says_email and value_looks.fits("email", value):
        return "email", rank
    if says_phone and value_looks.fits("phone", value, least=10 if field_names.says_another_number(name) else 5):
        return "phone", rank
    part = field_names.says_name(name)
    if part is not None and value_looks.fits("name", value) and (is_at_home or field_names.is_of_person(name)):
        return part, 3 if _is_of_person(value) or field_names.is_of_person(name) else 4
    return None, 9


def _is_addressed(value: NamedValue, name: str) -> bool:
    """To whom it is sent, as mailboxes and relays tell it: `to`, `ToFull › 1 › Email`; which line was called, as
    adapters know it."""
    return value.name.startswith(LINE) or any(map(field_names.is_mail_header, (name, *_around(value))))


def _is_of_recipient(value: NamedValue, name: str) -> bool:
    """Of somebody of an order, who may be the visitor: `recipient: {name, phone}`."""
    is_person = field_names.whole(name) in PERSON and not value.name.startswith(LINE)
    return is_person and any(one.lower() in _RECIPIENTS for one in _around(value)[-1:])


def _around(value: NamedValue) -> list[str]:
    return [one for one in value.path[:-1] if isinstance(one, str) and one]


def _is_of_person(value: NamedValue) -> bool:
    """Within something that is a person's: `client › number`."""
    return any(map(field_names.is_of_person, _around(value)[-1:]))


def _inner(value: NamedValue) -> bool:
    """Within something that is named: `payment › delivery › name` is nobody's name."""
    return " › " in value.shown


def _is_others(around: list[str]) -> bool:
    """Whose phone or name it is, where it is not the visitor's for sure."""
    return any(field_names.is_of_company(one) or "company" in field_names.words(one) for one in around)


def _is_companys(value: NamedValue) -> bool:
    """Of somebody of the company, or of the company itself, however much it looks like a visitor's."""
    is_ours = any(map(field_names.is_of_company, _around(value))) and not _is_of_person(value)
    return is_ours or field_names.is_of_staff(value.shown)


def _by_shape(found: list[MeantValue], country: str) -> None:
    """An e-mail, then a phone. Somebody else's e-mail (`user_login`) only where there is neither."""
    left = [one for one in found[:MOST_LOOKED_AT] if one.meaning == "field" and one.reason == "note"]
    has_phone, emails = _is_there(found, "phone"), [one for one in left if value_looks.is_email(one.named)]
    emails = [one for one in emails if not (_is_companys(one.named) or _may_be_owners(one.named, has_phone))]
    emails = [] if _is_there(found, "email") else emails
    for one in [one for one in emails if not _others(one.named.shown)][:1]:
        one.meaning, one.reason = "email", "shape"
    if has_phone:
        return
    shaped = [one for one in left if one.meaning == "field" and _is_shaped(one.named, country)]
    # The line that was called is nobody's where the caller is named, or can be written to.
    has_email = _is_there(found, "email")
    shaped = [one for one in shaped if not (has_email and field_names.is_of_line(one.named.shown))]
    own = [one for one in shaped if not _others(one.named.shown)] or shaped
    own = [one for one in own if field_names.may_be_phone(one.named.shown)] or own
    persons = (one for one in own if _is_of_person(one.named) or field_names.is_of_person(one.named.name))
    chosen = next(persons, next(iter(own), None))
    if chosen is not None:
        chosen.meaning, chosen.reason = "phone", "shape"
    elif emails and not has_email:
        emails[0].meaning, emails[0].reason = "email", "shape"


def _is_there(found: list[MeantValue], meaning: Meaning) -> bool:
    return any(one.meaning == meaning and any(one.named.values) for one in found)


def _may_be_owners(value: NamedValue, has_phone: bool) -> bool:
    """Of `_replyto` and `_to`, with which sites let forms be mailed: the first is the visitor's, where there is nothing
    else of theirs. An address of the site's own would make one person of all visitors."""
    is_reply = value.name.lower().startswith("_reply")
    return _is_addressed(value, value.name) or (_is_underscored(value) and (has_phone or not is_reply))


def _is_shaped(value: NamedValue, country: str) -> bool:
    if len(value.values) != 1 or not _PHONE.fullmatch(value.values[0].strip()):
        return False
    # With a plus or brackets it is written as a phone, and as no booking's number or income.
    is_written_so = not {"+", "("}.isdisjoint(value.values[0])
    is_figures = field_names.says_another_number if is_written_so else field_names.says_figures
    if is_figures(value.shown) or _is_companys(value):
        return False
    if _is_addressed(value, value.name):
        return False
    made = person_identity.phone(value.values[0], country)
    return made is not None and made.identity is not None


def visit_name(value: NamedValue) -> str | None:
    """Under which name amoCRM knows what a page tells of a visit: `utm_source`, also `utmSource`, `utm: {source}`."""
    name = value.name.lower()
    if joined := _JOINED.fullmatch(name):
        return f"utm_{joined[1]}"
    if name.startswith("utm_") or (name in _VISIT and not value.label and not _is_sender(value)):
        return name
    around = [one for one in value.path[:-1] if isinstance(one, str)]
    if not around or value.label:
        return None
    if around[-1].lower() == "utm" or (around[-1].lower().startswith("utm") and name in _OF_UTM):
        return f"utm_{'campaign' if name == 'name' else name}"
    return None


def plain_id(name: str) -> str:
    """Of a name that may be one of IDS, or of the builder's furniture; empty for what is too long for that."""
    return _plain_id(name) if len(name) <= _LONGEST_ID_NAME else ""


@lru_cache(maxsize=2048)
def _plain_id(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).lower()


def _is_furniture(value: NamedValue) -> bool:
    if value.label:
        return False
    around = [one.lower() for one in value.path[:-1] if isinstance(one, str)]
    plain = plain_id(value.name)
    if _is_proof(value.name, plain, value.values) or {value.name.lower(): value.values[0]} in _TRIALS:
        return True
    if plain == "token":
        return "form_response" in around
    if plain in _FURNITURE:
        return True
    if plain == "id" and around and around[-1] in _FORMS:
        return True
    # What else begins with an underscore is the builder's own, such as _wpcf7_version, but an address or a phone.
    is_phone = field_names.says_phone(value.name) and value_looks.fits("phone", value)
    return _is_underscored(value) and not (is_phone or value_looks.is_email(value))


def _is_proof(name: str, plain: str, texts: Sequence[str]) -> bool:
    if not plain or " " in name:
        return False
    if _PASSWORD.search(name.lower()):
        return True
    said = _PROOF.search(name.lower())
    look = None if said is None else _TOKEN if said[1] else _DIGEST
    return plain.endswith(_SECRETS) or (look is not None and all(map(look.fullmatch, texts)))


def _is_underscored(value: NamedValue) -> bool:
    return _OF_BUILDER.match(str(value.path[0])) is not None
