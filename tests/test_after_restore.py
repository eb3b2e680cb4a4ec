"""37-3: after the database was restored from a backup, what was accepted since and is repeated is in amoCRM once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from functions.run_deliveries.run import run as run_deliveries
from shared.deliveries.rows import reference
from shared.platform.config import load
from shared.runtime import Runtime
from shared.storage import retention
from shared.storage.encryption import generate_key
from tests.backups import Backup
from tests.story import Story, calculation, json_of
from tests.submitting import account, form, lead_of, order, set_up

_ALL = {"options": {"products": True, "pdf": "render", "update_price": True}}


def _save(story: Story, key: str = "k-1", body: Any = None, status: int = 200) -> Any:
    headers = story.application() | {"X-Lead-Id": str(story.lead_id), "Idempotency-Key": key}
    answer = story.crm("save_calculation", headers, body or calculation() | _ALL)
    assert answer.status == status, answer.body.decode()
    return json_of(answer)


def _send(story: Story, action: str, body: Any, key: str | None = "k-1") -> Any:
    answer = story.crm(action, story.application() | ({"Idempotency-Key": key} if key else {}), body)
    assert answer.status == 200, answer.body.decode()
    return json_of(answer)


def _made(story: Story) -> dict[str, Any]:
    """What the account holds, with what nobody writes left out: who looked when."""
    shown = account(story)
    counted = ("leads", "contacts", "files", "tasks", "incoming")
    return {
        **{name: len(shown[name]) for name in counted},
        "notes": sum(map(len, shown["notes"].values())),
        "attached": sum(map(len, shown["attached"].values())),
        "links": sum(map(len, shown["links"].values())),
        "price": shown["leads"][str(story.lead_id)]["price"],
    }


# --- repeated, it is there once -----------------------------------------------------------------------------------


def test_37_3_without_the_mark_a_repeated_write_is_written_twice(story: Story, backup: Backup) -> None:
    """What it is all for."""
    first, before = _save(story), _made(story)
    backup.restore_in_silence()
    assert _save(story)["delivery_id"] == first["delivery_id"]
    assert _made(story)["notes"] > before["notes"]


@pytest.mark.parametrize("key", ["k-1", None])
def test_37_3_a_calculation(story: Story, backup: Backup, key: str | None) -> None:
    """With the caller's key, or without one: an equal calculation is the same."""
    headers = story.application() | {"X-Lead-Id": str(story.lead_id)} | ({"Idempotency-Key": key} if key else {})
    body = calculation() | _ALL
    first = json_of(story.crm("save_calculation", headers, body))
    before = _made(story)
    backup.restore_after(hours=3)
    again = story.crm("save_calculation", headers | story.application(), body)
    assert again.status == 200, again.body.decode()
    assert json_of(again)["delivery_id"] == first["delivery_id"]
    results, former = json_of(again)["results"], first["results"]
    assert {name: results[name] for name in ("note", "pdf_note")} == {
        name: former[name] for name in ("note", "pdf_note")
    }
    assert _made(story) == before


@pytest.mark.parametrize("action", ["submit_form", "submit_order", "sync_contact"])
@pytest.mark.parametrize("mode", ["lead", "incoming_lead"])
def test_37_3_forms_orders_and_profiles(story: Story, backup: Backup, action: str, mode: str) -> None:
    body = {"submit_form": form(comment="Жду"), "submit_order": order(), "sync_contact": {"contact": form()["contact"]}}
    places = {"forms": {"mode": mode}, "orders": {"mode": "lead"}}
    set_up(story, **places)
    backup.take()
    first, before = _send(story, action, body[action]), _made(story)
    backup.restore_after(hours=3)
    repeated = _send(story, action, body[action])
    assert (repeated["delivery_id"], _made(story)) == (first["delivery_id"], before)
    assert _send(story, action, body[action], "another key")["delivery_id"] != first["delivery_id"]
    assert _made(story) != before or action == "sync_contact"


def test_37_3_a_form_whose_deal_somebody_has_renamed(story: Story, backup: Backup) -> None:
    first = _send(story, "submit_form", form())
    facts = {"domain": story.domain, "kind": "leads", "id": int(lead_of(story, first["results"])["id"])}
    story.simulator.control("person", fields={"name": "Орлова, кухня"}, **facts)
    before = _made(story)
    backup.restore_after(hours=3)
    _send(story, "submit_form", form())
    assert _made(story) == before


def test_37_3_what_was_half_done_is_finished(story: Story, backup: Backup) -> None:
    """The note was written when the database was lost."""
    story.simulator.fault("status", status=503, path=r"/api/v4/leads/\d+", method="PATCH")
    first = _save(story, status=202)
    assert first["state"] == "accepted"
    backup.restore()
    _save(story)
    assert _made(story)["price"] == 18000
    assert sum("ref:" in note["params"].get("text", "") for note in story.notes()) == 1


