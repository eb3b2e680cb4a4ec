"""What an account holds, against what its people were promised: whose each note is, and goods, price, files, deals.

What a lost database had accepted may be there or not, once at the most: `maybe`.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from shared.deliveries.rows import reference

Shown = dict[str, Any]  # an account, as the simulator shows it
Promised = dict[str, dict[str, Any]]  # what was pressed by its key: `{name, body}`


def wrong(
    shown: Shown,
    lead: int,
    promised: Promised,
    stored: dict[str, UUID],
    maybe: Promised | None = None,
    prices: set[int] | None = None,
) -> list[str]:
    """Violations. `lead`: the deal that all calculations belong to; `stored`: deliveries by key, in their order;
    `maybe`: what else was pressed, and is promised no more; `prices`: what the deal may cost, where it is not the price
    of the newest that is stored."""
    told: list[str] = []
    calculations, forms = _of(promised, "save_calculation"), _of(promised, "submit_form")
    lost, lost_forms = _of(maybe or {}, "save_calculation"), _of(maybe or {}, "submit_form")
    told += [f"{key} was accepted, and is not stored" for key in promised.keys() - stored.keys()]
    places = note_places(shown, [*calculations, *forms, *lost, *lost_forms])
    told += _wrong_notes(lead, places, calculations, forms, lost, lost_forms)
    told += _wrong_files(shown, lead, calculations, stored, lost)
    told += _wrong_goods(shown, lead, calculations, lost)
    told += _wrong_deals(shown, lead, forms, lost_forms)
    newest = next((calculations[key] for key in reversed(stored) if key in calculations), None)
    if prices is None:
        prices = set() if newest is None else {newest["calculation"]["total"]}
    price = shown["leads"][str(lead)]["price"]
    if prices and price not in prices:
        told.append(f"deal {lead} costs {price}, its newest calculation {' or '.join(map(str, sorted(prices)))}")
    return told


def note_places(shown: Shown, keys: Iterable[str]) -> dict[str, list[str]]:
    """Where the notes of each key are, `leads/7`."""
    places: dict[str, list[str]] = {key: [] for key in keys}
    for place, notes in shown["notes"].items():
        for note in notes:
            text = str(note["params"].get("text", ""))
            for key in places:
                places[key] += [place] * (key in text)
    return places


def _of(promised: Promised, name: str) -> Promised:
    return {key: line["body"] for key, line in promised.items() if line["name"] == name}


def _wrong_notes(
    lead: int,
    places: dict[str, list[str]],
    calculations: Promised,
    forms: Promised,
    lost: Promised,
    lost_forms: Promised,
) -> list[str]:
    """Each key in one note: a calculation's at its deal, a form's at a deal of its own."""
    own = f"leads/{lead}"
    told = [f"calculation {key} has notes at {places[key]}" for key in calculations if places[key] != [own]]
    told += [f"calculation {key} has notes at {places[key]}" for key in lost if places[key] not in ([], [own])]
    at = Counter(place for key in [*forms, *lost_forms] for place in places[key])
    for key in [*forms, *lost_forms]:
        match places[key]:
            case [place] if place.startswith("leads/") and place != own and at[place] == 1:
                pass
            case [] if key in lost_forms:
                pass
            case found:
                told.append(f"form {key} has notes at {found}, where {[at[place] for place in found]} forms are")
    return told


def _wrong_files(shown: Shown, lead: int, calculations: Promised, stored: dict[str, UUID], lost: Promised) -> list[str]:
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
    most = sum(body["options"]["pdf"] == "render" for body in [*calculations.values(), *lost.values()])
    extra = sum(files.values()) - most
    return told + ([f"{extra} files too many"] if extra > 0 else [])


def _wrong_goods(shown: Shown, lead: int, calculations: Promised, lost: Promised) -> list[str]:
    """Whatever several calculations share is one element, linked once, with the quantity that each of them has."""
    names = {int(id_): one["name"] for of_list in shown["elements"].values() for id_, one in of_list.items()}
    linked = Counter(
        (str(names.get(one["to_entity_id"])), float((one.get("metadata") or {}).get("quantity") or 0))
        for one in shown["links"].get(str(lead), [])
        if one["to_entity_type"] == "catalog_elements"
    )
    wanted, perhaps = _goods(calculations), _goods(lost)
    elements = Counter(names.values())
    needed = {name for name, _ in wanted}
    told = [f"{name} is {elements[name]} elements" for name in needed if elements[name] != 1]
    told += [f"{name} is {elements[name]} elements" for name in {one for one, _ in perhaps} if elements[name] > 1]
    if linked - (wanted | perhaps) or wanted - linked:
        told.append(f"deal {lead} has the goods {linked - (wanted | perhaps)} too many, and lacks {wanted - linked}")
    return told


def _goods(calculations: Promised) -> Counter[tuple[str, float]]:
    items = [item for body in calculations.values() for item in body["calculation"]["items"]]
    return Counter({(str(item["name"]), float(item["quantity"])): 1 for item in items})


def _wrong_deals(shown: Shown, lead: int, forms: Promised, lost: Promised) -> list[str]:
    """As many deals as forms, each with the contact that its own form brought."""
    made = [one for one in shown["leads"].values() if one["id"] != lead]
    is_right = len(forms) <= len(made) <= len(forms) + len(lost)
    told = [] if is_right else [f"{len(forms)} forms made {len(made)} deals"]
    forms = forms | lost
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
