"""The facts of searches: by words, a while later, and for a while after something was deleted. See `cli.probe.fact`."""

from typing import Any

from cli.probe.fact import NotTriedError, Observation, fact, soon
from cli.probe.lab import Lab
from shared.amocrm.errors import NotFoundError
from shared.amocrm.filtered_reads import embedded


@fact("search.words", "What of a word does a search find it by?", "its beginning")
def parts_of_words(lab: Lab) -> str:
    word = "functions"  # of what stands in all our names; no digits, which are searched as a phone's
    assert word in lab.mark

    def finds(query: str) -> bool:
        return any(one["id"] == lab.lead_id for one in _found(lab, "leads", query))

    if lab.wait_for(lambda: finds(word)) is None:
        return "nothing"
    if finds(word[3:]):
        return "any part"
    return "its beginning" if finds(word[:5]) else "the whole word"


@fact("search.lag", "Does a search of a list find what was made?", "yes")
def search_of_a_list(lab: Lab) -> Observation:
    path = f"/catalogs/{lab.list_id}/elements"
    made = embedded(lab.api.send("POST", path, json=[{"name": f"{lab.mark} sought"}]), "elements")
    query = {"query": f"{lab.mark} sought"}

    def is_found() -> bool:
        found = embedded(lab.api.send("GET", path, params=query), "elements")
        return any(one["id"] == made[0]["id"] for one in found)

    return soon(lab, is_found)


@fact("search.deleted", "Does a search forget a contact that was deleted?", "yes")
def deleted_contact(lab: Lab) -> Observation:
    name = f"{lab.mark} forgotten"
    made = embedded(lab.api.send("POST", "/contacts", json=[{"name": name}]), "contacts")
    contact_id = lab.made("contacts", made[0]["id"])

    def is_found() -> bool:
        return any(one["id"] == contact_id and not one.get("is_deleted") for one in _found(lab, "contacts", name))

    if lab.wait_for(is_found) is None:
        raise NotTriedError("the search did not find the contact at all")
    try:
        lab.delete("contacts", contact_id)
    except NotFoundError:
        raise NotTriedError("the contact could not be deleted") from None
    return soon(lab, lambda: not is_found())


def _found(lab: Lab, kind: str, query: str) -> list[dict[str, Any]]:
    return embedded(lab.api.send("GET", f"/{kind}", params={"query": query, "limit": 250}), kind)