def test_37_3_what_was_accepted_before_the_backup_is_found_as_before(story: Story, backup: Backup) -> None:
    story.simulator.fault("status", status=503, path=r"/api/v4/leads/\d+", method="PATCH")
    _save(story, status=202)
    backup.take()
    story.clock.advance(minutes=5)
    assert run_deliveries(story.runtime, 20)["delivered"] == 1
    before = _made(story)
    backup.restore()
    story.clock.advance(minutes=5)
    assert run_deliveries(story.runtime, 20)["delivered"] == 1
    assert _made(story) == before


def test_37_3_another_body_under_the_same_key_is_another_write(story: Story, backup: Backup) -> None:
    """It would be refused, if anybody remembered the first; it is not taken for it."""
    _save(story)
    backup.restore()
    _save(story, body=calculation(title="Другая") | _ALL)
    texts = [note["params"].get("text", "") for note in story.notes()]
    assert sum("Другая" in text for text in texts) == 1


def test_37_3_what_the_backup_has_unfinished_and_was_finished_after_it_is_not_done_again(
    story: Story, backup: Backup
) -> None:
    """Its later steps had not begun at the backup: nobody has marked them as perhaps done."""
    story.simulator.fault("status", status=503, path="/v1.0/sessions", method="POST", times=1)
    story.simulator.fault("status", status=503, path="/api/v4/leads", method="POST", times=1)
    story.simulator.fault("status", status=503, path="/api/v4/leads/complex", method="POST", times=1)
    _save(story, status=202)
    queued = story.application() | {"Idempotency-Key": "form"}
    assert story.crm("submit_form", queued, form(comment="Жду")).status == 202
    backup.take()
    story.clock.advance(minutes=5)
    assert run_deliveries(story.runtime, 20)["delivered"] == 2
    before = _made(story)
    backup.restore()
    story.clock.advance(minutes=5)
    assert run_deliveries(story.runtime, 20)["delivered"] == 2
    assert _made(story) == before


_NEWER = calculation(discount=0, total="18499.99") | _ALL


def _lost_with_a_newer_one(story: Story, backup: Backup) -> dict[str, Any]:
    """Two calculations, `k-1` and then `k-2`, are not known any more; what the account holds."""
    _save(story, "k-1")
    _save(story, "k-2", _NEWER)
    made = _made(story)
    assert made["price"] == 18500
    backup.restore()
    return made


@pytest.mark.parametrize("number", ["2026-17", None])
def test_37_3_a_title_that_counts_sheets_is_no_piece_of_a_long_note(
    story: Story, backup: Backup, number: str | None
) -> None:
    newer = calculation(discount=0, total="18499.99", title="Смета (1/2)", number=number) | _ALL
    _save(story, "k-1")
    _save(story, "k-2", newer)
    before = _made(story)
    backup.restore()
    assert _save(story, "k-1")["results"]["deal"] == {"superseded": True}
    assert _made(story) == before


def test_37_3_an_older_calculation_does_not_set_back_what_a_newer_one_has_set(story: Story, backup: Backup) -> None:
    """Nobody remembers either, and the newer one is not repeated."""
    before = _lost_with_a_newer_one(story, backup)
    assert _save(story, "k-1")["results"]["deal"] == {"superseded": True}
    assert _made(story) == before


def test_37_3_nor_where_the_newer_one_is_repeated_before_it(story: Story, backup: Backup) -> None:
    before = _lost_with_a_newer_one(story, backup)
    _save(story, "k-2", _NEWER)
    assert _save(story, "k-1")["results"]["deal"] == {"superseded": True}
    assert _made(story) == before


def test_37_3_a_note_that_sets_nothing_does_not_stand_for_a_newer_calculation(story: Story, backup: Backup) -> None:
    """The note is written, the budget is not; before the next attempt something else of ours is noted in the deal."""
    backup.restore()
    story.simulator.fault("status", status=503, path=r"/api/v4/leads/\d+", method="PATCH")
    assert _save(story, status=202)["state"] == "accepted"
    _save(story, "k-2", calculation(title="Другая") | {"options": {"update_price": False}})
    story.clock.advance(minutes=5)
    assert run_deliveries(story.runtime, 20)["delivered"] == 1
    assert _made(story)["price"] == 18000


