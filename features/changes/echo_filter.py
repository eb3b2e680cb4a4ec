"""What we have written ourselves: it does not come back as news (row H5).

What a calculation sets in its deal is said by the delivery, before the write; whatever else we write into a deal or
contact, or make it with, by `amocrm_own_writes`.
"""

import base64
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from features.changes.diff import Entity
from features.changes.feeds import SETTLE
from shared.amocrm import budgets, entity_fields
from shared.deliveries import note_marks
from shared.platform.money import budget
from shared.storage import own_writes
from shared.storage.database import Database
from shared.storage.encryption import Keyring

# Deliveries whose write may be newer than what was known: those that are under way, or were when it was read. Of each
# deal, by its own time: an older write of ours must not pass for a person's later one. Where that step is done its time
# counts, whatever else of the delivery waits: a quotation may for days. (A story keeps its latest entries only.)
_OF_DEALS = """
SELECT d.lead_id, d.summary -> 'deal' AS deal, d.steps #> '{deal,result}' AS result
FROM unnest(%(ids)s::bigint[], %(since)s::timestamptz[]) AS wanted (id, since)
JOIN amocrm_deliveries d ON d.integration_id = %(integration_id)s AND d.lead_id = wanted.id
WHERE d.summary ? 'deal' AND d.steps ? 'deal' AND CASE WHEN d.steps #>> '{deal,state}' = 'done'
    THEN coalesce((SELECT max((told ->> 'at')::timestamptz) FROM jsonb_array_elements(d.story) AS told
        WHERE told ->> 'kind' = 'step_done' AND told ->> 'step' = 'deal'), d.created_at) >= wanted.since
    ELSE d.state = 'accepted' OR d.updated_at >= wanted.since END
"""
_OF_NOTE = """
SELECT count(*) FROM amocrm_deliveries WHERE integration_id = %(integration_id)s AND lead_id = %(lead_id)s
  AND jsonb_path_exists(steps, '$.*.result ? (@.note_id == $id || @.file_uuid == $uuid)',
      jsonb_build_object('id', %(id)s::bigint, 'uuid', %(uuid)s::text))
"""
_BY_PREFIX = """
SELECT count(*) FROM amocrm_deliveries WHERE integration_id = %(integration_id)s AND id BETWEEN %(first)s AND %(last)s
"""
# Not of a copy, which has our mark, too: the delivery has made another deal.
_OF_LEAD = """
SELECT id FROM amocrm_deliveries WHERE integration_id = %(integration_id)s AND id BETWEEN %(first)s AND %(last)s
  AND coalesce((coalesce(steps -> 'lead', steps -> 'incoming_lead') -> 'result' ->> 'lead_id')::bigint, %(lead_id)s)
      = %(lead_id)s
"""
_OF_CONTACT = """
SELECT id FROM (
    SELECT id, steps FROM amocrm_deliveries
    WHERE integration_id = %(integration_id)s AND created_at > amocrm_now() - interval '1 day'
    ORDER BY created_at DESC LIMIT 1000) AS latest
WHERE jsonb_path_exists(steps, '$.*.result ? (@.contact_id == $id && @.created == true)',
    jsonb_build_object('id', %(id)s::bigint))
LIMIT 1
"""
# Of what has come to the deal or the person, however long ago: a write that amoCRM refuses for a day is noted then.
_STEPS_OF_LEAD = """
SELECT id, summary #>> '{told,content}' AS content, jsonb_object_keys(steps) AS name FROM amocrm_deliveries
WHERE integration_id = %(integration_id)s AND lead_id = %(parent_id)s
UNION ALL
SELECT id, summary #>> '{told,content}', jsonb_object_keys(steps) FROM amocrm_deliveries
WHERE integration_id = %(integration_id)s AND lead_id IS NULL
  AND coalesce(steps -> 'lead', steps -> 'incoming_lead') -> 'result' -> 'lead_id' = to_jsonb(%(parent_id)s::bigint)
"""
_STEPS_OF_CONTACT = """
SELECT id, summary #>> '{told,content}' AS content, jsonb_object_keys(steps) AS name FROM (
    SELECT id, summary, steps FROM amocrm_deliveries
    WHERE integration_id = %(integration_id)s
      AND (state = 'accepted' OR updated_at >= to_timestamp(%(made_at)s) - interval '1 hour')
    ORDER BY created_at DESC LIMIT 10000) AS latest
WHERE jsonb_path_exists(steps, '$.*.result ? (@.contact_id == $id)',
    jsonb_build_object('id', %(parent_id)s::bigint))
"""
_CREATING = """
SELECT count(*) FROM amocrm_deliveries WHERE integration_id = %(integration_id)s AND state = 'accepted'
  AND lead_id IS NULL AND jsonb_path_exists(steps, '$.* ? (@.state == "started")') AND lease_until > amocrm_now()
"""
# Signs of ours: a deal's name ends with ten of the delivery's id in base32, a note has `ref:` and 26 in base16.
_MARK: Final = re.compile(r"\b[A-Z2-7]{10}\b")
_REFERENCE: Final = re.compile(r"\bref:([0-9a-f]{26})\b")


