"""By which key a submission is known: its caller's, its builder's, an order's number, or what it says."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from features.submissions import model, person_identity, superseded
from features.submissions.model import Body, Contact, SubmitForm, SubmitOrder, SyncContact
from features.submissions.settings import of as settings_of
from shared.access.credentials import site_key
from shared.access.permissions import Caller
from shared.actions import body as bodies
from shared.connections.integrations import Integration
from shared.deliveries import rows as deliveries
from shared.deliveries.order_proof import is_proven, may_be_kept
from shared.platform.http import Request
from shared.runtime import Runtime

# So long an equal submission is the same one; after that a person may well ask for the same thing again.
_SAME_SECONDS: Final = 600
MADE: Final = "made"  # in an order's summary: when, by its shop, in Unix seconds


def of_builder(runtime: Runtime, caller: Caller, key: str | None, contact: Contact) -> str | None:
    """`key`: what the builder calls this submission. Some call an event so, for which many people register; and a site
    that was set up anew counts from one again."""
    whole = f"builder:{_of_site(caller)}{key}"
    return None if key is None else _of_its_person(runtime, caller, model.SUBMIT_FORM, whole, contact)


def of_visit(runtime: Runtime, caller: Caller, told_of: Sequence[str], contact: Contact) -> str | None:
    """The key of the form that a visit came by, of which this is told; None where there is none. `told_of`: what it
    may have been called, then or by what was told of it since."""
    integration_id, start = caller.require_integration().id, f"builder:{_of_site(caller)}"
    forms = [f"{start}{one}" for one in told_of]
    is_known = deliveries.by_key(runtime.database, integration_id, model.SUBMIT_FORM, *forms) is not None
    told = deliveries.by_key(runtime.database, integration_id, model.NEWS, *(f"news:{one}" for one in forms))
    for one in (*(forms if is_known else ()), *([] if told is None else [told.summary["of"]])):
        key = _of_its_person(runtime, caller, model.SUBMIT_FORM, one, contact)
        if deliveries.by_key(runtime.database, integration_id, model.SUBMIT_FORM, key) is not None:
            return key
    return None


def _of_its_person(
    runtime: Runtime, caller: Caller, action: str, key: str, contact: Contact, made: int | None = None
) -> str:
    """The key, as long as nobody else has come with it before; else one of this person's own. Whoever leaves neither a
    phone nor an e-mail cannot be told from others. An order of this number that was `made` at that very second is the
    same, whoever it is of now: its shop has put the phone right."""
    integration_id, theirs = caller.require_integration().id, (*contact.phones, *contact.emails)
    own = next(filter(None, (may_be_kept(runtime.keyring, integration_id, one) for one in theirs)), [])
    before = deliveries.by_key(runtime.database, integration_id, action, key) if own else None
    kept = None if before is None else before.summary.get("proof")
    if kept is None or any(is_proven(runtime.keyring, integration_id, kept, one) for one in theirs):
        return key
    if before is not None and made is not None and before.summary.get(MADE) == made:
        return key
    names = [f"{key}:{one}" for one in own]  # for each key of the keyring
    known = (one for one in names[1:] if deliveries.by_key(runtime.database, integration_id, action, one) is not None)
    return next(known, names[0])


def _of_site(caller: Caller) -> str:
    """In every key that a site's pages or its builder name: two sites of an account count their forms and orders for
    themselves. Nothing for callers who are no site."""
    key_id = site_key.id_of(caller)
    return "" if key_id is None else f"{key_id}:"


def of_caller(caller: Caller, request: Request) -> str | None:
    """The caller's own `Idempotency-Key`."""
    key, site = bodies.idempotency_key(request), _of_site(caller)
    return key if key is None or not site else f"key:{site}{hashlib.sha256(key.encode()).hexdigest()}"


def usual(runtime: Runtime, caller: Caller, action: str, body: Body, cleaned: bytes) -> list[str]:
    """What makes a double click, or a double hook, the same submission (row C10); for each key of the keyring."""
    site = _of_site(caller)
    if isinstance(body, SubmitOrder):
        return [of_order(runtime, caller, body)]
    integration, window = caller.require_integration(), int(runtime.clock.now().timestamp()) // _SAME_SECONDS
    digests = runtime.keyring.digests(cleaned, integration.id)
    if isinstance(body, SyncContact):
        profile = _of_profile(runtime, integration, body, digests)
        return profile or [f"profile:{one}:{window}" for one in digests]
    if isinstance(body, SubmitForm) and body.opened_at is not None:
        # The moment the page was opened is in it: the next visit is another submission.
        return [f"form:{site}{one}" for one in digests]
    before = [f"form:{site}{one}:{window - 1}" for one in digests]
    earlier = deliveries.by_key(runtime.database, integration.id, action, *before)
    if earlier is not None and runtime.clock.now() - earlier.created_at < timedelta(seconds=_SAME_SECONDS):
        return before
    return [f"form:{site}{one}:{window}" for one in digests]


def of_order(
    runtime: Runtime, caller: Caller, body: SubmitOrder, *, of_person: bool = False, made: int | None = None
) -> str:
    """Its number. Of a page's, and of a builder's (`of_person`), it is the order of whoever has sent the number first,
    and others have orders of their own: anybody can send a number before its shop does, a shop may begin to count anew,
    and two shops may share an address."""
    key = f"order:{_of_site(caller)}{body.order.number}"
    is_of_person = of_person or caller.kind == "site"
    return _of_its_person(runtime, caller, model.SUBMIT_ORDER, key, body.contact, made) if is_of_person else key


def _of_profile(runtime: Runtime, integration: Integration, body: SyncContact, digests: list[str]) -> list[str] | None:
    """An equal profile is the same one as long as the person has no other: what is changed back is a change."""
    person, within = marks(runtime, integration, body), timedelta(seconds=_SAME_SECONDS)
    before = superseded.latest(runtime.database, integration.id, model.SYNC_CONTACT, person, within)
    if before is None:
        return None
    is_same = before.request_hash.hex() in digests
    return [before.key] if is_same else [f"profile:{one}:{before.id}" for one in digests]


def marks(runtime: Runtime, integration: Integration, body: SyncContact) -> list[str]:
    country = settings_of(integration).phone_country
    return person_identity.marks(runtime.keyring, integration.id, body.contact, country)
