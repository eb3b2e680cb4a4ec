"""What an account holds, against what its people were promised: whose each note is, and goods, price, files, deals."""

from collections import Counter
from typing import Any
from uuid import UUID

from shared.deliveries.rows import reference

Shown = dict[str, Any]  # an account, as the simulator shows it
Promised = dict[str, dict[str, Any]]  # what was pressed by its key: `{name, body}`


def wrong(shown: Shown, lead: int, promised: Promised, stored: dict[str, UUID]) -> list[str]:
    """Violations. `lead`: the deal that all calculations belong to; `stored`: deliveries by key, in their order."""
    told: list[str] = []
    calculations = {key: line["body"] for key, line in promised.items() if line["name"] == "save_calculation"}
    forms = {key: line["body"] for key, line in promised.items() if line["name"] == "submit_form"}
    told += [f"{key} was accepted, and is not stored" for key in promised.keys() - stored.keys()]
    told += _wrong_notes(shown, lead, calculations, forms)
    told += _wrong_files(shown, lead, calculations, stored)
    told += _wrong_goods(shown, lead, calculations)
    told += _wrong_deals(shown, lead, forms)
    newest = next((calculations[key] for key in reversed(stored) if key in calculations), None)
    price = shown["leads"][str(lead)]["price"]
    if newest is not None and price != newest["calculation"]["total"]:
        told.append(f"deal {lead} costs {price}, its newest calculation {newest['calculation']['total']}")
    return told


def _wrong_notes(shown: Shown, lead: int, calculations: Promised, forms: Promised) -> list[str]:
    """Each key in one note: a calculation's at its deal, a form's at a deal of its own."""
    places: dict[str, list[str]] = {key: [] for key in [*calculations, *forms]}
    for place, notes in shown["notes"].items():
        for note in notes:
            text = str(note["params"].get("text", ""))
            for key in places:
                places[key] += [place] * (key in text)
    own = f"leads/{lead}"
    told = [f"calculation {key} has notes at {places[key]}" for key in calculations if places[key] != [own]]
    at = Counter(place for key in forms for place in places[key])
    for key in forms:
        match places[key]:
            case [place] if place.startswith("leads/") and place != own and at[place] == 1:
                pass
            case found:
                told.append(f"form {key} has notes at {found}, where {[at[place] for place in found]} forms are")
    return told


def _wrong_files(shown: Shown, lead: int, calculations: Promised, stored: dict[str, UUID]) -> list[str]:
    files = Counter(one["name"].removesuffix(".pdf")[-8:] for one in shown["files"].values())
    by_mark = {one["name"].removesuffix(".pdf")[-8:]: one["uuid"] for one in shown["files"].values()}
    attached = Counter(shown["attached"].get(str(lead), []))
    in_feed = Counter(note["params"].get("file_uuid") for note in shown["notes"].get(f"leads/{lead}", []))
    told = []
    for key, body in calculations.items():
        wanted = int(body["options"]["pdf"] == "render")
        if key not in stored:
            continue
        mark = reference(stored[key]).removeprefix("ref:")[:8]
        uuid = by_mark.get(mark, mark)
        found = {"files": files[mark], "attached": attached[uuid], "in the feed": in_feed[uuid]}
        if set(found.values()) != {wanted}:
            told.append(f"calculation {key} at deal {lead} has {found}, wanted {wanted}")
    extra = sum(files.values()) - sum(body["options"]["pdf"] == "render" for body in calculations.values())
    return told + ([f"{extra} files too many"] if extra > 0 else [])


def _wrong_goods(shown: Shown, lead: int, calculations: Promised) -> list[str]:
    """Whatever several calculations share is one element, linked once, with the quantity that each of them has."""
    names = {int(id_): one["name"] for of_list in shown["elements"].values() for id_, one in of_list.items()}
    linked = Counter(
        (names.get(one["to_entity_id"]), float((one.get("metadata") or {}).get("quantity") or 0))
        for one in shown["links"].get(str(lead), [])
        if one["to_entity_type"] == "catalog_elements"
    )
    items = [item for body in calculations.values() for item in body["calculation"]["items"]]
    wanted = Counter({(item["name"], float(item["quantity"])): 1 for item in items})
    elements = Counter(names.values())
    told = [f"{name} is {elements[name]} elements" for name in {one["name"] for one in items} if elements[name] != 1]
    if linked != wanted:
        told.append(f"deal {lead} has the goods {linked - wanted} too many, and lacks {wanted - linked}")
    return told


def _wrong_deals(shown: Shown, lead: int, forms: Promised) -> list[str]:
    """As many deals as forms, each with the contact that its own form brought."""
    made = [one for one in shown["leads"].values() if one["id"] != lead]
    told = [] if len(made) == len(forms) else [f"{len(forms)} forms made {len(made)} deals"]
    for deal in made:
        notes = shown["notes"].get(f"leads/{deal['id']}", [])
        key = next((key for key in forms for note in notes if key in str(note["params"].get("text", ""))), None)
        if key is None:
            continue  # told already
        links = shown["links"].get(str(deal["id"]), [])
        people = [shown["contacts"][str(one["to_entity_id"])] for one in links if one["to_entity_type"] == "contacts"]
        phones = [_phones(one) for one in people]
        if len(people) != 1 or forms[key]["contact"]["phone"].lstrip("+") not in phones[0]:
            told.append(f"deal {deal['id']} of form {key} has contacts with {phones}")
    return told


def _phones(contact: dict[str, Any]) -> list[str]:
    fields = contact.get("custom_fields_values") or []
    values = [value["value"] for one in fields if one.get("field_code") == "PHONE" for value in one["values"]]
    return ["".join(filter(str.isdigit, str(value))) for value in values]
