"""What is mutated: the code whose mistakes lose an account, a deal or a secret, by subject."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

CORE: Final = {
    "rotation": "shared/connections/{rotation,token_persistence,token_escrow,api_session}.py",
    "rate": "shared/connections/rate_limit.py shared/amocrm/budgets.py",
    "authorization": "shared/connections/{authorization,client_resolution,inheritance,installations}.py"
    " shared/connections/{connect_links,install_links}.py shared/amocrm/{oauth,oauth_errors}.py",
    "writes": "shared/deliveries/*.py",
    "access": "shared/access/*.py shared/access/credentials/*.py",
    "formulas": "features/calculations/formulas/*.py features/calculations/{engine,inputs,verification}.py",
    "hours": "features/bookings/{availability,hours,booking_rules,transitions}.py features/bookings/actions/slots.py",
    "people": "features/submissions/{contact_lookup,existing_contact,new_contact,person_identity}.py"
    " features/submissions/{mapping,writer,routing,entity_creation,write_fallbacks}.py shared/amocrm/contacts.py",
    "calls": "shared/platform/{egress,http,deadline,backoff}.py shared/amocrm/{transport,errors}.py",
    "encryption": "shared/storage/{encryption,key_rotation}.py shared/platform/secret.py",
    "leases": "shared/storage/{lease_worker,jobs}.py features/changes/feed_lease.py",
}


def _spelled_out(pattern: str) -> list[str]:
    before, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    names, _, after = rest.partition("}")
    return [before + name + after for name in names.split(",")]


def modules(subject: str) -> list[str]:
    """Paths from the root, sorted; a pattern that fits nothing is an error, as is a file that has moved."""
    found: set[str] = set()
    for pattern in (one for written in CORE[subject].split() for one in _spelled_out(written)):
        fitting = {path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern)}
        if not fitting:
            raise FileNotFoundError(pattern)
        found |= {path for path in fitting if not path.endswith("__init__.py")}
    return sorted(found)


def all_modules() -> dict[str, str]:
    """Path -> subject."""
    return {path: subject for subject in CORE for path in modules(subject)}
