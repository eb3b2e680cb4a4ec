"""One submission on its way into amoCRM: the person is found, and the deal, incoming lead or contact is made."""

import base64
import contextlib
from collections.abc import Callable, Collection, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from features.submissions import (
    contact_lookup,
    incoming_lead,
    mapping,
    merged_contact,
    new_contact,
    note,
    person_identity,
    reassignment,
    routing,
    superseded,
    unmarked_contact,
    write_fallbacks,
)
from features.submissions.budget import Budget
from features.submissions.contact_lookup import HeldPerson
from features.submissions.entity_creation import EntityCreation
from features.submissions.existing_contact import Update
from features.submissions.mapping import MappedFields, Unplaced
from features.submissions.model import (
    SYNC_CONTACT,
    Accepted,
    Body,
    SubmitForm,
    SubmitOrder,
    SyncContact,
    full_name,
    sources,
)
from features.submissions.new_contact import Omitted
from features.submissions.routing import ChosenRoute
from features.submissions.settings import Destination, Submissions
from shared.amocrm.contacts import ContactsApi, CreatedEntities
from shared.amocrm.directory import Directory
from shared.amocrm.errors import AmocrmError, BadRequestError, NotFoundError
from shared.amocrm.events import FeedApi
from shared.amocrm.leads import AccountApi
from shared.deliveries import rows as deliveries
from shared.deliveries.account_money import AccountMoney
from shared.deliveries.account_time import AccountTime
from shared.deliveries.echo_marking import noting
from shared.deliveries.locks import HeldLocks, Locks
from shared.deliveries.rows import Delivery
from shared.deliveries.runner import Result
from shared.platform.messages import Message, say
from shared.storage.cache import SharedCache
from shared.storage.database import Database
from shared.storage.encryption import Keyring

