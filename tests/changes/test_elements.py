"""Elements of lists are read together: a price list that is synchronised changes thousands of them at once."""

import pytest

from tests.changes.conftest import Feed

_MANY = 60


@pytest.fixture
def elements(feed: Feed) -> list[int]:
    """Known ones."""
    made: list[int] = feed.story.simulator.control(
        "burst", domain=feed.story.domain, kind="elements", count=_MANY, fields={"name": "v0"}
    )["ids"]
    feed.run()
    assert feed.kinds() == ["catalog_element.added"] * _MANY
    return made


def _named(feed: Feed) -> list[tuple[str, int, str]]:
    return sorted(
        (one["type"], one["data"]["catalog_element"]["id"], one["data"]["catalog_element"].get("name"))
        for one in feed.told()
    )


def _changed(feed: Feed, elements: list[int], name: str) -> None:
    feed.story.simulator.control(
        "burst", domain=feed.story.domain, kind="elements", ids=elements, fields={"name": name}
    )


@pytest.mark.long
def test_many_elements_cost_few_calls(feed: Feed, elements: list[int]) -> None:
    """Each one was a call: at the account's pace five thousand took half an hour, in which nothing else was told, and
    what was beyond that number was lost."""
    gone = elements[0]
    feed.run(3600)
    _changed(feed, elements, "v1")
    feed.person(kind="elements", id=gone, delete=True)
    feed.hooks_are_through()
    feed.story.simulator.control("forget")
    feed.run()
    asked = [one for one in feed.story.simulator.requests() if "/catalogs/" in one["path"]]
    assert _named(feed) == [
        ("catalog_element.deleted", gone, None),
        *(("catalog_element.updated", id_, "v1") for id_ in elements[1:]),
    ]
    assert len(asked) <= 3, len(asked)


@pytest.mark.long
@pytest.mark.vendor("lists.behind")
@pytest.mark.parametrize("is_known", [True, False])
def test_a_list_of_elements_that_is_behind_hides_no_change(feed: Feed, elements: list[int], is_known: bool) -> None:
    """Nothing else tells of them: no look into amoCRM's events or lists would find it later."""
    feed.story.simulator.control("change-account", domain=feed.story.domain, list_lag=30)
    if not is_known:
        feed.story.sql("DELETE FROM amocrm_entities WHERE entity_type = 'catalog_element'")
    for version in ("v1", "v2"):
        feed.run(600)
        _changed(feed, elements[:3], version)
        feed.run()
        assert _named(feed) == [("catalog_element.updated", id_, version) for id_ in elements[:3]]


@pytest.mark.long
def test_where_filters_are_off_elements_are_told_all_the_same(feed: Feed, elements: list[int]) -> None:
    feed.story.simulator.control("change-account", domain=feed.story.domain, has_filters=False)
    feed.run(3600)
    _changed(feed, elements[:40], "v1")
    feed.run()
    assert _named(feed) == [("catalog_element.updated", id_, "v1") for id_ in elements[:40]]


@pytest.mark.long
def test_elements_of_a_list_that_is_gone_keep_nothing_from_being_told(feed: Feed, elements: list[int]) -> None:
    feed.run(3600)
    _changed(feed, elements[:3], "v1")
    feed.person(fields={"name": "Told"})
    feed.hooks_are_through()
    feed.story.simulator.control("change-account", domain=feed.story.domain, goods=False)
    feed.run()
    told = feed.told()
    assert sorted(one["type"] for one in told) == [*["catalog_element.deleted"] * 3, "lead.updated"]
