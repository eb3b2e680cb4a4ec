"""Values with their meanings, put together as a body of `submit_form`."""

from typing import Final

from features.submissions.field_vocabulary import Meaning
from features.submissions.model import LONGEST_LINE, MOST_LINES, Contact, Form, SubmitForm

ONCE: Final = frozenset({"name", "first_name", "last_name", "form", "page", "referrer"})
# Names with a meaning of their own: what is left over has another.
MEMBERS: Final = frozenset({*ONCE, "phone", "email", "comment"})
_WHOLE_PHONE: Final = 10  # digits


class FormAssembler:
    """Values with their meanings, one after another, as a body of `submit_form`.

    Where several mean the same, empty ones count for nothing: all phones and e-mails are the person's, comments follow
    each other, and of the rest the first counts; what is left over is a field of the form.
    """

    def __init__(self) -> None:
        self._fields: dict[str, list[str]] = {}
        self._tracking: dict[str, str] = {}
        self._own: dict[str, dict[str, str]] = {}  # by meaning: values, and their names
        self._phones: dict[str, str] = {}  # by their digits, as they were told first

    def add(self, meaning: Meaning, name: str, text: str) -> None:
        if meaning == "visit":
            if self._tracking.setdefault(name, text) in ("", text):
                self._tracking[name] = text
            elif text:
                self._keep(name, text)
        elif meaning in MEMBERS:
            if text.strip() and not (meaning == "phone" and self._is_told(text)):
                self._own.setdefault(meaning, {}).setdefault(text, name)
        elif meaning == "field":
            self._keep(name, text)

    def _is_told(self, text: str) -> bool:
        """The same figures are the same phone, with a plus or without; with it they say whose country it is."""
        digits = "".join(sign for sign in text[:LONGEST_LINE] if sign.isdigit())
        first = self._phones.setdefault(digits, text) if len(digits) >= _WHOLE_PHONE else text
        if first == text or any(sign.isalpha() for sign in first + text):
            return False
        if text.lstrip().startswith("+") and not first.lstrip().startswith("+"):
            phones = self._own["phone"]
            self._own["phone"] = {text if one == first else one: name for one, name in phones.items()}
            self._phones[digits] = text
        return True

    def body(self) -> SubmitForm:
        one = {meaning: next(iter(self._taken(meaning, 1)), "") for meaning in sorted(ONCE)}
        phones, emails = (self._taken(meaning, MOST_LINES) for meaning in ("phone", "email"))
        return SubmitForm(
            contact=Contact(
                name=one["name"],
                first_name=one["first_name"],
                last_name=one["last_name"],
                phone=phones if len(phones) > 1 else "".join(phones),
                email=emails if len(emails) > 1 else "".join(emails),
            ),
            form=Form(name=one["form"], page=one["page"], referrer=one["referrer"]),
            fields={name: [*texts] for name, texts in self._fields.items()},
            comment="\n".join(self._own.get("comment", ())),
            tracking=self._tracking,
        )

    def _taken(self, meaning: str, most: int) -> list[str]:
        """So many as there is room for; the others are fields."""
        taken: list[str] = []
        for text, name in self._own.get(meaning, {}).items():
            if len(text) <= LONGEST_LINE and len(taken) < most:
                taken.append(text)
            else:
                self._keep(name, text)
        return taken

    def _keep(self, name: str, text: str) -> None:
        """Under a name that :func:`features.submissions.model.whole` takes for no member's."""
        self._fields.setdefault(f"{name} (2)" if name in MEMBERS else name or "?", []).append(text)
