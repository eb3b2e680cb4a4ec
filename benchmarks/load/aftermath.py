"""What is left after a database was lost: which writes are in their deals, and who is connected and who was told."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import httpx
import jwt

from benchmarks.load import truth
from benchmarks.load.ledger import STORED, rows_of
from benchmarks.load.town import Town
from tests.story import APP_SECRET

_CALLERS: Final = 16
_TRIES: Final = 60  # of a call that is told to come again
_CONNECTIONS: Final = "SELECT account_domain, status, token_version FROM amocrm_integrations"


@dataclass
class Lost:
    """`known`: keys that the restored database has; `repeated`: those that their callers have sent once more; `anew`:
    those of them that had not been carried out before, so that they are the newest that anybody knows of."""

    backup_began: float
    lost_at: float
    known: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)
    anew: set[str] = field(default_factory=set)


def accepted(made: Town) -> dict[str, float]:
    """Keys of writes, and when they were accepted first, in the clock's seconds."""
    return {line["accepted"]: line["at"] for line in reversed(made.did) if "accepted" in line}


def undone(made: Town, keys: set[str]) -> set[str]:
    """Of these, what is nowhere in amoCRM yet."""
    lines = {line["pressed"]: line for line in made.did if line.get("pressed") in keys}
    found = set[str]()
    for domain in {line["domain"] for line in lines.values()}:
        own = {key: line for key, line in lines.items() if line["domain"] == domain}
        places = truth.note_places(made.played.simulator.control("show", domain=domain), own)
        found |= {key for key, at in places.items() if at}
    return keys - found


def compare(made: Town, lost: Lost) -> tuple[dict[str, int], list[str]]:
    """What became of the writes, and violations. All that can be carried out has been."""
    pressed = {line["pressed"]: line for line in made.did if "pressed" in line}
    known = accepted(made)
    violations = [
        f"{key} was accepted before the backup, which has not got it"
        for key, at in known.items()
        if at < lost.backup_began and key not in lost.known
    ]
    stored: dict[str, dict[str, UUID]] = defaultdict(dict)
    for domain, key, id_ in rows_of(made, STORED):
        stored[domain][key] = id_
    all_stored = {key for keys in stored.values() for key in keys}
    # Nobody has asked for these again: no database knows of them.
    forgotten = {
        key for key, at in known.items() if at < lost.lost_at and key not in all_stored | lost.known | lost.repeated
    }
    there = last_words = 0
    for domain in made.played.domains:
        own = {key: line for key, line in pressed.items() if line["domain"] == domain}
        if not own:
            continue
        promised = {key: line for key, line in own.items() if key not in forgotten}
        maybe = {key: line for key, line in own.items() if key in forgotten}
        shown = made.played.simulator.control("show", domain=domain)
        found = {key for key, places in truth.note_places(shown, maybe).items() if places}
        there += len(found)
        prices = None
        if maybe or own.keys() & lost.repeated:
            written = {key: line for key, line in own.items() if key in promised or key in found}
            before, prices = _newest(written, known, set()), _newest(written, known, lost.anew)
            last_words += shown["leads"][str(made.played.leads[domain])]["price"] in prices - before
        violations += truth.wrong(shown, made.played.leads[domain], promised, stored[domain], maybe, prices)
    return {
        "pressed": len(pressed),
        "in_the_backup": len(lost.known),
        "accepted_since": sum(at < lost.lost_at and key not in lost.known for key, at in known.items()),
        "repeated": len(lost.repeated),
        "repeated_and_not_carried_out_before": len(lost.anew),
        "and_have_the_last_word": last_words,
        "forgotten_and_in_their_deals": there,
        "lost": len(forgotten) - there,
    }, violations


def _newest(written: Mapping[str, dict[str, Any]], accepted_at: Mapping[str, float], anew: set[str]) -> set[int]:
    """Totals of the calculations that may be the newest: none was begun after they had been accepted, at first. Of
    rows that came back as repeated ones the order says nothing; what was carried out only then may be the newest."""
    lines = {key: line for key, line in written.items() if line["name"] == "save_calculation"}
    last_begun = max((line["at"] for line in lines.values()), default=0.0)
    return {
        line["body"]["calculation"]["total"]
        for key, line in lines.items()
        if key in anew or accepted_at.get(key, float("inf")) >= last_begun
    }


@dataclass(frozen=True)
class Scene:
    """A restored database, and a journal in some state. `cut_off`: the accounts that nothing can help there;
    `named`: those that `restore-tokens` must tell of, None where it cannot tell of any."""

    name: str
    cut_off: set[str]
    named: set[str] | None
    ends_with: int  # `restore-tokens`


def judged(
    scene: Scene, told: tuple[int, str], answers: Mapping[str, int], before: Mapping[str, int], made: Town
) -> tuple[dict[str, int], list[str]]:
    """`{connected, cut_off, silent, named}`, and violations. `told`: the command's code and words; `before`: the
    versions of the restored rows."""
    code, words = told
    rows = {domain: (status, version) for domain, status, version in rows_of(made, _CONNECTIONS)}
    lines = words.splitlines()
    # Whatever is said of an account but that it was restored.
    named = {domain for domain in answers for line in lines if line.startswith(f"{domain} ") and " -> " not in line}
    cut_off = {domain for domain, status in answers.items() if status != 200}
    violations = []
    if code != scene.ends_with:
        violations.append(f"restore-tokens ended with {code}: {words[-300:]}")
    violations += [f"{one} was cut off ({answers[one]})" for one in cut_off - scene.cut_off]
    violations += [f"{one} answers, and nothing can have helped it" for one in scene.cut_off - cut_off]
    violations += [f"{one}: restore-tokens has not told of it" for one in (scene.named or set()) - named]
    # Whoever looks at it is told by the connection's state, and by a notice: `require_reauth` writes both.
    silent = {one for one in cut_off if one not in rows or rows[one][0] == "connected"}
    violations += [f"{one}: nobody is told that it is cut off" for one in silent]
    violations += [
        f"{one} was set back from version {version} to {rows[one][1]}"
        for one, version in before.items()
        if rows[one][1] < version
    ]
    counts = {"connected": len(answers) - len(cut_off), "cut_off": len(cut_off), "silent": len(silent)}
    counts["named"] = len(named)
    return counts, [f"{scene.name}: {one}" for one in violations]


def versions(made: Town) -> dict[str, int]:
    return {domain: version for domain, _, version in rows_of(made, _CONNECTIONS)}


def asked(made: Town, domains: Iterable[str]) -> dict[str, int]:
    """What each account's `get_lead` is answered at last: 200 has come from amoCRM."""
    with ThreadPoolExecutor(_CALLERS) as pool:
        return dict(pool.map(lambda domain: (domain, _asked(made, domain)), list(domains)))


def _asked(made: Town, domain: str) -> int:
    now = int(made.played.clock.now().timestamp())
    claims = {"aud": "amocrm-functions", "iat": now, "exp": now + 3600, "widget_type": "glass"}
    token = jwt.encode(claims | {"account_domain": domain}, APP_SECRET, algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}", "X-Lead-Id": str(made.played.leads[domain])}
    status = 0
    for _ in range(_TRIES):
        answer = httpx.get(f"{made.addresses['crm_api']}/get_lead", headers=headers, timeout=60, trust_env=False)
        status = answer.status_code
        if status not in (429, 503):
            break
        time.sleep(min(float(answer.headers.get("Retry-After", 1)), 1.0))
    return status
