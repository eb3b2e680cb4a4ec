"""What a story has left in the database and in its account, read for languages when it has ended."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from shared.platform.i18n import home_language
from tests import sentences
from tests.owner import Owner
from tests.sentences import OPENS
from tests.story import Story

_READS = r"""
SELECT string_agg(format($f$SELECT %L, t::text FROM %I t WHERE strpos(t::text, 'MARK') > 0$f$, relname, relname),
    ' UNION ALL ')
FROM pg_class WHERE relname LIKE 'amocrm\_%' AND relkind IN ('r', 'p') AND NOT relispartition
"""
_CHOSEN = """
SELECT 1 FROM amocrm_integrations WHERE settings ? 'language'
UNION ALL SELECT 1 FROM amocrm_level_settings WHERE settings ? 'language'
"""


def check(story: Story) -> None:
    """Nothing that was made for one reader is kept for all; and what is written into an account is in its language."""
    kept = story.sql(_statement(story.owner))
    assert not kept, f"a text that was translated is stored: {kept}"
    if story.sql(_CHOSEN):
        return  # the story has chosen another language, and looks itself
    try:
        shown = story.simulator.control("show", domain=story.domain)
    except AssertionError:
        return  # the story has renamed or removed the account
    language = home_language(story.domain)
    for text in _texts([shown["notes"], shown["tasks"], shown["leads"], shown["files"]]):
        found = list(sentences.foreign(text, language))
        assert not found, f"written into an account that speaks {language}: {found}"


@cache
def _statement(owner: Owner) -> str:
    ((made,),) = owner.sql(_READS.replace("MARK", OPENS))
    return str(made)


def _texts(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for value in document.values() if isinstance(document, dict) else document:
            yield from _texts(value)
