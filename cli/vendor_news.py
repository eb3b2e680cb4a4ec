"""`vendor-news`: what the vendor's own client has learned since its history was read.

It says what the API has before the pages do: a commit that touches its models names the members.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

CLIENT: Final = "amocrm-api-php"
# Whoever has read on writes the newest commit's day here, and what it was about; docs/vendor.md says so.
READ_UNTIL: Final = date(2026, 4, 30)
READ_TO: Final = "pull requests 620 (cents) and 625 (users switched on and off)"
GIT_LOG: Final = "git log --date=short --format='commit %h %ad %s' --name-only"

_COMMIT = re.compile(r"commit (?P<name>[0-9a-f]{7,40}) (?P<day>\d{4}-\d\d-\d\d) (?P<subject>.*)")
# What names members of requests and answers, or how they are sent.
_TELLING: Final = re.compile(
    r"(src/AmoCRM/(Models|Filters|EntitiesServices|Helpers|Client|OAuth|Enum)/.+\.php|examples/.+|README\.md|docs/.+)"
)


class NoLogError(ValueError):
    """The text has no commit in it."""


@dataclass(frozen=True, slots=True)
class Commit:
    name: str
    day: date
    subject: str
    files: list[str] = field(default_factory=list)


def news(log: str, since: date = READ_UNTIL) -> list[Commit]:
    """The commits after that day that may say something of the API, the oldest first, with the files that say it.

    `log`: what :data:`GIT_LOG` prints. Raises :class:`NoLogError`.
    """
    commits = list(_commits(log))
    if not commits:
        raise NoLogError(f"there is no commit in it; it is what this prints: {GIT_LOG}")
    return sorted((one for one in commits if one.day > since and one.files), key=lambda one: one.day)


def _commits(log: str) -> Iterator[Commit]:
    current: Commit | None = None
    for line in map(str.strip, log.splitlines()):
        if found := _COMMIT.fullmatch(line):
            if current is not None:
                yield current
            current = Commit(found["name"], date.fromisoformat(found["day"]), found["subject"])
        elif current is not None and _TELLING.fullmatch(line):
            current.files.append(line)
    if current is not None:
        yield current


def text(commits: list[Commit]) -> str:
    """A paragraph for each."""
    if not commits:
        return f"nothing since {READ_UNTIL} touches what the API says"
    told = ("\n".join([f"{one.name} {one.day} {one.subject}", *(f"  {file}" for file in one.files)]) for one in commits)
    return "\n\n".join(told)
