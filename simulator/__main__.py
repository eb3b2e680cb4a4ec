"""`python -m simulator --port 8900`: amoCRM on this machine, with one filled account."""

import asyncio
import signal
from pathlib import Path

import click

from simulator import persistence, seed
from simulator.archives import RefusedError, unpacked
from simulator.proxy import Proxy
from simulator.recorder import Recorder
from simulator.server import serve
from simulator.simulation import Simulation


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8900, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--redirect-uri", default="http://localhost:8902/", show_default=True, help="Of the demo's integration.")
@click.option(
    "--widgets",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder of widget archives, such as glass.zip, for the demo's integrations.",
)
@click.option(
    "--proxy-port", type=int, help="Also a CONNECT proxy that speaks TLS for the accounts' names; 0: a free port."
)
@click.option(
    "--ca-file",
    default="simulator-ca.pem",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the proxy writes the authority that clients are to trust.",
)
@click.option(
    "--record",
    envvar="SIMULATOR_RECORD",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append what passes through the API to this file, a line of JSON each.",
)
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="Keep the state in this file.")
def main(
    host: str,
    port: int,
    redirect_uri: str,
    widgets: Path | None,
    proxy_port: int | None,
    ca_file: Path,
    record: Path | None,
    state: Path | None,
) -> None:
    """Simulates amoCRM: accounts by Host header, pages in a browser, faults by its control API."""
    simulation = Simulation()
    if state is None or not persistence.restore(simulation, state):
        seed.demo(simulation.world)
    if record is not None:
        simulation.recorder = Recorder(record)
    archives = {file.stem: _unpacked(file) for file in (sorted(widgets.glob("*.zip")) if widgets else ())}
    simulation.archives = archives
    seed.demo_clients(simulation.world, redirect_uri, archives)

    async def run() -> None:
        # By the loop: an exception from a signal's own handler is lost where it meets a finalizer, and nothing stops.
        stop = asyncio.current_task().cancel  # type: ignore[union-attr]
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
        bound = await serve(simulation, host, port)
        if proxy_port is not None:
            proxy = Proxy(bound, ca_file)
            click.echo(
                f"proxy: HTTPS_PROXY=http://{host}:{await proxy.serve(host, proxy_port)} SSL_CERT_FILE={ca_file}"
            )
        click.echo(f"simulator: http://{host}:{bound}/")
        if state is None:
            await asyncio.Event().wait()
        else:
            await persistence.keep(simulation, state)

    try:
        asyncio.run(run())
    except (KeyboardInterrupt, asyncio.CancelledError):
        click.echo("simulator: stopped")
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from None


def _unpacked(file: Path) -> dict[str, bytes]:
    try:
        return unpacked(file.read_bytes(), "kommo" if file.stem.endswith(".kommo") else "amocrm")
    except RefusedError as error:
        raise click.ClickException(f"amoCRM would refuse {file.name}: {error}") from None


if __name__ == "__main__":
    main()
