"""One submission on its way into amoCRM: the person is found, and the deal, incoming lead or contact is made."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from shared.amocrm import directory
from shared.amocrm.directory import Directory
from shared.amocrm.errors import ValidationError
from shared.amocrm.leads import AccountApi
from shared.amocrm.people import Made, PeopleApi
from shared.deliveries import rows as deliveries
from shared.deliveries.locks import Held, Locks, name_of
from shared.deliveries.noting import noting
from shared.deliveries.rows import Delivery
from shared.deliveries.runner import Result
from shared.platform.messages import Message, say
from shared.platform.money import budget
from shared.storage.database import Database
from shared.storage.encryption import Keyring
from shared.submissions import contacts, destination, mapping, note, people
from shared.submissions.destination import Chosen
from shared.submissions.mapping import Placed, Unplaced
from shared.submissions.model import Accepted, Body, SubmitForm, SubmitOrder, SyncContact, full_name, sources
from shared.submissions.settings import Destination, Submissions

Entity = dict[str, Any]

# amoCRM's clock may be a little behind the database's.
_CLOCK_SKEW_SECONDS: Final = 300
_MOST_SEARCHES: Final = 3  # by phone, and as many by e-mail


def kind_of(body: Body) -> str:
    return {SubmitForm: "form", SubmitOrder: "order", SyncContact: "profile"}[type(body)]


def destination_of(settings: Submissions, body: Body) -> Destination:
    if isinstance(body, SyncContact):
        return Destination(mode="contact")
    return settings.orders if isinstance(body, SubmitOrder) else settings.forms


@dataclass(frozen=True)
class Submission:
    """One accepted submission with what its steps share: who, where to, which values."""

    database: Database
    keyring: Keyring
    locks: Locks
    delivery: Delivery
    integration_id: UUID
    accepted: Accepted
    body: Body
    settings: Submissions
    language: str

    @property
    def mark(self) -> str:
        """In the deal's name: ten signs of our own id, so that a search finds this deal and no other."""
        return base64.b32encode(self.delivery.id.bytes).decode()[:10]

    @property
    def since(self) -> int:
        return int(self.delivery.created_at.timestamp()) - _CLOCK_SKEW_SECONDS

    @property
    def heading(self) -> str:
        if isinstance(self.body, SubmitOrder):
            return f"№ {self.body.order.number}"
        return (self.body.form.name or self.body.form.id) if isinstance(self.body, SubmitForm) else ""

    def values(self) -> tuple[dict[str, list[str]], list[Unplaced]]:
        return contacts.given(sources(self.body), self.body.contact, self.settings.phone_country)

    def tell(self, kind: str, message: Message) -> None:
        deliveries.warn(self.database, self.delivery.id, f"submission.{kind}", message)

    # --- the person -------------------------------------------------------------------------------------------

    def lock_names(self) -> list[bytes]:
        return people.lock_names(self.keyring, self.integration_id, self.body.contact, self.settings.phone_country)

    def find_person(self, api: AccountApi, held: Held) -> Entity | None:
        """The contact that is this person's: by phone, else by e-mail (row C4).

        Two people of one office share an e-mail. What is remembered counts where the contact itself has the phone, or
        the e-mail; amoCRM's search does not find at once what was just made.
        """
        country, contact, made = self.settings.phone_country, self.body.contact, PeopleApi(api)
        remembered = made.contacts(sorted(set(held.known))) if held.known else []
        by_phone = [one.digits for one in people.phones(contact.phones, country) if one.identity is not None]
        for code, queries in (("PHONE", by_phone), ("EMAIL", people.emails(contact.emails))):
            found = people.matching(remembered, contact, country, code)
            for query in queries[:_MOST_SEARCHES]:
                found = found or people.matching(made.search_contacts(query), contact, country, code)
            if len(found) > 1:
                ids = ", ".join(str(one["id"]) for one in found)
                self.tell(
                    "several_contacts",
                    say("Contacts {ids} are this person; {taken} was taken.", ids=ids, taken=found[0]["id"]),
                )
            if found:
                return found[0]
        return None

    # --- what is made -----------------------------------------------------------------------------------------

    def writer(self) -> Callable[..., Result]:
        return {"lead": self._make_lead, "incoming_lead": self._make_incoming_lead, "contact": self._make_contact}[
            self.accepted.mode
        ]

    def finder(self) -> Callable[..., Result | None]:
        def find_lead(api: AccountApi, *_: Result) -> Result | None:
            found = PeopleApi(api).find_lead(self.mark)
            return None if found is None else _result(found, False)

        def find_incoming(api: AccountApi, *_: Result) -> Result | None:
            found = PeopleApi(api).find_incoming_lead(str(self.delivery.id), self.since)
            return None if found is None else _result(found, True)

        # Making a contact begins with looking for it.
        finders: dict[str, Callable[..., Result | None]] = {"lead": find_lead, "incoming_lead": find_incoming}
        return finders.get(self.accepted.mode, lambda *_: None)

    def _make_lead(self, api: AccountApi, *_: Result) -> Result:
        with self.locks.holding(self.integration_id, self.lock_names(), self.delivery.id) as held:
            known = self.find_person(api, held)
            known_id = None if known is None else int(known["id"])

            def write(account: Directory, is_bare: bool) -> Made:
                lead, contact = self.lead_and_contact(account, is_bare)
                return PeopleApi(api).create_lead(lead, known_id, contact)

            made, is_bare = self._with_fallbacks(api, write)
            held.remember = made.contact_id
        return _result(made, known_id is None) | {"bare": is_bare}

    def _make_incoming_lead(self, api: AccountApi, *_: Result) -> Result:
        with self.locks.holding(self.integration_id, self.lock_names(), self.delivery.id) as held:
            known = self.find_person(api, held)

            def write(account: Directory, is_bare: bool) -> Made:
                lead, contact = self.lead_and_contact(account, is_bare)
                # vendor: unsorted.known_contact (guess) An incoming lead takes a contact that is there by its id. Where
                # amoCRM refuses, it is made anew and a person joins the two.
                # source: none found; the page shows new contacts only
                person = contact if known is None or is_bare else {"id": int(known["id"])}
                return PeopleApi(api).create_incoming_lead(self._incoming(lead, person))

            made, is_bare = self._with_fallbacks(api, write)
            held.remember = made.contact_id
        return _result(made, known is None) | {"bare": is_bare}

    def _make_contact(self, api: AccountApi, *_: Result) -> Result:
        with self.locks.holding(self.integration_id, self.lock_names(), self.delivery.id) as held:
            known = self.find_person(api, held)

            def write(account: Directory, is_bare: bool) -> int:
                if known is not None:
                    self._change(api, account, known, is_bare)
                    return int(known["id"])
                return PeopleApi(api).create_contact(self._new_contact(account, is_bare, self._chosen(account)))

            held.remember, is_bare = self._with_fallbacks(api, write)
        return {"contact_id": held.remember, "created": known is None, "bare": is_bare}

    def update_contact(self, api: AccountApi, lead: Result) -> Result:
        """What the submission knows of a contact that was there before."""
        if lead.get("created") or lead.get("contact_id") is None:
            return {"nothing_to_do": True}
        with self.locks.holding(self.integration_id, self.lock_names(), self.delivery.id):
            known = next(iter(api.contacts([lead["contact_id"]])), None)
            if known is None:
                return {"nothing_to_do": True}
            contact = known

            def write(account: Directory, is_bare: bool) -> bool:
                return self._change(api, account, contact, is_bare)

            is_changed, _ = self._with_fallbacks(api, write)
        return {"changed": is_changed}

    def _change(self, api: AccountApi, account: Directory, known: Entity, is_bare: bool) -> bool:
        if is_bare:
            return False
        fields = account.fields("contacts")
        values, _ = self.values()
        wanted = contacts.placed(self.settings, values, fields)
        renames = isinstance(self.body, SyncContact)
        body = contacts.changes(known, self.body.contact, wanted, self.settings, fields, renames)
        if body:
            known_id = int(known["id"])
            with noting(self.database, self.keyring, self.integration_id, "contact", known_id, body):
                PeopleApi(api).change_contact(known_id, body)
        return bool(body)

    def lead_and_contact(self, account: Directory, is_bare: bool) -> tuple[Entity, Entity]:
        body, settings = self.body, self.settings
        assert not isinstance(body, SyncContact)
        wanted = destination_of(settings, body)
        name = note.title(kind_of(body), wanted.title, self.heading, full_name(body.contact), self.mark, self.language)
        tags = [{"name": tag} for tag in dict.fromkeys([*wanted.tags, *body.tags])]
        lead: Entity = {"name": name, "price": self._price(), "_embedded": {"tags": tags} if tags else {}}
        if is_bare:
            return lead, self._new_contact(account, True, Chosen(None, None, None))
        chosen = self._chosen(account)
        for fallback in chosen.fallbacks:
            self.tell("fallback", fallback)
        lead |= {
            name: value
            for name, value in (
                ("pipeline_id", chosen.pipeline_id),
                ("status_id", chosen.status_id),
                ("responsible_user_id", chosen.responsible_user_id),
                ("custom_fields_values", self.placed_in_lead(account).fields or None),
            )
            if value is not None
        }
        return lead, self._new_contact(account, False, chosen)

    def placed_in_lead(self, account: Directory, *, skip_empty: bool = True) -> Placed:
        """`skip_empty`: a new deal has nothing to be cleared."""
        body = self.body
        assert not isinstance(body, SyncContact)
        rules = [rule for rule in self.settings.mapping if rule.entity == "leads"]
        values, _ = self.values()
        fields = account.fields("leads") if rules or body.tracking else ()
        mapped = mapping.place(rules, values, fields, skip_empty=skip_empty)
        visit = mapping.tracking(body.tracking, fields)
        taken = {field["field_id"] for field in mapped.fields}
        fields_values = [*mapped.fields, *(field for field in visit.fields if field["field_id"] not in taken)]
        return Placed(fields_values, (*mapped.unplaced, *visit.unplaced))

    def unplaced(self, account: Directory, is_bare: bool) -> tuple[list[str], list[Unplaced]]:
        """Values without a rule, by name; and those whose rule could not be followed."""
        values, wrong = self.values()
        has_lead = self.accepted.mode != "contact"
        rules = contacts.rules(self.settings) + [rule for rule in self.settings.mapping if rule.entity == "leads"]
        ruled = {rule.source for rule in rules if rule.entity == "contacts" or has_lead}
        if is_bare:
            ruled = {"phone", "email"}
        unmapped = [name for name in values if name not in ruled | note.SPOKEN_FOR and "." not in name]
        if is_bare:
            return unmapped, wrong
        left = [*wrong, *contacts.placed(self.settings, values, account.fields("contacts")).unplaced]
        left += self.placed_in_lead(account).unplaced if has_lead else ()
        return unmapped, left

    def _new_contact(self, account: Directory, is_bare: bool, chosen: Chosen) -> Entity:
        if is_bare:
            return contacts.bare(self.body.contact, self.settings.phone_country)
        values, _ = self.values()
        placed = contacts.placed(self.settings, values, account.fields("contacts"))
        return contacts.new(self.body.contact, placed, chosen.responsible_user_id)

    def _chosen(self, account: Directory) -> Chosen:
        order = self.body.order if isinstance(self.body, SubmitOrder) else None
        needs_users = self.settings.responsible_user_ids or order is not None
        return destination.choose(
            self.settings,
            destination_of(self.settings, self.body),
            order,
            account.pipelines() if self.accepted.mode != "contact" else (),
            account.users() if needs_users else (),
            lambda: self.locks.turn(self.integration_id, name_of("responsible")),
        )

    def _incoming(self, lead: Entity, contact: Entity) -> Entity:
        form = self.body.form if isinstance(self.body, SubmitForm) else None
        page = form.page if form and form.page else "https://unknown.invalid/"
        created_at = int(self.delivery.created_at.timestamp())
        pipeline_id = lead.pop("pipeline_id", None)
        lead.pop("status_id", None)  # it waits outside of the statuses until a person accepts it
        return ({"pipeline_id": pipeline_id} if pipeline_id else {}) | {
            "source_uid": str(self.delivery.id),
            "source_name": self.heading or "site",
            "created_at": created_at,
            "_embedded": {"leads": [lead], "contacts": [contact]},
            "metadata": {
                "form_id": (form.id if form else "") or "site",
                "form_name": self.heading or "site",
                "form_page": page,
                "form_sent_at": created_at,
                "referer": (form.referrer if form else "") or page,
                "ip": self.accepted.address or "0.0.0.0",  # noqa: S104 - amoCRM wants one
            },
        }

    def _price(self) -> int:
        if isinstance(self.body, SubmitOrder):
            return budget(self.body.order.total)
        return (self.body.price or 0) if isinstance(self.body, SubmitForm) else 0

    def _with_fallbacks(self, api: AccountApi, write: Callable[[Directory, bool], Any]) -> tuple[Any, bool]:
        """A refused write changed nothing: again with what the account has now, then with what every account has."""
        account = Directory(api, self.integration_id)
        try:
            return write(account, False), False
        except ValidationError:
            directory.forget(self.integration_id)
        try:
            return write(account, False), False
        except ValidationError as error:
            where = ", ".join(item.path for item in error.errors) or "its values"
            self.tell("values_refused", say("amoCRM refused {where}; what it refused is in the note.", where=where))
        return write(account, True), True


def _result(made: Made, created: bool) -> Result:
    return {"lead_id": made.lead_id, "contact_id": made.contact_id, "created": created}