class _Deal(Struct, frozen=True):
    """`deal`: what was to be written; `result`: what was, which may be rounded, or without a budget of another
    currency."""

    lead_id: int
    deal: dict[str, Any]
    result: dict[str, Any] | None = None

    def values(self) -> dict[str, Any]:
        if self.result is None:
            return self.deal
        is_left_out = "price" not in self.result and self.result.keys() & {"skipped", "told"}
        kept = {name: value for name, value in self.deal.items() if name != "price" or not is_left_out}
        return kept | {name: self.result[name] for name in kept if name in self.result}


class _Made(Struct, frozen=True):
    id: UUID


class _Step(Struct, frozen=True):
    id: UUID
    name: str
    content: str | None


class OwnWrites(Struct, frozen=True):
    """What we have set in one entity, or may have: values by the deliveries that say them, fingerprints of others."""

    values: list[dict[str, Any]]
    prints: dict[str, set[str]]


NOTHING: Final = OwnWrites([], {})


class EchoFilter(Struct, frozen=True):
    """Answers for one connection."""

    database: Database
    keyring: Keyring
    integration_id: UUID

    def written(self, entity_type: str, since: Mapping[int, datetime]) -> dict[int, OwnWrites]:
        """Deal or contact -> what we have set in it, or may have, since it was read at its time."""
        # vendor: lists.behind - what we wrote just before may not have been in what was read.
        since = {id_: at - SETTLE for id_, at in since.items()}
        prints = own_writes.since(self.database, self.integration_id, entity_type, since)
        found = {id_: OwnWrites([], members_of_it) for id_, members_of_it in prints.items()}
        parameters = {"integration_id": self.integration_id, "ids": list(since), "since": list(since.values())}
        for row in self.database.all(_Deal, _OF_DEALS, parameters) if entity_type == "lead" else ():
            found.setdefault(row.lead_id, OwnWrites([], {})).values.append(row.values())
        return found

    def ours(self, entity: Entity, written: OwnWrites) -> set[str]:
        """The members that are as we have written them."""
        found = {name for one in written.values for name, value in one.items() if _has(entity, name, value)}
        found |= written.prints.keys() & {own_writes.LINKS}
        for name, prints in written.prints.items():
            may_be = entity_fields.readings(entity, name)
            if any(prints & own_writes.fingerprints(self.keyring, self.integration_id, one) for one in may_be):
                found.add(name)
        return found

    def maker(
        self,
        entity_type: str,
        entity: Entity,
        written: OwnWrites = NOTHING,
        *,
        is_new: bool,
        earlier: Callable[[], Mapping[str, Collection[str]]],
    ) -> UUID | None:
        """The delivery that has made this deal or contact. `written`: what we have set in it since. `is_new`: amoCRM
        says that it was made. `earlier`: what its members were before somebody changed them; asked for only while the
        answer to such a write is missing."""
        id_ = int(entity["id"])
        if (known := own_writes.maker(self.database, self.integration_id, entity_type, id_)) is not None:
            return known
        if entity_type != "lead":
            # What older code has made was not noted; it is looked for among the latest deliveries.
            is_sought = is_new and entity_type == "contact"
            made = self._made(_OF_CONTACT, {"integration_id": self.integration_id, "id": id_}) if is_sought else None
            return made or self._making(entity_type, entity, written, earlier)
        if (marked := self._marked(id_, str(entity.get("name") or ""))) is not None:
            return marked
        is_open = own_writes.unanswered(self.database, self.integration_id, entity_type)
        found = (self._marked(id_, name) for name in (earlier().get("name", ()) if is_open else ()))
        return next((one for one in found if one is not None), None)

    def _marked(self, lead_id: int, name: str) -> UUID | None:
        prefixes = [base64.b32decode(mark + "======").hex()[:12] for mark in _MARK.findall(name)[-3:]]
        found = (self._made(_OF_LEAD, self._deliveries(prefix) | {"lead_id": lead_id}) for prefix in prefixes)
        return next((one for one in found if one is not None), None)

    def _making(
        self,
        entity_type: str,
        entity: Entity,
        written: OwnWrites,
        earlier: Callable[[], Mapping[str, Collection[str]]],
    ) -> UUID | None:
        """A delivery whose answer was lost, or is still to come, and that makes just this."""
        is_open = own_writes.unanswered(self.database, self.integration_id, entity_type)

        def made_by(before: Mapping[str, Collection[str]]) -> own_writes.Unanswered | None:
            return next((one for one in is_open if self._is_made_by(one, entity, written, before)), None)

        if not is_open:
            return None
        # What was before is asked of amoCRM: only where it is not found by its own.
        found = made_by({}) or made_by(earlier())
        if found is None:
            return None
        own_writes.recognised(self.database, found.id, int(entity["id"]))
        return found.delivery_id

    def _is_made_by(
        self,
        making: own_writes.Unanswered,
        entity: Entity,
        written: OwnWrites,
        before: Mapping[str, Collection[str]],
    ) -> bool:
        """Each member is as it was made, or was so `before` somebody changed it, or is as we have changed it since.
        What we have set there later is not what it was made with: there would have been nothing to set."""
        made, ours = self.ours(entity, OwnWrites([], making.members)), self.ours(entity, written)
        made |= {
            name
            for name, texts in before.items()
            for text in texts
            if making.members.get(name, set()) & own_writes.fingerprints(self.keyring, self.integration_id, text)
        }

        def is_explained(name: str, prints: set[str]) -> bool:
            later = written.prints.get(name, set())
            return (name in made or name in ours) and (name == own_writes.LINKS or not later or bool(later - prints))

        return all(is_explained(name, prints) for name, prints in making.members.items())

    def at_making(self, entity_type: str, maker: UUID) -> OwnWrites:
        """What that delivery has made it with."""
        return OwnWrites([], own_writes.at_making(self.database, self.integration_id, entity_type, maker))

    def _made(self, query: str, parameters: dict[str, Any]) -> UUID | None:
        found = self.database.one(_Made, query, parameters)
        return None if found is None else found.id

    def is_creating(self) -> bool:
        """A submission is under way at this moment, whose person or deal may have come about already."""
        return self.database.number(_CREATING, {"integration_id": self.integration_id}) > 0

    def made_note(self, parent: str, parent_id: int, note: Entity) -> bool:
        content = note.get("params") or {}
        text = str(content.get("text") or "")
        references = _REFERENCE.findall(text)[-3:]
        if any(self._is_delivery(one) for one in references):
            return True
        if references and self._are_of_steps(references, text, parent, parent_id, int(note.get("created_at") or 0)):
            return True
        if parent != "lead":
            return False
        wanted = {"id": int(note["id"]), "uuid": str(content.get("file_uuid") or "-")}
        parameters = {"integration_id": self.integration_id, "lead_id": parent_id}
        return self.database.number(_OF_NOTE, parameters | wanted) > 0

    def _are_of_steps(self, references: Collection[str], text: str, parent: str, parent_id: int, made_at: int) -> bool:
        """A step that writes a note beside its delivery's own has a reference of its own: of both their names. So has
        each note of a text that is too long for one, but for the last."""
        statement = _STEPS_OF_LEAD if parent == "lead" else _STEPS_OF_CONTACT
        parameters = {"integration_id": self.integration_id, "parent_id": parent_id, "made_at": made_at}
        steps = self.database.all(_Step, statement, parameters)
        possible = (mark for step in steps for mark in note_marks.possible(step.id, step.name, step.content, text))
        return any(mark.removeprefix("ref:") in references for mark in possible)

    def _is_delivery(self, prefix: str) -> bool:
        return self.database.number(_BY_PREFIX, self._deliveries(prefix)) > 0

    def _deliveries(self, prefix: str) -> dict[str, Any]:
        """Those whose ids begin so."""
        first, last = (UUID(prefix.ljust(32, sign)) for sign in "0f")
        return {"integration_id": self.integration_id, "first": first, "last": last}


def _has(entity: Entity, name: str, value: Any) -> bool:
    """Also the rounded budget, which an account without cents has been given."""
    if name != "price":
        return bool(entity.get(name) == value)
    amount, there = Decimal(str(value)), budgets.of(entity)
    return there == amount or (not budgets.shows_cents(entity) and there == budget(amount))
