"""`mark-restored`, `lost-visits`: what is to be done beside the tokens after a database was restored from a backup."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click

from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.connections.journal_recovery import HAS_MOVED
from shared.deliveries import restores
from shared.deliveries.restores import Window
from shared.platform.messages import english
from shared.platform.problems import problem_from
from shared.runtime import Runtime
from shared.storage.database import DatabaseUnavailableError

_PAGE = 100


@click.command("mark-restored")
@click.option(
    "--lost-since",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]),
    help="The moment of the backup, in UTC unless it names its zone. Default: as long ago as keys are kept.",
)
@click.option("--days", type=click.IntRange(1, 366), help="For how long. Default: KEEP_DELIVERIES_DAYS.")
@click.option("--left", "accounts", multiple=True, help="An account that has moved to another cell since the backup.")
def mark_restored(lost_since: datetime | None, days: int | None, accounts: tuple[str, ...]) -> None:
    """From now on a new write is looked for in amoCRM before it is carried out: it may have been, before the loss.

    For a database that was restored from a backup, before functions accept writes on it. Callers that repeat what was
    accepted between the backup and the loss find it done. Safe to run twice.

    `--left example.amocrm.ru`: its tokens in the backup may be the last ones, which its new cell needs. The connection
    ends here without a call to amoCRM. (`restore-tokens` knows these by itself, from the token journal.)
    """
    runtime = Runtime.from_environment()
    try:
        window = open_window(runtime, lost_since, days)
        for account in accounts:
            _say_left(runtime, account)
    except DatabaseUnavailableError as error:
        raise click.ClickException(str(error)) from None
    finally:
        runtime.close()
    click.echo(told(window))


def open_window(runtime: Runtime, lost_since: datetime | None = None, days: int | None = None) -> Window:
    if lost_since is not None and lost_since.tzinfo is None:
        lost_since = lost_since.replace(tzinfo=UTC)
    if lost_since is not None and restores.is_to_come(runtime.database, lost_since):
        raise click.ClickException(
            f"{_minute(lost_since)} is still to come: give the moment in UTC, or name its zone, as in +03:00"
        )
    kept = timedelta(days=runtime.settings.keep_deliveries_days)
    return restores.open_window(
        runtime.database,
        lost_since=lost_since,
        looks_for=kept if days is None else timedelta(days=days),
        keys_kept=kept,
    )


def _say_left(runtime: Runtime, account: str) -> None:
    rows = integrations.at_host(runtime.database, account)
    if not rows:
        raise click.ClickException(f"there is no connection of {account}")
    for row in rows:
        has_ended = integrations.disconnect(runtime.database, row, integrations.MOVED, HAS_MOVED, None)
        if not has_ended and (now := integrations.by_id(runtime.database, row.id)) and now.status != "disconnected":
            raise click.ClickException(f"{account} was changed at this moment: stop the functions, and run it again")
        click.echo(f"{account} ({row.widget_type}): lives in another cell")


def told(window: Window) -> str:
    return (
        f"Until {_minute(window.looks_until)} new writes are looked for in amoCRM, among what was made since "
        f"{_minute(window.lost_since)}, before they are carried out."
    )


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


@click.command("lost-visits")
def lost_visits() -> None:
    """Visits that are tasks in amoCRM, and unknown to this database: they were booked between the backup and the loss.

    Asks each connected account with appointments, so run it after `restore-tokens`. Book what is listed once more, in
    its deal, and complete the task that is there. Changes nothing; ends with 1 where there are any, or an account did
    not answer.
    """
    from features.bookings import lost_visits as visits

    runtime, count = Runtime.from_environment(), 0
    try:
        window = restores.opened(runtime.database)
        if window is None:
            raise click.ClickException("this database was not restored, as far as it knows: run mark-restored first")
        for row in _connections(runtime):
            if row.status not in ("connected", "reauth_required") or not visits.may_have(row):
                continue
            try:
                for one in visits.find(runtime, row, window.lost_since):
                    count += 1
                    click.echo(f"{row.account_domain}: {english(one)}")
            except Exception as error:
                problem = problem_from(error)
                if problem is None:
                    raise
                count += 1
                click.secho(f"{row.account_domain}: could not be asked: {english(problem.detail)}", err=True)
    except DatabaseUnavailableError as error:
        raise click.ClickException(str(error)) from None
    finally:
        runtime.close()
    if count:
        raise click.ClickException(f"{count} line(s) for a person, see above")
    click.echo("Every visit that amoCRM has a task of is known here.")


def _connections(runtime: Runtime) -> Iterator[Integration]:
    after: tuple[str, str] | None = None
    while page := integrations.page(runtime.database, after, _PAGE):
        yield from page
        after = (page[-1].account_domain, page[-1].widget_type)
