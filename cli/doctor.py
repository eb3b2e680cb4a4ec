"""`doctor`: what is wrong with an installation, and what to do about it.

Each check is a function that yields findings. It changes nothing, but for asking amoCRM for each account.
"""

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from cli import after_restore, journal_check, migrations
from features import registry
from shared.access import openid
from shared.amocrm import errors, oauth
from shared.amocrm.files import SCOPE as FILES_SCOPE
from shared.amocrm.leads import AccountApi
from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.connections.rotation import ReauthRequiredError, RefreshDelayedError
from shared.deliveries import restores
from shared.platform.config import ConfigurationError, Settings, load
from shared.platform.messages import english
from shared.platform.problems import problem_from
from shared.platform.secret_store import environment
from shared.runtime import Runtime
from shared.storage import jobs
from shared.storage.database import DatabaseUnavailableError
from shared.storage.encryption import DecryptionError

_PAGE: Final = 100
_MOST_SKEW_SECONDS: Final = 30.0
_LONG_BACKLOG_SECONDS: Final = 900.0

_ROLE = """
SELECT rolsuper, current_user, has_database_privilege(current_database(), 'TEMPORARY'), current_database()
FROM pg_roles WHERE rolname = current_user
"""
_APPLIED = "SELECT version, checksum FROM schema_migrations"
_NOW = "SELECT extract(epoch FROM clock_timestamp())::float8"


_OTHER_ADDRESS: Final = (
    "Let the functions leave through another address: another region, or a NAT with an address of its own. "
    "The connection is kept, and works again by itself."
)
_SCOPE: Final = "Tick the scope in the integration's settings in amoCRM"
# What to do about a problem, by its code; what is not here is tried again and passes.
_ADVICE: Final = {
    "account_moved": "Nothing, if its addresses lead to the other cell by now.",
    "address_blocked": _OTHER_ADDRESS,
    "amocrm_address_blocked": _OTHER_ADDRESS,
    "amocrm_account_not_found": "Check the address of the account in the panel.",
    "amocrm_forbidden": "Let an administrator of the account, with rights to its deals, authorise it again.",
    "amocrm_scope_missing": f"{_SCOPE}, and authorise the account again.",
    "amocrm_unpaid": "Its owner must pay the tariff. The connection is kept, and works again by itself.",
    "client_refused": (
        "Compare client ID, secret and redirect URI in the panel with the integration's page in amoCRM. An account "
        "that is not paid is refused in the same words: the connection is kept, and works again by itself."
    ),
    "decryption_failed": "Put the key that wrote it into ENCRYPTION_KEYS, after the first one.",
    "reauth_required": "Authorise the account again, with the link in the panel.",
    "redirect_uri_changed": "Register OAUTH_REDIRECT_URI in amoCRM, and authorise the account again.",
    "refusal_unknown": "Nobody has met these words yet: please report them. Authorise the account again if it stays.",
    "request_refused": "This is a fault of this version: please report it. The connection is kept.",
    "scope_refused": f"{_SCOPE} again. The connection is kept, and works again by itself.",
    "token_ending": "Make a new long-lived token in amoCRM, and save it in the panel.",
}
_PASSES: Final = "It is tried again by itself; see the event log if it stays."


@dataclass(frozen=True, slots=True)
class Finding:
    level: str  # ok, warning, error
    subject: str
    text: str
    advice: str = ""


def examine(environ: Mapping[str, str], live: bool) -> Iterator[Finding]:
    """All findings, as they come. `live`: also asks amoCRM for every connected account."""
    try:
        settings = load(environment(environ))
    except ConfigurationError as error:
        for problem in error.problems:
            yield Finding("error", "configuration", problem, "See docs/configuration.md.")
        return
    yield Finding("ok", "configuration", "every variable is right")
    yield from _settings(settings)
    if not (yield from _database(settings)):
        return
    runtime = Runtime.build(settings)
    try:
        yield from _jobs(runtime)
        yield from _issuer(runtime)
        yield from (Finding(level, "journal", text, advice) for level, text, advice in journal_check.findings(runtime))
        window = restores.opened(runtime.database)
        if window is not None:
            yield Finding("ok", "restore", after_restore.told(window))
        yield from _connections(runtime, live)
    except DatabaseUnavailableError:
        yield Finding("error", "database", "the connection was lost", "Run doctor again.")
    finally:
        runtime.close()


def as_document(findings: list[Finding]) -> dict[str, Any]:
    """For machines: `{ok, findings: [{level, subject, text, advice}]}`."""
    return {
        "ok": all(finding.level != "error" for finding in findings),
        "findings": [asdict(finding) for finding in findings],
    }


