"""The command: access is had, the facts are tried, the report is written."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.probe import run as runs
from cli.probe.connect import Connecting, NotConnectedError, wait_for_code
from cli.probe.lab import Lab, why
from cli.probe.report import Report, line
from shared.amocrm import oauth
from shared.amocrm.errors import AmocrmError
from shared.amocrm.hosts import UntrustedHostError, clean_account_domain
from shared.amocrm.leads import AccountApi
from shared.amocrm.oauth import ClientCredentials
from shared.amocrm.transport import Transport
from shared.platform.clock import SystemClock

_WARNING = """
In {domain} the probe makes a deal, three incoming leads, contacts, a list, a file, custom fields, a task and a webhook,
each with "amocrm-functions-probe" in its name, and removes them again. Deals and contacts go into the account's trash.
Other integrations, and the account's own rules for new deals, see them. Go on?
"""


@click.command("probe")
@click.option("--domain", required=True, help="The account, such as example.amocrm.ru.")
@click.option("--token", envvar="PROBE_TOKEN", help="An access token or a long-lived one; better as PROBE_TOKEN.")
@click.option("--connect", is_flag=True, help="Instead of a token: asks for the access, and tries the facts of OAuth.")
@click.option("--client-id", help="With --connect: of an integration that has the redirect URI below.")
@click.option("--client-secret", envvar="PROBE_CLIENT_SECRET", help="With --connect; else it is asked for.")
@click.option("--redirect-uri", default="http://localhost:3001/", show_default=True, help="With --connect.")
@click.option("--form", is_flag=True, help="With --connect: also sends a form to the token endpoint.")
@click.option("--rate", is_flag=True, help="Also sends 14 calls at once; others of the account may get a 429 then.")
@click.option("--stage", type=int, help="Also moves its deal to this stage, and hears what an action there sends.")
@click.option("--hook-port", type=int, default=3002, show_default=True, help="With --stage: where the hook is heard.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Writes the report there too.")
@click.option("--yes", is_flag=True, help="Without the question whether to go on.")
@click.option("--gateway", envvar="AMOCRM_GATEWAY", help="An address in amoCRM's place, such as the simulator's.")
@click.pass_context
def probe(
    context: click.Context,
    domain: str,
    token: str | None,
    connect: bool,
    client_id: str | None,
    client_secret: str | None,
    redirect_uri: str,
    form: bool,
    rate: bool,
    stage: int | None,
    hook_port: int,
    file: Path | None,
    yes: bool,
    gateway: str | None,
) -> None:
    """Tries in a real account what docs/vendor.md says of amoCRM, and removes everything that it made.

    Ends with 1 when something is different, or could not be removed. A run that was cut off is cleaned up by the next.
    """
    try:
        host = clean_account_domain(domain)
    except UntrustedHostError as error:
        raise click.ClickException(f"--domain {error}") from None
    if connect == bool(token):
        raise click.UsageError("give --token, or --connect")
    if form and not connect:
        raise click.UsageError("--form needs --connect")
    if not yes:
        click.confirm(_WARNING.format(domain=host).strip(), abort=True)
    transport = Transport(gateway)
    context.call_on_close(transport.close)
    report = Report(datetime.now(UTC), host.partition(".")[2])
    try:
        if connect:
            credentials = ClientCredentials(
                client_id or click.prompt("Client ID"),
                client_secret or click.prompt("Secret", hide_input=True),
                redirect_uri,
            )
            code = wait_for_code(
                redirect_uri, lambda state: oauth.consent_url(gateway, host, credentials.client_id, state), click.echo
            )
            token = Connecting(transport, host, credentials, report.results).access_token(code, form)
            for result in report.results:
                click.echo(line(result))
        assert token is not None
        AccountApi(transport, host, token).account()
    except NotConnectedError as error:
        raise click.ClickException(str(error)) from None
    except AmocrmError as error:
        raise click.ClickException(f"the account does not open with this token: {why(error)}") from None
    lab = Lab(transport, host, token, SystemClock(), stage=stage or 0, hook_port=hook_port)
    options = frozenset(name for name, is_asked in (("--rate", rate), ("--stage", stage)) if is_asked)
    runs.run(lab, report, options, lambda result: click.echo(line(result)))
    click.echo("\n".join(report.summary()))
    if file is not None:
        file.write_text(json.dumps(report.document(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if not report.is_good:
        context.exit(1)
