"""One submission on its way into amoCRM: the person is found, and the deal, incoming lead or contact is made."""

import base64
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from shared.amocrm import directory
from shared.amocrm.directory import Directory, User
from shared.amocrm.errors import (
    AddressBlockedError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    ValidationError,
)
from shared.amocrm.leads import AccountApi
from shared.amocrm.people import Made, PeopleApi
from shared.deliveries import rows as deliveries
from shared.deliveries.account_money import AccountMoney
from shared.deliveries.locks import Held, Locks, name_of
from shared.deliveries.noting import noting
from shared.deliveries.rows import Delivery
from shared.deliveries.runner import Result
from shared.platform.messages import Message, say
from shared.storage.database import Database
from shared.storage.encryption import Keyring
from shared.storage.remembered import Remembered
from shared.submissions import contacts, destination, mapping, newer, note, people
from shared.submissions.budget import Budget
from shared.submissions.contacts import Left
from shared.submissions.destination import Chosen
from shared.submissions.known_contact import Update
from shared.submissions.making import Making
from shared.submissions.mapping import Placed, Unplaced
from shared.submissions.model import (
    SYNC_CONTACT,
    Accepted,
    Body,
    SubmitForm,
    SubmitOrder,
    SyncContact,
    full_name,
    sources,
)
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
    is_current: bool = False  # it says what is so now, however late it comes
    fills_only: bool = False  # read again: what has a value keeps it
    has_own_note: bool = False  # of whoever submits it: a field without a rule needs no line in ours

    @property
    def mark(self) -> str:
        """In the deal's name: ten signs of our own id, so that a search finds this deal and no other."""
        return base64.b32encode(self.delivery.id.bytes).decode()[:10]

    @property
    def _making(self) -> Making:
        return Making(self.database, self.keyring, self.integration_id, self.delivery.id)

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
            if found is None or found.lead_id is None:
                return None
            self._making.found(found)
            wanted = {field["field_id"] for field in self.placed_in_lead(Directory(api, self.integration_id)).fields}
            there = api.lead(found.lead_id).get("custom_fields_values") or [] if wanted else []
            is_bare = wanted.isdisjoint(field["field_id"] for field in there) if wanted else False
            return _result(found, False) | {"bare": Left.ALL_BUT_THE_PERSON if is_bare else Left.NOTHING}

        def find_incoming(api: AccountApi, *_: Result) -> Result | None:
            found = PeopleApi(api).find_incoming_lead(str(self.delivery.id), self.since)
            # Who was faster than we has accepted it, and it is a deal like any other.
            if found is None:
                return find_lead(api)
            self._making.found(found)
            return _result(found, False)  # its contact may be one that was there

        # Making a contact begins with looking for it.
        finders: dict[str, Callable[..., Result | None]] = {"lead": find_lead, "incoming_lead": find_incoming}
        return finders.get(self.accepted.mode, lambda *_: None)

    def _make_lead(self, api: AccountApi, *_: Result) -> Result:
        with self.locks.holding(self.integration_id, self.lock_names(), self.delivery.id) as held:
            known = self.find_person(api, held)
            known_id = None if known is None else int(known["id"])

            def write(account: Directory, left: Left) -> Made:
                lead, contact = self.lead_and_contact(account, left)
                try:
                    return self._priced(api, left, lead, lambda one: self._making.lead(api, one, known_id, contact))
                except BadRequestError:
                    if known_id is None or left is not Left.ALL_BUT_THE_NAME:
                        raise
                # It may be the contact that amoCRM does not take: a search may bring one that is gone.
                return self._making.lead(api, lead, None, contact)

            made, left = self._with_fallbacks(api, write)
            held.remember = made.contact_id
        is_new = known_id is None or made.contact_id != known_id
        return _result(made, is_new) | {"bare": left, "kept": [] if is_new else self.kept(api, known)}

    def _make_incoming_lead(self, api: AccountApi, *_: Result) -> Result:
        with self.locks.holding(self.integration_id, self.lock_names(), self.delivery.id) as held:
            known = self.find_person(api, held)

            def write(account: Directory, left: Left) -> Made:
                lead, contact = self.lead_and_contact(account, left)
                # vendor: unsorted.known_contact (guess) An incoming lead takes a contact that is there by its id. Where
                # amoCRM refuses, it is made anew and a person joins the two.
                # source: none found; the page shows new contacts only
                known_id = None if known is None or left else int(known["id"])

                def make(one: Entity) -> Made:
                    incoming = self._incoming(one, contact if known_id is None else {"id": known_id}, left)
                    return self._making.incoming_lead(api, incoming, one, known_id, contact)

                return self._priced(api, left, lead, make)

            made, left = self._with_fallbacks(api, write)
            held.remember = made.contact_id
        is_new = known is None or bool(left)
        return _result(made, is_new) | {"bare": left, "kept": [] if is_new else self.kept(api, known)}

    def _make_contact(self, api: AccountApi, *_: Result) -> Result:
        with self.locks.holding(self.integration_id, self.lock_names(), self.delivery.id) as held:
            known = self.find_person(api, held)
            if known is not None:
                held.remember = int(known["id"])
                found = {"contact_id": held.remember, "created": False}
                if isinstance(self.body, SyncContact) and self._is_overtaken(held.remember, SYNC_CONTACT):
                    return found | {"superseded": True}
                # A search may bring one that is gone; who comes back is a new contact.
                with contextlib.suppress(NotFoundError):
                    return found | self._changed(api, known)

            def write(account: Directory, left: Left) -> int:
                return self._making.contact(api, self._new_contact(account, left, self._chosen(account)))

            held.remember, left = self._with_fallbacks(api, write)
        return {"contact_id": held.remember, "created": True, "bare": left, "kept": []}

    def update_contact(self, api: AccountApi, lead: Result) -> Result:
        """What the submission knows of a contact that was there before."""
        place = {name: lead.get(name) for name in ("lead_id", "contact_id")}
        if lead.get("created") or lead.get("contact_id") is None:
            return place | {"nothing_to_do": True}
        with self.locks.holding(self.integration_id, self.lock_names(), self.delivery.id):
            known = next(iter(api.contacts([lead["contact_id"]])), None)
            if known is not None:
                with contextlib.suppress(NotFoundError):
                    return place | self._changed(api, known)
        # Somebody has deleted it meanwhile; what it would have been told is in a note.
        return place | {"changed": False, "bare": Left.ALL_BUT_THE_NAME}

    def _changed(self, api: AccountApi, known: Entity) -> Result:
        """Brings the submission to a contact that is there: `{changed, bare, kept, outdated}`, see :meth:`kept`;
        `outdated`: those of it where something newer has been written meanwhile."""
        known_id = int(known["id"])
        overwrites = not self.fills_only and (self.is_current or not self._is_overtaken(known_id))

        def write(account: Directory, left: Left) -> bool:
            update = self.update_of(account, known, left, overwrites)
            body = {} if left is Left.ALL_BUT_THE_NAME else update.body()
            if body:
                with noting(self.database, self.keyring, self.integration_id, "contact", known_id, body):
                    PeopleApi(api).change_contact(known_id, body)
            return bool(body)

        is_changed, left = self._with_fallbacks(api, write)
        kept, usual = self.kept(api, known, overwrites), [] if overwrites else self.kept(api, known)
        outdated = [] if overwrites else [name for name in kept if name not in usual]
        return {"changed": is_changed, "bare": left, "kept": kept, "outdated": outdated}

    def _is_overtaken(self, contact_id: int, action: str | None = None) -> bool:
        """A retry may come late."""
        return newer.is_overtaken(self.database, self.delivery, contact_id, action)

    def kept(self, api: AccountApi, known: Entity | None, overwrites: bool = True) -> list[str]:
        """The sources of what a contact that is there does not take, since it has something else and keeps it."""
        if known is None:
            return []
        account = Directory(api, self.integration_id)
        return self.update_of(account, known, overwrites=overwrites).kept()

    def update_of(
        self, account: Directory, known: Entity, left: Left = Left.NOTHING, overwrites: bool = True
    ) -> Update:
        """What the submission brings to a contact that is there."""
        values, _ = self.values()
        renames, fields = isinstance(self.body, SyncContact), account.fields("contacts")
        return Update(known, self.body.contact, values, self.settings, fields, renames, overwrites, left)

    def lead_and_contact(self, account: Directory, left: Left) -> tuple[Entity, Entity]:
        body, settings = self.body, self.settings
        assert not isinstance(body, SyncContact)
        wanted = destination_of(settings, body)
        name = note.title(kind_of(body), wanted.title, self.heading, full_name(body.contact), self.mark, self.language)
        tags = [{"name": tag} for tag in self.tags]
        lead: Entity = {"name": name, "_embedded": {"tags": tags} if tags else {}}
        if left is Left.ALL_BUT_THE_NAME:
            lead = {"name": name}
        if left:
            return lead, self._new_contact(account, left, Chosen(None, None, None))
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
        return lead, self._new_contact(account, left, chosen)

    def placed_in_lead(self, account: Directory, *, skip_empty: bool = True) -> Placed:
        """`skip_empty`: a new deal has nothing to be cleared."""
        body = self.body
        assert not isinstance(body, SyncContact)
        rules = [rule for rule in self.settings.mapping if rule.entity == "leads"]
        values, _ = self.values()
        fields = account.fields("leads") if rules or body.tracking else ()
        mapped = mapping.place(rules, values, fields, skip_empty=skip_empty)
        visit = mapping.tracking(body.tracking, fields, mapped.fields)
        return Placed([*mapped.fields, *visit.fields], (*mapped.unplaced, *visit.unplaced))

    def _new_contact(self, account: Directory, left: Left, chosen: Chosen) -> Entity:
        values, _ = self.values()
        placed = contacts.placed(self.settings, values, account.fields("contacts"), left)
        return contacts.new(self.body.contact, placed, chosen.responsible_user_id)

    def _chosen(self, account: Directory) -> Chosen:
        order = self.body.order if isinstance(self.body, SubmitOrder) else None
        needs_users = self.settings.responsible_user_ids or order is not None
        return destination.choose(
            self.settings,
            destination_of(self.settings, self.body),
            order,
            account.pipelines() if self.accepted.mode != "contact" else (),
            self._users(account) if needs_users else (),
            lambda: self.locks.turn(self.integration_id, name_of("responsible")),
        )

    def _users(self, account: Directory) -> tuple[User, ...]:
        """None where we may not ask: then those who are named are taken unseen."""
        # vendor: users.administrators (report) Users are listed for an administrator's token only. Whoever has
        # connected the account was one, and may be none any more.
        # source: amocrm-api-php issue 86
        try:
            return account.users()
        except AddressBlockedError:  # what stands before amoCRM says nothing of rights
            raise
        except ForbiddenError:
            return ()

    def _incoming(self, lead: Entity, contact: Entity, left: Left) -> Entity:
        # What a page calls itself is in the note, too; where amoCRM has refused something, it may have been that.
        form = self.body.form if isinstance(self.body, SubmitForm) and not left else None
        heading = (self.heading if not left else "") or "site"
        page = form.page if form and form.page else "https://unknown.invalid/"
        created_at = int(self.delivery.created_at.timestamp())
        pipeline_id = lead.pop("pipeline_id", None)
        lead.pop("status_id", None)  # it waits outside of the statuses until a person accepts it
        return ({"pipeline_id": pipeline_id} if pipeline_id else {}) | {
            "source_uid": str(self.delivery.id),
            "source_name": heading,
            "created_at": created_at,
            "_embedded": {"leads": [lead], "contacts": [contact]},
            "metadata": {
                "form_id": (form.id if form else "") or "site",
                "form_name": heading,
                "form_page": page,
                "form_sent_at": created_at,
                "referer": (form.referrer if form else "") or page,
                "ip": (self.accepted.address if not left else "") or "0.0.0.0",  # noqa: S104 - amoCRM wants one
            },
        }

    @property
    def tags(self) -> list[str]:
        own = [] if isinstance(self.body, SyncContact) else self.body.tags
        return list(dict.fromkeys([*destination_of(self.settings, self.body).tags, *own]))

    @cached_property
    def budget(self) -> Budget:
        return Budget(AccountMoney(Remembered(self.database, self.integration_id)), self.body)

    def _priced(self, api: AccountApi, left: Left, lead: Entity, make: Callable[[Entity], Made]) -> Made:
        return make(lead) if left is Left.ALL_BUT_THE_NAME else self.budget.written(api, lead, make)

    def _with_fallbacks(self, api: AccountApi, write: Callable[[Directory, Left], Any]) -> tuple[Any, Left]:
        """A refused write changed nothing: again with what the account has now, then with less and less."""
        account = Directory(api, self.integration_id)
        try:
            return write(account, Left.NOTHING), Left.NOTHING
        except BadRequestError:
            directory.forget(self.integration_id)
        left = Left.NOTHING
        while True:
            try:
                return write(account, left), left
            except BadRequestError as error:
                if left is Left.NOTHING:
                    self.tell_refused(error)
                if left is Left.ALL_BUT_THE_NAME:
                    raise
            left = Left(left + 1)

    def tell_refused(self, error: BadRequestError) -> None:
        named = error.errors if isinstance(error, ValidationError) else ()
        where = ", ".join(item.path for item in named) or "its values"
        self.tell("values_refused", say("amoCRM refused {where}; what it refused is in the note.", where=where))


def _result(made: Made, created: bool) -> Result:
    return {"lead_id": made.lead_id, "contact_id": made.contact_id, "created": created}