def _settings(settings: Settings) -> Iterator[Finding]:
    if not settings.admin_token_digests:
        yield Finding("warning", "configuration", "nobody can sign in to the panel", "Set ADMIN_TOKENS.")
    if settings.notice_webhook_url is None:
        text = "nobody is told when a connection needs a person"
        yield Finding("warning", "configuration", text, "Set NOTICE_WEBHOOK_URL and NOTICE_SECRET.")
    if settings.amocrm_gateway is not None:
        text = "all calls go to AMOCRM_GATEWAY instead of amoCRM"
        yield Finding("warning", "configuration", text, "Unset it in production.")


def _jobs(runtime: Runtime) -> Iterator[Finding]:
    for job in jobs.standing(runtime.database, registry.jobs()):
        ran = "has never run to its end" if job.seconds is None else f"last ran to its end {_ago(job.seconds)} ago"
        if job.is_late:
            advice = "Look at its log and its schedule: run_deliveries every minute, refresh_tokens every 10 minutes."
            yield Finding("error", job.name, ran, advice)
        else:
            yield Finding("ok", job.name, ran)
    for one in jobs.backlog(runtime.database, registry.backlog()):
        if one.seconds > _LONG_BACKLOG_SECONDS:
            advice = "It is done later than usual: look at the log, at amoCRM's answers, and at what else is due."
            yield Finding("warning", one.name, f"the oldest has been due for {_ago(one.seconds)}", advice)


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _issuer(runtime: Runtime) -> Iterator[Finding]:
    if runtime.settings.oidc_issuer is None:
        return
    try:
        openid.begin(runtime)
        is_silent = openid.has_no_email_verified(runtime) and runtime.settings.oidc_email_vouched_by == "email_verified"
    except openid.Refusal as refusal:
        advice = "Compare OIDC_ISSUER, letter by letter, with the issuer's own description."
        yield Finding("error", "sign-in", f"the issuer cannot be used: {refusal}", advice)
    else:
        yield Finding("ok", "sign-in", f"the issuer answers; it must send back to {openid.redirect_uri(runtime)}")
        if is_silent:
            advice = "Set OIDC_EMAIL_VOUCHED_BY to xms_edov, or for a tenant of your own to issuer; see docs/panel.md."
            yield Finding("warning", "sign-in", "Entra ID's tokens have no email_verified", advice)


def _database(settings: Settings) -> Generator[Finding, None, bool]:
    """Yields findings; returns whether the tables can be used."""
    try:
        with psycopg.connect(settings.database_url.reveal(), connect_timeout=5, prepare_threshold=None) as connection:
            started = time.time()
            database_now = float((connection.execute(_NOW).fetchone() or (0.0,))[0])
            yield from skew("database", database_now - (started + time.time()) / 2)
            role = connection.execute(_ROLE).fetchone()
            if role is not None and role[0]:
                advice = "Use a member of amocrm_runtime, see docs/security.md."
                yield Finding("warning", "database", f"the functions connect as the superuser {role[1]}", advice)
            elif role is not None and role[2]:
                advice = f'Let the database\'s owner carry out: REVOKE TEMPORARY ON DATABASE "{role[3]}" FROM PUBLIC'
                yield Finding("warning", "database", f"{role[1]} may make temporary tables, and needs none", advice)
            return (yield from _migrations(dict(connection.execute(_APPLIED).fetchall())))
    except psycopg.errors.UndefinedTable:
        yield Finding("error", "migrations", "none was applied", "Run `make migrate`.")
    except psycopg.Error as error:
        advice = "Check DATABASE_URL, and that PostgreSQL runs and lets us in."
        yield Finding("error", "database", f"cannot be reached ({type(error).__name__})", advice)
    return False


def _migrations(applied: dict[int, str]) -> Generator[Finding, None, bool]:
    """As above."""
    found = migrations.read(migrations.FOLDER)
    missing = [one.file.name for one in found if one.version not in applied]
    changed = [one.file.name for one in found if applied.get(one.version) not in (None, one.checksum)]
    unknown = set(applied) - {one.version for one in found}
    if changed or unknown:
        text = f"the database has other migrations than this version ({', '.join(changed) or 'newer ones'})"
        advice = "Deploy the version that the database was migrated with, or a newer one."
        yield Finding("error", "migrations", text, advice)
    if missing:
        yield Finding("error", "migrations", f"not applied: {', '.join(missing)}", "Run `make migrate`.")
    if missing or changed or unknown:
        return False
    yield Finding("ok", "migrations", f"all {len(found)} are applied")
    return True


