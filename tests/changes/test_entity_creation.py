"""What a form's delivery notes of the contact of its deal, so that whoever is told of changes knows whose they are."""

from tests.changes.conftest import Feed
from tests.submitting import form, submit


def test_a_form_is_the_maker_of_a_new_contact_and_only_links_one_that_is_there(quiet: Feed) -> None:
    """Else the new one is news, and what a person writes into the other by themselves is none."""
    story = quiet.story
    for comment in ("first", "again"):
        contact_id = submit(story, form(comment=comment))["lead"]["contact_id"]
    noted = story.sql(
        "SELECT entity_id, delivery_id IS NOT NULL, fingerprints - 'links' <> '{}' FROM amocrm_own_writes"
        " WHERE entity_type = 'contact' ORDER BY written_at"
    )
    assert noted == [(contact_id, True, True), (contact_id, False, False)]