def test_37_3_the_pieces_of_a_long_text_do_not_stand_for_a_newer_calculation(story: Story, backup: Backup) -> None:
    """34-8: all but the last bear a mark of their own, of which no row is known."""
    backup.restore()
    story.simulator.fault("status", status=503, path=r"/api/v4/leads/\d+", method="PATCH")
    assert _save(story, status=202)["state"] == "accepted"
    other = _save(story, "k-2", calculation(title="Другая") | {"options": {"update_price": False}})
    story.simulator.control("no-faults")

    def noted(api: Any) -> None:
        own = (uuid4(), uuid4(), UUID(other["delivery_id"]))
        titles = ("Заявка: дверь (белая)", "Заявка: дверь (белая) (2/3)", "Заявка: дверь (белая) (3/3)")
        for title, id_ in zip(titles, own, strict=True):
            api.add_note(story.lead_id, f"{title}\n\nтекст\n\n{reference(id_)}", "leads")

    story.runtime.connections.call(story.row(), noted)
    story.clock.advance(minutes=5)
    assert run_deliveries(story.runtime, 20)["delivered"] == 1
    assert _made(story)["price"] == 18000


# --- what it costs, and when it ends ------------------------------------------------------------------------------


def _calls(story: Story, work: Callable[[], Any]) -> list[str]:
    story.simulator.control("forget")
    work()
    return sorted(one["path"] for one in story.simulator.requests("/api/v4"))


def test_37_3_nothing_is_looked_for_but_after_a_restore(story: Story, backup: Backup) -> None:
    _save(story, "warm")
    usual = _calls(story, lambda: _save(story, "k-1"))
    backup.restore("--days", "2")
    looking = _calls(story, lambda: _save(story, "k-2"))
    assert len(looking) > len(usual)
    story.clock.advance(days=2, hours=1)
    assert len(_calls(story, lambda: _save(story, "k-3"))) == len(usual)


def test_37_3_the_moment_of_the_backup_bounds_what_is_read(story: Story, backup: Backup) -> None:
    lost_since = f"{story.clock.now():%Y-%m-%dT%H:%M:%S}"
    told = backup.command("mark-restored", "--lost-since", lost_since)
    assert f"since {lost_since.replace('T', ' ')[:16]} UTC" in told.output
    assert backup.command("mark-restored").exit_code == 0  # once more, and wider
    assert story.sql("SELECT count(*) FROM amocrm_restores") == [(2,)]


def test_37_3_a_moment_to_come_is_refused(story: Story, backup: Backup) -> None:
    """Most likely it is somebody's local time: what was made before it would not be looked for."""
    told = backup.command("mark-restored", "--lost-since", f"{story.clock.now() + timedelta(hours=3):%Y-%m-%dT%H:%M}")
    assert (told.exit_code, "name its zone" in told.output) == (1, True), told.output
    assert story.sql("SELECT count(*) FROM amocrm_restores") == [(0,)]


@pytest.mark.long
@pytest.mark.parametrize("is_restored", [True, False])
def test_37_3_a_key_that_is_used_again_after_its_days_is_another_write(
    story: Story, backup: Backup, is_restored: bool
) -> None:
    """It has the same mark as the first, whose note, file and deal are there."""
    _send(story, "submit_form", form())
    first = _save(story)
    story.clock.advance(days=31)
    for _ in range(2):
        retention.run(story.runtime.database, story.runtime.settings, story.clock)
    if is_restored:
        assert backup.command("mark-restored").exit_code == 0
    before = _made(story)
    story.simulator.fault("reset_after", path=r"/api/v4/leads/\d+/notes", method="POST")
    story.simulator.fault("status", status=500, path="/api/v4/leads", method="POST")
    again = _save(story, status=202)
    assert again["delivery_id"] == first["delivery_id"]
    assert story.crm("submit_form", story.application() | {"Idempotency-Key": "k-1"}, form()).status == 202
    story.clock.advance(minutes=5)
    run_deliveries(story.runtime, 20)
    after = _made(story)
    assert (after["files"], after["leads"]) == (before["files"] + 1, before["leads"] + 1)
    marked = [note for note in story.notes() if reference(UUID(first["delivery_id"])) in str(note["params"])]
    assert len(marked) == 2


# --- ids ----------------------------------------------------------------------------------------------------------


def test_37_3_an_id_is_not_to_be_guessed_and_follows_from_the_first_key(
    story: Story, environment: dict[str, str]
) -> None:
    """Whoever knew the mark of an order to come could put it into a deal beforehand, and the order would be lost."""
    own = story.runtime.keyring.name_of("submit_order:order:1042", story.row().id)
    others = [
        story.runtime.keyring.name_of("submit_order:order:1043", story.row().id),
        story.runtime.keyring.name_of("submit_order:order:1042", UUID(int=1)),
    ]
    assert own.version == 8
    assert own not in others
    old = environment["ENCRYPTION_KEYS"]
    for keys, is_same in ((f"{old},k9:{generate_key()}", True), (f"k9:{generate_key()},{old}", False)):
        runtime = Runtime.build(load(environment | {"ENCRYPTION_KEYS": keys}), story.clock)
        assert (runtime.keyring.name_of("submit_order:order:1042", story.row().id) == own) is is_same
        runtime.close()