def _connections(runtime: Runtime, live: bool) -> Iterator[Finding]:
    after: tuple[str, str] | None = None
    count = 0
    while page := integrations.page(runtime.database, after, _PAGE):
        for integration in page:
            count += 1
            yield from _connection(runtime, integration, live)
        after = (page[-1].account_domain, page[-1].widget_type)
    if count == 0:
        yield Finding("warning", "connections", "there is none", "Save one in the panel.")


def _connection(runtime: Runtime, integration: Integration, live: bool) -> Iterator[Finding]:
    name = f"{integration.account_domain} ({integration.widget_type})"
    if not (yield from _is_readable(runtime, name, integration)):
        return
    if integration.move not in (None, "left"):
        text = f"is on its way to another cell ({integration.move})"
        yield Finding("warning", name, text, "If `move-account` does not run now, run it again, or with --undo.")
    if integration.redirect_uri != runtime.settings.redirect_uri:
        text = f"was connected with the redirect URI {integration.redirect_uri}"
        yield Finding("warning", name, text, "Register OAUTH_REDIRECT_URI in amoCRM, and authorise the account again.")
    if integration.status != "connected":
        level = "error" if integration.status == "reauth_required" else "warning"
        told = integration.problem_detail
        detail = "not authorised yet" if told is None else english(told)
        advice = _ADVICE.get(integration.problem_code or "", "Authorise it in the panel, if it is needed.")
        yield Finding(level, name, f"{integration.status}: {detail}", advice)
        return
    if integration.problem_code:
        advice = _ADVICE.get(integration.problem_code, _PASSES)
        detail = "" if integration.problem_detail is None else english(integration.problem_detail)
        yield Finding("warning", name, f"{integration.problem_code}: {detail}", advice)
    if not integration.access_is_alive and integration.refresh_token is not None:
        yield Finding("warning", name, "its token has ended", "Check that refresh_tokens runs every 10 minutes.")
    if live:
        yield from _live(runtime, name, integration)
    else:
        yield Finding("ok", name, f"connected; its token ends {integration.access_expires_at:%Y-%m-%d %H:%M} UTC")


def _is_readable(runtime: Runtime, name: str, integration: Integration) -> Generator[Finding, None, bool]:
    try:
        for column in ("client_secret", "access_token", "refresh_token"):
            stored: bytes | None = getattr(integration, column)
            if stored is not None:
                runtime.keyring.decrypt(stored, integration.id, column)
    except DecryptionError as error:
        yield Finding("error", name, str(error), _ADVICE["decryption_failed"])
        return False
    return True


def _live(runtime: Runtime, name: str, integration: Integration) -> Iterator[Finding]:
    """Asks for the account, as every widget's call would: a token that has ended is refreshed on the way."""
    try:
        account, has_files = runtime.connections.call(integration, _look)
    except (errors.AmocrmError, ReauthRequiredError, RefreshDelayedError) as error:
        problem = problem_from(error)
        if problem is None:
            raise
        yield Finding("error", name, f"{problem.code}: {english(problem.detail)}", _ADVICE.get(problem.code, _PASSES))
        return
    yield Finding("ok", name, f"connected; amoCRM answers as {account.get('name')}")
    if not has_files:
        text = "has no access to files, so quotations are left out of the deals"
        yield Finding("warning", name, text, _ADVICE["amocrm_scope_missing"])
    if account.get("is_api_filter_enabled") is False:
        text = "has no API filters: deals are listed by text only, and some reads take more calls"
        yield Finding("warning", name, text, "It is an option of the account's tariff; everything else works without.")
    server_time = runtime.transport.server_time
    if server_time is not None:
        now = runtime.clock.now()
        yield from skew("amoCRM", (server_time - now).total_seconds())


def _look(api: AccountApi) -> tuple[dict[str, Any], bool]:
    """The account, and whether the token admits to files."""
    scopes = oauth.access_token_hints(api.access_token).scopes
    account = api.send("GET", "/account", params={"with": "is_api_filter_enabled"})
    return account or {}, scopes is None or FILES_SCOPE in scopes


def skew(subject: str, seconds: float) -> Iterator[Finding]:
    if abs(seconds) > _MOST_SKEW_SECONDS:
        at = f"{datetime.now(UTC):%H:%M:%S} UTC here"
        advice = "Set this machine's clock: one-time tokens are refused otherwise."
        yield Finding("error", subject, f"its clock differs by {seconds:.0f} s ({at})", advice)
