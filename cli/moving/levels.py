"""What is set for an integration or a widget type holds in each cell by itself: a connection must find it there too."""

from typing import Final, LiteralString

import psycopg

_SETTINGS: Final[LiteralString] = """
SELECT level, settings::text FROM amocrm_level_settings
WHERE widget_type = %(widget_type)s AND level IN ('widget', 'client:' || %(client_id)s) ORDER BY level
"""
_CALCULATORS: Final[LiteralString] = """
SELECT DISTINCT ON (level) level, document::text FROM amocrm_calculators
WHERE widget_type = %(widget_type)s AND level IN ('widget', 'client:' || %(client_id)s) AND version IS NOT NULL
ORDER BY level, version DESC
"""


def differing(source: psycopg.Connection, target: psycopg.Connection, address: dict[str, object]) -> list[str]:
    """Levels at which the cells have different settings, or calculators in force, for this widget type and client."""
    told = []
    for what, statement in (("settings", _SETTINGS), ("calculator", _CALCULATORS)):
        here: dict[str, str] = dict(source.execute(statement, address).fetchall())
        there: dict[str, str] = dict(target.execute(statement, address).fetchall())
        levels = sorted(here.keys() | there.keys())
        told += [f"{what} of {level}" for level in levels if here.get(level) != there.get(level)]
    return told
