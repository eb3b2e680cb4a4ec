"""What has become of visits in amoCRM: their tasks and deals, as they are now."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from features.bookings.rows import Booking
from shared.amocrm import errors
from shared.amocrm.events import FeedApi
from shared.amocrm.filtered_reads import PAGE_LIMIT
from shared.amocrm.leads import AccountApi
from shared.amocrm.tasks import TasksApi
from shared.platform import logs

Entity = dict[str, Any]

MOST: Final = PAGE_LIMIT  # visits at a time: one list of tasks, and one of deals
_MOST_SINGLE: Final = 40  # what no list told of, and is asked for by itself

# Not the fault of the one entity.
_OF_ALL: Final = (
    errors.UnauthorizedError,
    errors.PaymentRequiredError,
    errors.AccountNotFoundError,
    errors.AddressBlockedError,
    errors.ScopeMissingError,
)


class CrmState(Struct, frozen=True):
    """By ids; None: it is gone. What amoCRM does not show us is left out."""

    tasks: dict[int, Entity | None]
    leads: dict[int, Entity | None]
    asked: int  # so many of the visits have had their turn
    is_broken: bool = False  # amoCRM has stopped answering


def read_state(api: AccountApi, visits: Sequence[Booking], has_time: Callable[[], bool]) -> CrmState:
    """The tasks and deals of at most :data:`MOST` visits.

    A list may leave out what is there, and does where filters are off. So what is missing is asked for by itself, for
    as many of the visits as that is possible at a time.
    """
    tasks, feed = TasksApi(api), FeedApi(api)
    task_ids = [one.living_task for one in visits if one.living_task is not None]
    lead_ids = list(dict.fromkeys(one.lead_id for one in visits if one.lead_id is not None))
    sight = _Sight(feed)
    known_tasks = _Known({**tasks.listed(task_ids)}, tasks.one, sight)
    known_leads = _Known({**feed.listed("leads", lead_ids)}, lambda id_: feed.entity("leads", id_), sight)
    left = _MOST_SINGLE
    for number, visit in enumerate(visits):
        for id_, known in ((visit.lead_id, known_leads), (visit.living_task, known_tasks)):
            # A deal that is gone may have been merged since the tasks were read: its task says so, when asked after it.
            is_old = known is known_tasks and known_leads.is_gone(visit.lead_id)
            if id_ is None or (known.has(id_) and not is_old):
                continue
            if left == 0 or not has_time():
                return CrmState(known_tasks.found, known_leads.found, number)
            left -= 1
            try:
                known.ask(id_)
            except _OF_ALL:
                raise
            except errors.RateLimitedError:
                return CrmState(known_tasks.found, known_leads.found, number, is_broken=True)
            except errors.AmocrmError:
                # Perhaps always, and for this one alone: the next turn begins after it.
                return CrmState(known_tasks.found, known_leads.found, number + 1, is_broken=True)
    return CrmState(known_tasks.found, known_leads.found, len(visits))


class _Sight:
    """Whether all of the account is shown to us, asked once, when something is not found."""

    def __init__(self, feed: FeedApi) -> None:
        self._feed = feed
        self._is_whole: bool | None = None

    def is_whole(self) -> bool:
        if self._is_whole is None:
            self._is_whole = self._feed.sees_everything()
        return self._is_whole


class _Known:
    def __init__(self, found: dict[int, Entity | None], read: Callable[[int], Entity], sight: _Sight) -> None:
        self.found = found
        self._read = read
        self._sight = sight
        self._refused: set[int] = set()  # it is there perhaps, and not for us to see

    def has(self, id_: int) -> bool:
        return id_ in self.found or id_ in self._refused

    def is_gone(self, id_: int | None) -> bool:
        """Asked for, and deleted."""
        if id_ not in self.found:
            return False
        entity = self.found[id_]
        return entity is None or bool(entity.get("is_deleted"))

    def ask(self, id_: int) -> None:
        try:
            self.found[id_] = self._read(id_)
        except _OF_ALL:
            raise
        except errors.NotFoundError:
            if self._sight.is_whole():
                self.found[id_] = None
            else:  # it may be somebody else's now
                logs.warning("bookings.not_shown", id=id_, error="OutOfSight")
                self._refused.add(id_)
        except (errors.ForbiddenError, errors.BadRequestError) as error:
            logs.warning("bookings.not_shown", id=id_, error=type(error).__name__)
            self._refused.add(id_)
