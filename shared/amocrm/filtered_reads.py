"""Reads with a filter or an order. No answer is trusted to have honoured them: what was not asked for is left out here.

Where an account has no filters, the first page of *everything* comes back, without a word.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from shared.amocrm.errors import (
    AddressBlockedError,
    FilterIgnoredError,
    ForbiddenError,
    NotFoundError,
    TooMuchToReadError,
)
from shared.platform.messages import say
from shared.platform.ttl_cache import Expiring

Entity = dict[str, Any]
# One read with these parameters; the decoded answer, or None for an empty list.
Read = Callable[[list[tuple[str, Any]]], Any]

# vendor: lists.page (page) A page has at most 250 entities; `_links.next` says that there is another.
# source: amoCRM's documentation, "API limits"
PAGE_LIMIT: Final = 250  # the API's own
_MOST_PAGES: Final = 100
_FULL_BY: Final = 50
MOST_SINGLE: Final = 25  # entities that are read one by one

# vendor: lists.filters (production) Filters of lists are switched on per account (is_api_filter_enabled, a package of
# its own); where they are off they are accepted and ignored. `query` works everywhere.
# source: amocrm-api-php issues 71, 348; integrations in production that check the account's member before they filter
_without_filters: Expiring[str, bool] = Expiring(seconds=600)  # by host


def listed(host: str, read: Read, name: str, ids: Sequence[int]) -> dict[int, Entity]:
    """Of the entities with these ids (at most 250) those that one list tells of: where the account's filters are off,
    few or none. What is missing is to be asked for by itself before it is called gone."""
    if not ids or _without_filters.get(host):
        return {}
    wanted = dict.fromkeys(ids)
    answer = embedded(read([*(("filter[id][]", str(id_)) for id_ in wanted), ("limit", str(PAGE_LIMIT))]), name)
    found = {int(one["id"]): one for one in answer if int(one["id"]) in wanted}
    if len(found) < len(answer):
        _without_filters.put(host, True)
    return found


def by_ids(
    host: str,
    read: Read,
    read_one: Callable[[int], Entity],
    name: str,
    ids: Sequence[int],
    *,
    trusts_list: bool = False,
) -> list[Entity]:
    """The entities with these ids, the first 25 where they must be read one by one; deleted ones, and those that are
    not shown to us, are left out.

    A list does not show all that is there: what came with an incoming lead is in none before a person accepts it. With
    `trusts_list` the caller asks for what is missing by itself.
    """
    wanted = dict.fromkeys(ids)
    found = listed(host, read, name, list(wanted))
    if trusts_list and not _without_filters.get(host):
        return list(found.values())
    for id_ in [one for one in wanted if one not in found][:MOST_SINGLE]:
        try:
            found[id_] = read_one(id_)
        except AddressBlockedError:  # what stands before amoCRM says nothing of one entity
            raise
        except (ForbiddenError, NotFoundError):  # vendor: rights.own
            continue
    return [found[id_] for id_ in wanted if id_ in found]


def page(answer: Any, name: str, is_wanted: Callable[[Entity], bool]) -> list[Entity]:
    """One page of a filtered list. Raises :class:`FilterIgnoredError` when it holds what was not asked for."""
    found = embedded(answer, name)
    if not all(map(is_wanted, found)):
        raise FilterIgnoredError(say("the account has no API filters"), 200)
    return found


def pages(read: Read, name: str, most: int = _MOST_PAGES) -> Iterator[tuple[list[Entity], bool]]:
    """The pages of a list, so many at most, as large as amoCRM makes them, as long as somebody asks; and of each
    whether another one follows."""

    def asked(number: int) -> tuple[list[Entity], bool]:
        answer = read([("limit", PAGE_LIMIT), ("page", number)])
        return embedded(answer, name), bool(answer and answer.get("_links", {}).get("next"))

    # vendor: fields.page (page) A list of fields may have 50 of them on a page, whatever was asked for.
    # source: amoCRM's documentation, "Custom fields"
    # vendor: lists.next (report) A page of a list's elements may have 100 of them, and not name the next one although
    # there is one; other lists name one behind their last. Behind a page that may be full (by fifties) the next one is
    # looked at; one that is empty, or comes again, is none.
    # source: amocrm-api-php issues 528 (137 elements), 193 and 209
    before: list[Entity] = []
    ahead: tuple[list[Entity], bool] | None = None
    for number in range(1, most + 1):
        found, has_more = ahead or asked(number)
        found = [] if found == before else found
        ahead = asked(number + 1) if found and not has_more and len(found) % _FULL_BY == 0 else None
        has_more = bool(found) and (has_more if ahead is None else ahead[0] not in ([], found))
        yield found, has_more
        if not has_more:
            return
        before = found


def whole(read: Read, name: str) -> list[Entity]:
    """All of a list that is short as a rule. Raises :class:`TooMuchToReadError` behind a hundred pages."""
    found: list[Entity] = []
    for page, has_more in pages(read, name):
        found += page
        if not has_more:
            return found
    raise TooMuchToReadError(say("the list has more than a hundred pages"), 200)


def newest_first(
    read: Read, name: str, params: Mapping[str, Any], since: int, limit: int = PAGE_LIMIT
) -> Iterator[Entity]:
    """Entities made at `since` (Unix seconds) or later; page by page, as long as somebody asks.

    `limit`: of a page. Ends early where the order was honoured, and goes through everything where it was not. Raises
    :class:`TooMuchToReadError` behind a hundred pages: what was not found there may stand behind them.
    """
    for number in range(1, _MOST_PAGES + 1):
        found = embedded(read([*params.items(), ("limit", limit), ("page", number)]), name)
        times = [int(one.get("created_at") or 0) for one in found]
        yield from (one for one, made_at in zip(found, times, strict=True) if not 0 < made_at < since)
        if len(found) < limit or (times == sorted(times, reverse=True) and times[-1] < since):
            return
    raise TooMuchToReadError(say("what is looked for stands behind a hundred pages, or nowhere"), 200)


def embedded(answer: Any, name: str) -> list[Entity]:
    """The list inside a list answer; an empty list answers 204 and has no body."""
    # vendor: http.empty_list (page) A list without entities answers 204 and has no body.
    # source: amoCRM's documentation of every list
    return list(answer["_embedded"][name]) if answer else []
