"""Calculators as they were written before formulas: products of fields, and conditions on one field. What was kept then
is read as what it means now.
"""

from typing import Any


def upgraded(document: dict[str, Any]) -> dict[str, Any]:
    """The same calculator with formulas; a document that has them already is returned as it is."""
    made = dict(document)
    made["items"] = [_item(item) for item in document.get("items", [])]
    made["rules"] = [_rule(rule) for rule in document.get("rules", [])]
    return made


def _item(item: dict[str, Any]) -> dict[str, Any]:
    made = dict(item)
    if isinstance(item.get("quantity"), list):
        made["quantity"] = _product(item["quantity"]) or None
    if isinstance(item.get("when"), dict):
        made["when"] = _condition(item["when"])
    if isinstance(item.get("price"), int | float):
        made["price"] = _plain(item["price"])
    return made


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    if "refuse" in rule:
        return rule
    product = _product(rule["quantity"])
    bounds = [
        f"{product} {sign} {_plain(rule[name])}" for name, sign in (("most", ">"), ("least", "<")) if name in rule
    ]
    return {"refuse": " or ".join(bounds) or "1 = 0", "message": rule["message"]}


def _product(factors: list[dict[str, Any]]) -> str:
    texts = []
    for factor in factors:
        scale = _plain(factor.get("scale", 1))
        texts.append(factor["field"] if scale == "1" else f"{factor['field']} * {scale}")
    return " * ".join(texts)


def _condition(when: dict[str, Any]) -> str:
    for name, form in (("among", "{field} in ({texts})"), ("unless", "not {field} in ({texts})")):
        if when.get(name):
            texts = ", ".join(f'"{text}"' for text in when[name])
            return form.format(field=when["field"], texts=texts)
    return str(when["field"])


def _plain(number: Any) -> str:
    return f"{float(number):.6f}".rstrip("0").rstrip(".") if not isinstance(number, str) else number
