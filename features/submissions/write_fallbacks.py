"""A write that amoCRM refuses changed nothing: again with what the account has now, then with less and less."""

from collections.abc import Callable, Collection
from typing import Final, TypeVar

from features.submissions.new_contact import Omitted
from shared.amocrm import directory
from shared.amocrm.directory import Directory
from shared.amocrm.errors import BadRequestError, ValidationError
from shared.platform.messages import Message, say

Made = TypeVar("Made")

# With what the account has, what is left out, and the members that amoCRM has named when it refused before.
Write = Callable[[Directory, Omitted, frozenset[str]], Made]

VALUES: Final = "custom_fields_values"
# Where it goes. Without a stage it is in the first one of its pipeline, without a user it is whoever has connected.
# vendor: leads.route_refused (report) A user who cannot be responsible for it, as one without a right to that pipeline,
# is refused although the list of users has them; and so is, where a deal is made, a stage in which it is closed.
# source: a distributor of deals in production, which tries the next user then; a bot of another author, in production,
# that leaves out both; yatolstoy/n8n-node-amocrm issue 4 for the stage, which others have made deals in
ROUTE: Final = frozenset({"pipeline_id", "status_id", "responsible_user_id"})


def written(
    account: Directory, write: Write[Made], tell_refused: Callable[[BadRequestError], None]
) -> tuple[Made, Omitted]:
    """What `write` makes, and what it left out. Raises BadRequestError where the least of it is refused, too."""
    # vendor: writes.whole (production) One value is refused, and with it the whole write: no other one is kept.
    # source: notes of an integration in production whose field was deleted; amocrm-api-php issue 115
    try:
        return write(account, Omitted.NOTHING, frozenset()), Omitted.NOTHING
    except BadRequestError:
        directory.forget(account.integration_id)
    left, named = Omitted.NOTHING, frozenset[str]()
    while True:
        try:
            return write(account, left, named), left
        except BadRequestError as error:
            if left is Omitted.ALL_BUT_THE_NAME:
                raise
            before = named
            named = named | members(error) if left is Omitted.NOTHING else frozenset()
            if left is Omitted.NOTHING:
                tell_refused(error)
                if not before and is_of_route(named):
                    continue
        left = Omitted(left + 1)


def keeps_route(left: Omitted, named: frozenset[str]) -> bool:
    """Whether it goes where it should, but for what amoCRM has named of that."""
    return not left or (VALUES in named and named <= ROUTE | {VALUES})


def is_of_route(members: Collection[str]) -> bool:
    """Whether amoCRM has named nothing but where it should go."""
    return bool(members) and ROUTE.issuperset(members)


def members(error: BadRequestError) -> frozenset[str]:
    """Empty where it names none."""
    paths = [one.path for one in error.errors] if isinstance(error, ValidationError) else []
    return frozenset(VALUES if VALUES in path else path.rpartition(".")[2] for path in paths)


def refused(error: BadRequestError) -> Message:
    named = error.errors if isinstance(error, ValidationError) else ()
    where = ", ".join(item.path for item in named) or say("its values")
    if is_of_route(members(error)):
        return say("amoCRM refused {where}: it was made without that.", where=where)
    return say("amoCRM refused {where}; what it refused is in the note.", where=where)
