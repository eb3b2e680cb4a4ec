"""A write that amoCRM refuses changed nothing: again with what the account has now, then with less and less."""

from collections.abc import Callable
from typing import TypeVar

from features.submissions.new_contact import Omitted
from shared.amocrm import directory
from shared.amocrm.directory import Directory
from shared.amocrm.errors import BadRequestError, ValidationError
from shared.platform.messages import Message, say

Made = TypeVar("Made")

# With what the account has, what is left out, and whether a field's value was all that amoCRM has refused before.
Write = Callable[[Directory, Omitted, bool], Made]


def written(
    account: Directory, write: Write[Made], tell_refused: Callable[[BadRequestError], None]
) -> tuple[Made, Omitted]:
    """What `write` makes, and what it left out. Raises BadRequestError where the least of it is refused, too."""
    # vendor: writes.whole (production) One value is refused, and with it the whole write: no other one is kept.
    # source: notes of an integration in production whose field was deleted; amocrm-api-php issue 115
    try:
        return write(account, Omitted.NOTHING, False), Omitted.NOTHING
    except BadRequestError:
        directory.forget(account.integration_id)
    left, of_values = Omitted.NOTHING, False
    while True:
        try:
            return write(account, left, of_values), left
        except BadRequestError as error:
            if left is Omitted.NOTHING:
                tell_refused(error)
            if left is Omitted.ALL_BUT_THE_NAME:
                raise
            of_values = left is Omitted.NOTHING and _is_of_values(error)
        left = Omitted(left + 1)


def _is_of_values(error: BadRequestError) -> bool:
    paths = [one.path for one in error.errors] if isinstance(error, ValidationError) else []
    return bool(paths) and all("custom_fields_values" in path for path in paths)


def refused(error: BadRequestError) -> Message:
    named = error.errors if isinstance(error, ValidationError) else ()
    where = ", ".join(item.path for item in named) or say("its values")
    return say("amoCRM refused {where}; what it refused is in the note.", where=where)