Entity = dict[str, Any]
_NO_ROUTE = ChosenRoute(None, None, None)


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
    def _making(self) -> EntityCreation:
        return EntityCreation(self.database, self.keyring, self.integration_id, self.delivery.id)

    @property
    def since(self) -> int:
        return self.delivery.made_since

    @property
    def heading(self) -> str:
        if isinstance(self.body, SubmitOrder):
            return f"№ {self.body.order.number}"
        return (self.body.form.name or self.body.form.id) if isinstance(self.body, SubmitForm) else ""

    def values(self) -> tuple[dict[str, list[str]], list[Unplaced]]:
        return new_contact.given(sources(self.body), self.body.contact, self.settings.phone_country)

    def tell(self, kind: str, message: Message) -> None:
        deliveries.warn(self.database, self.delivery.id, f"submission.{kind}", message)

    # --- the person -------------------------------------------------------------------------------------------

    def lock_names(self) -> list[bytes]:
        return person_identity.lock_names(
            self.keyring, self.integration_id, self.body.contact, self.settings.phone_country
        )

    @contextlib.contextmanager
    def holding(self) -> Iterator[HeldPerson]:
        """Nobody else works on the person meanwhile, by whichever name."""
        ids = person_identity.id_names(self.keyring, self.integration_id, self.accepted.writer_id)
        of_ids = replace(self.locks, kept=person_identity.IDS_KEPT)
        locked = of_ids.holding(self.integration_id, ids, self.delivery.id) if ids else nullcontext(HeldLocks())
        with (
            self.locks.holding(self.integration_id, self.lock_names(), self.delivery.id) as by_line,
            locked as by_id,
        ):
            held = HeldPerson(by_line.known, by_id.known)
            yield held
            by_line.remember = by_id.remember = held.remember

    def find_person(self, api: AccountApi, held: HeldPerson, gone: Collection[int] = ()) -> Entity | None:
        wanted, country = self.body.contact, self.settings.phone_country
        found = contact_lookup.find(ContactsApi(api), held, wanted, country, gone, self.tell)
        if found is None and held.by_id:
            found = merged_contact.find(api, self.database, self.integration_id, {*held.by_id, *gone})
        return found

    def _at_person(
        self, api: AccountApi, held: HeldPerson, write: Callable[[Entity | None], tuple[Any, Omitted]]
    ) -> tuple[Any, Omitted, Entity | None]:
        """What `write` makes for the person's contact (None: for a new one), what it left out, and that contact.

        Nothing is asked of amoCRM after it: where that is refused, the write would be taken for not made.
        """

        def write_last(known: Entity | None) -> tuple[Any, Omitted, bool]:
            has_marks = bool(self.lock_names() or held.by_id)
            is_unseen = known is None and has_marks and not self._sees_everything(api)
            return *write(known), is_unseen

        (made, left, is_unseen), known = contact_lookup.at(lambda gone: self.find_person(api, held, gone), write_last)
        if is_unseen:
            own_only = say(
                "A new contact was made. Whoever connected the account is no administrator in amoCRM, so a contact of "
                "this person that is somebody else's was not seen. Let an administrator connect the account."
            )
            self.tell("own_only", own_only)
        return made, left, known

    def _sees_everything(self, api: AccountApi) -> bool:
        try:
            return bool(self._remembered.get("sees_everything", bool, FeedApi(api).sees_everything))
        except AmocrmError:  # it is to be told, and no form waits for that
            return True

    # --- what is made -----------------------------------------------------------------------------------------

    def writer(self) -> Callable[..., Result]:
        return {"lead": self._make_lead, "incoming_lead": self._make_incoming_lead, "contact": self._make_contact}[
            self.accepted.mode
        ]

    def finder(self) -> Callable[..., Result | None]:
        def find_lead(api: AccountApi, *_: Result) -> Result | None:
            found = ContactsApi(api).find_lead(self.mark, self.since)
            if found is None or found.lead_id is None:
                return None
            self._found_again(found)
            wanted = {field["field_id"] for field in self.placed_in_lead(Directory(api, self.integration_id)).fields}
            there = api.lead(found.lead_id).get("custom_fields_values") or [] if wanted else []
            is_bare = wanted.isdisjoint(field["field_id"] for field in there) if wanted else False
            bare = Omitted.ALL_BUT_THE_PERSON if is_bare else Omitted.NOTHING
            return _result(found, False) | {"bare": bare, "was_there": True} | self._held_back_before(api, found)

        def find_incoming(api: AccountApi, *_: Result) -> Result | None:
            found = ContactsApi(api).find_incoming_lead(str(self.delivery.id), self.since)
            # Who was faster than we has accepted it, and it is a deal like any other.
            if found is None:
                return find_lead(api)
            self._found_again(found)
            # Its contact may be one that was there.
            return _result(found, False) | {"was_there": True} | self._held_back_before(api, found)

        def find_contact(api: AccountApi, *_: Result) -> Result | None:
            if self.lock_names():
                return None  # making it begins with looking for it
            known = unmarked_contact.find(
                api, self.database, self.delivery, self.body.contact, self.settings.phone_country
            )
            if known is None:
                return None
            found = CreatedEntities(None, int(known["id"]))
            self._found_again(found)
            made: Result = {"contact_id": found.contact_id, "created": True, "kept": []}
            return made | self._changed(api, known) | self._held_back_before(api, found)

        return {"lead": find_lead, "incoming_lead": find_incoming, "contact": find_contact}[self.accepted.mode]

    def _found_again(self, found: CreatedEntities) -> None:
        """What an earlier attempt has made, whose answer was lost. Until here the person is locked by that attempt: a
        call that is refused under their lock would let the next one go on who knows nothing of it."""
        if found.contact_id is not None:
            with self.holding() as held:
                held.remember = found.contact_id
        self._making.found(found)

    def _held_back_before(self, api: AccountApi, found: CreatedEntities) -> Result:
        if not reassignment.may_name_a_user(self.settings, self.body):
            return {}
        account, lead = Directory(api, self.integration_id), None
        with contextlib.suppress(NotFoundError):  # an incoming lead is not read before it is accepted
            lead = None if found.lead_id is None else api.lead(found.lead_id)
        contact = None if found.contact_id is None else next(iter(api.contacts([found.contact_id])), None)

        def user() -> int | None:
            return self._chosen(account).responsible_user_id

        return reassignment.held_back_before(account, self.delivery, lead, contact, user)

    def _make_lead(self, api: AccountApi, *_: Result) -> Result:
        later: Result = {}
        kept: list[str] = []

        def write(known: Entity | None) -> tuple[CreatedEntities, Omitted]:
            kept[:] = self.kept(api, known)
            known_id = None if known is None else int(known["id"])

            def write_what_is_left(account: Directory, left: Omitted, named: frozenset[str]) -> CreatedEntities:
                lead, contact = self.lead_and_contact(account, left, named)
                later.update(reassignment.held_back(account, lead, contact))
                try:
                    with contact_lookup.telling_gone(api, known):
                        return self._priced(api, left, lead, lambda one: self._making.lead(api, one, known_id, contact))
                except BadRequestError:
                    if known_id is None or left is not Omitted.ALL_BUT_THE_NAME:
                        raise
                return self._making.lead(api, lead, None, contact)  # it may be the contact that is not taken

            return self._with_fallbacks(api, write_what_is_left)

        with self.holding() as held:
            made, left, known = self._at_person(api, held, write)
            held.remember = made.contact_id
        is_new = known is None or made.contact_id != int(known["id"])
        return _result(made, is_new) | later | {"bare": left, "kept": [] if is_new else kept}

    def _make_incoming_lead(self, api: AccountApi, *_: Result) -> Result:
        later: Result = {}
        kept: list[str] = []

        def write(known: Entity | None) -> tuple[CreatedEntities, Omitted]:
            kept[:] = self.kept(api, known)

            def write_what_is_left(account: Directory, left: Omitted, named: frozenset[str]) -> CreatedEntities:
                lead, contact = self.lead_and_contact(account, left, named)
                later.update(reassignment.held_back(account, lead, contact))
                # vendor: unsorted.known_contact (guess) An incoming lead takes a contact that is there by its id. Where
                # amoCRM refuses, it is made anew and a person joins the two.
                # source: none found (looked for again); the pages show new contacts, and call what is there a duplicate
                is_bare = not write_fallbacks.keeps_route(left, named)
                known_id = None if known is None or is_bare else int(known["id"])

                def make(one: Entity) -> CreatedEntities:
                    incoming = self._incoming(one, contact if known_id is None else {"id": known_id}, is_bare=is_bare)
                    return self._making.incoming_lead(api, incoming, one, known_id, contact)

                with contact_lookup.telling_gone(api, None if known_id is None else known):
                    return self._priced(api, left, lead, make)

            return self._with_fallbacks(api, write_what_is_left)

        with self.holding() as held:
            made, left, known = self._at_person(api, held, write)
            held.remember = made.contact_id
        is_new = known is None or made.contact_id != int(known["id"])
        return _result(made, is_new) | later | {"bare": left, "kept": [] if is_new else kept}

    def _make_contact(self, api: AccountApi, *_: Result) -> Result:
        later: Result = {}

        def write_new(account: Directory, left: Omitted, named: frozenset[str]) -> int:
            contact = self._new_contact(account, left, self._route(account, left, named))
            later.update(reassignment.held_back(account, contact))
            return self._making.contact(api, contact)

        def write(known: Entity | None) -> tuple[Result, Omitted]:
            if known is None:
                contact_id, left = self._with_fallbacks(api, write_new)
                return later | {"contact_id": contact_id, "created": True, "bare": left, "kept": []}, left
            found: Result = {"contact_id": int(known["id"]), "created": False}
            if self.delivery.attempts > 1:  # else it was there before
                found |= self._held_back_before(api, CreatedEntities(None, found["contact_id"]))
            if isinstance(self.body, SyncContact) and self._is_overtaken(found["contact_id"], SYNC_CONTACT):
                return found | {"superseded": True}, Omitted.NOTHING
            changed = self._changed(api, known)
            if not changed["changed"] and not ContactsApi(api).contacts([found["contact_id"]]):
                # Nothing was written that would have told it.
                raise NotFoundError(say("amoCRM has no such object"), 404)
            return found | changed, changed["bare"]

        with self.holding() as held:
            result: Result = self._at_person(api, held, write)[0]
            held.remember = result["contact_id"]
        return result

    def update_contact(self, api: AccountApi, lead: Result) -> Result:
        """What the submission knows of a contact that was there before."""
        place = {name: lead.get(name) for name in ("lead_id", "contact_id")}
        if lead.get("created") or lead.get("contact_id") is None:
            return place | {"nothing_to_do": True}
        with self.holding() as held:
            known = next(iter(api.contacts([lead["contact_id"]])), None)
            if known is not None:
                held.remember = known["id"]  # it may be one that was made without an answer
                with contextlib.suppress(NotFoundError):
                    return place | self._changed(api, known)
        # Somebody has deleted it meanwhile; what it would have been told is in a note.
        return place | {"changed": False, "bare": Omitted.ALL_BUT_THE_NAME}

    def _changed(self, api: AccountApi, known: Entity) -> Result:
        """Brings the submission to a contact that is there: `{changed, bare, kept, outdated}`, see :meth:`kept`;
        `outdated`: those of it where something newer has been written meanwhile."""
        known_id = int(known["id"])
        overwrites = not self.fills_only and (self.is_current or not self._is_overtaken(known_id))

        def write(account: Directory, left: Omitted, _: frozenset[str]) -> bool:
            update = self.update_of(account, known, left, overwrites)
            body = {} if left is Omitted.ALL_BUT_THE_NAME else update.body()
            if body:
                with (
                    noting(self.database, self.keyring, self.integration_id, "contact", known_id, body),
                    contact_lookup.telling_gone(api, known),
                ):
                    ContactsApi(api).change_contact(known_id, body)
            return bool(body)

        is_changed, left = self._with_fallbacks(api, write)
        kept, usual = self.kept(api, known, overwrites), [] if overwrites else self.kept(api, known)
        outdated = [] if overwrites else [name for name in kept if name not in usual]
        return {"changed": is_changed, "bare": left, "kept": kept, "outdated": outdated}

    def _is_overtaken(self, contact_id: int, action: str | None = None) -> bool:
        """A retry may come late."""
        return superseded.is_superseded(self.database, self.delivery, contact_id, action)

    def kept(self, api: AccountApi, known: Entity | None, overwrites: bool = True) -> list[str]:
        """The sources of what a contact that is there does not take, since it has something else and keeps it."""
        if known is None:
            return []
        account = Directory(api, self.integration_id)
        return self.update_of(account, known, overwrites=overwrites).kept()

    def update_of(
        self, account: Directory, known: Entity, left: Omitted = Omitted.NOTHING, overwrites: bool = True
    ) -> Update:
        """What the submission brings to a contact that is there."""
        values, _ = self.values()
        renames, fields = isinstance(self.body, SyncContact), account.fields("contacts")
        zone, settings = self.zone(account.account), self.settings
        if self.accepted.writer_id:  # the site may have its own id of its user there
            own = [str(rule.field_id or rule.field) for rule in settings.mapping if rule.source == "external_id"]
            settings = replace(settings, read_only=[*settings.read_only, *own])
        return Update(known, self.body.contact, values, settings, fields, zone, renames, overwrites, left)

    def lead_and_contact(self, account: Directory, left: Omitted, named: frozenset[str]) -> tuple[Entity, Entity]:
        body, settings = self.body, self.settings
        assert not isinstance(body, SyncContact)
        wanted = destination_of(settings, body)
        name = note.title(kind_of(body), wanted.title, self.heading, full_name(body.contact), self.mark, self.language)
        tags = [{"name": tag} for tag in self.tags]
        lead: Entity = {"name": name, "_embedded": {"tags": tags} if tags else {}}
        if left is Omitted.ALL_BUT_THE_NAME:
            lead = {"name": name}
        chosen = self._route(account, left, named)
        if chosen is _NO_ROUTE:
            return lead, self._new_contact(account, left, chosen)
        for fallback in chosen.fallbacks if not left else ():
            self.tell("fallback", fallback)
        lead |= {
            name: value
            for name, value in (
                ("pipeline_id", chosen.pipeline_id),
                ("status_id", chosen.status_id),
                ("responsible_user_id", chosen.responsible_user_id),
                ("custom_fields_values", None if left else self.placed_in_lead(account).fields or None),
            )
            if value is not None
        }
        return lead, self._new_contact(account, left, chosen)

    def placed_in_lead(self, account: Directory, *, skip_empty: bool = True) -> MappedFields:
        """`skip_empty`: a new deal has nothing to be cleared."""
        body = self.body
        assert not isinstance(body, SyncContact)
        rules = [rule for rule in self.settings.mapping if rule.entity == "leads"]
        values, _ = self.values()
        fields = account.fields("leads") if rules or body.tracking else ()
        zone, country = self.zone(account.account), self.settings.phone_country
        mapped = mapping.place(rules, values, fields, skip_empty=skip_empty, zone=zone, country=country)
        visit = mapping.tracking(body.tracking, fields, mapped.fields)
        return MappedFields([*mapped.fields, *visit.fields], (*mapped.unplaced, *visit.unplaced))

    def _new_contact(self, account: Directory, left: Omitted, chosen: ChosenRoute) -> Entity:
        values, _ = self.values()
        placed = new_contact.placed(self.settings, values, account.fields("contacts"), self.zone(account.account), left)
        return new_contact.new(self.body.contact, placed, chosen.responsible_user_id)

    def _route(self, account: Directory, left: Omitted, named: frozenset[str]) -> ChosenRoute:
        """Without what amoCRM has refused of it; a stage is its pipeline's."""
        if not write_fallbacks.keeps_route(left, named):
            return _NO_ROUTE
        gone = named & write_fallbacks.ROUTE | ({"status_id"} if "pipeline_id" in named else set())
        return replace(self._chosen(account), **dict.fromkeys(gone))

    def _chosen(self, account: Directory) -> ChosenRoute:
        order = self.body.order if isinstance(self.body, SubmitOrder) else None
        needs_users = self.settings.responsible_user_ids or order is not None
        return routing.choose(
            self.settings,
            destination_of(self.settings, self.body),
            order,
            account.pipelines() if self.accepted.mode != "contact" else (),
            (account.users_if_allowed() or ()) if needs_users else (),
            lambda: self._turn,
            is_public=self.delivery.summary.get("by") == "site",
        )

    @cached_property
    def _turn(self) -> int:
        return self._remembered.turn("turn_of_responsible")

    @cached_property
    def _remembered(self) -> SharedCache:
        return SharedCache(self.database, self.integration_id)

    def _incoming(self, lead: Entity, contact: Entity, *, is_bare: bool) -> Entity:
        # What a page calls itself is in the note, too; where amoCRM has refused something, it may have been that.
        form, heading, address = None, "", ""
        if not is_bare:
            form = self.body.form if isinstance(self.body, SubmitForm) else None
            heading, address = self.heading, self.accepted.address
        created_at = int(self.delivery.created_at.timestamp())
        return incoming_lead.of(self.delivery.id, created_at, heading, form, address, lead, contact)

    @property
    def tags(self) -> list[str]:
        own = [] if isinstance(self.body, SyncContact) else self.body.tags
        return list(dict.fromkeys([*destination_of(self.settings, self.body).tags, *own]))

    @cached_property
    def budget(self) -> Budget:
        return Budget(AccountMoney(self._remembered), self.body)

    @cached_property
    def _time(self) -> AccountTime:
        return AccountTime(self._remembered, lambda doubt: self.tell("time_zone", doubt))

    def zone(self, api: AccountApi) -> mapping.Zone:
        """The account's, asked for when it is needed."""
        return lambda: self._time.zone(api)

    def _priced(
        self, api: AccountApi, left: Omitted, lead: Entity, make: Callable[[Entity], CreatedEntities]
    ) -> CreatedEntities:
        return make(lead) if left is Omitted.ALL_BUT_THE_NAME else self.budget.written(api, lead, make)

    def _with_fallbacks(self, api: AccountApi, write: write_fallbacks.Write[Any]) -> tuple[Any, Omitted]:
        return write_fallbacks.written(Directory(api, self.integration_id), write, self.tell_refused)

    def tell_refused(self, error: BadRequestError) -> None:
        kind = "fallback" if write_fallbacks.is_of_route(write_fallbacks.members(error)) else "values_refused"
        self.tell(kind, write_fallbacks.refused(error))


def _result(made: CreatedEntities, created: bool) -> Result:
    return {"lead_id": made.lead_id, "contact_id": made.contact_id, "created": created}
