"""What a cold start must not pay for, and the registry that sees to it."""

import os
import subprocess
import sys

import pytest

from functions.crm_api.actions import ACTIONS
from tests.demo import ROOT

LATE = (
    "typst",
    "boto3",
    "flask",
    "icalendar",
    "recurring_ical_events",
    "functions_framework",
    "jwt",
    "phonenumbers",
    "python_multipart",
    "shared.access.credentials.jwks",
    "features.calculations.plan",
    "features.changes.event_examples",
    "shared.platform.form_pairs",
    "features.submissions.flattening",
    "features.submissions.plan",
    "features.submissions.field_recognition",
)


@pytest.mark.parametrize("name", ["amocrm_events", "oauth_callback", "crm_api", "refresh_tokens", "run_deliveries"])
def test_what_is_rarely_needed_is_imported_late(name: str, environment: dict[str, str]) -> None:
    code = f"import sys, functions.{name}.main; print([one for one in {LATE!r} if one in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )
    assert ended.stdout.strip() == "[]", ended.stderr


def test_every_action_is_where_the_registry_says() -> None:
    assert all(name == action.name for name, action in ACTIONS.items())
    assert len(ACTIONS) == len(list(ACTIONS)) == 86
    assert "nothing" not in ACTIONS
