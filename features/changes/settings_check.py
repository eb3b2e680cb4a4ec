"""Settings of changes against the account they are for, and what saving them begins or ends."""

from features.changes import feeds, wanted
from features.changes.settings import Document, of
from shared.actions.feature import SettingsPart
from shared.amocrm import directory
from shared.amocrm.directory import Directory
from shared.amocrm.leads import AccountApi
from shared.connections.integrations import Integration, by_id
from shared.platform.messages import say
from shared.platform.problems import InputError, Problem
from shared.runtime import Runtime


def _check(runtime: Runtime, integration: Integration, given: Document) -> None:
    """Raises 422 for a place that the account does not have, or that has two words."""
    wanted = given.changes.order_statuses
    if not wanted:
        return

    def ask(api: AccountApi) -> list[InputError]:
        directory.forget(integration.id)
        places = {(one.id, status.id) for one in Directory(api, integration.id).pipelines() for status in one.statuses}
        seen: set[tuple[int, int]] = set()
        found = []
        for index, one in enumerate(wanted):
            place = (one.pipeline_id, one.status_id)
            if place not in places:
                detail = say("the account has no such pipeline and status")
                found.append(InputError(f"changes.order_statuses[{index}]", detail))
            elif place in seen:
                found.append(InputError(f"changes.order_statuses[{index}]", say("this place has a word already")))
            seen.add(place)
        return found

    found = runtime.connections.call(integration, ask)
    if found:
        detail = say("The settings do not fit the account; nothing was saved.")
        raise Problem(422, "invalid_input", detail, errors=tuple(found))


def _saved(runtime: Runtime, integration: Integration) -> None:
    """Events begin, or end, as the settings say now."""
    now = by_id(runtime.database, integration.id)
    if now is not None:
        feeds.switch(runtime.database, runtime.keyring, now.id, of(now.settings).is_on)
        wanted.note(runtime.database, now)


PART = SettingsPart(Document, _check, _saved, is_of_account=True)
