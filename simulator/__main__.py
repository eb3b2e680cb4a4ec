"""`python -m simulator --port 8900`: amoCRM on this machine, with one filled account."""

import asyncio
import signal
from pathlib import Path

import click

from simulator import keeping, seed
from simulator.server import serve
from simulator.simulation import Simulation


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8900, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--redirect-uri", default="http://localhost:8902/", show_default=True, help="Of the demo's integration.")
@click.option("--widget-url", default=None, help="Where the deal page loads the widget from.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="Keep the state in this file.")
def main(host: str, port: int, redirect_uri: str, widget_url: str | None, state: Path | None) -> None:
    """Simulates amoCRM: accounts by Host header, pages in a browser, faults by its control API."""
    simulation = Simulation()
    if state is None or not keeping.restore(simulation, state):
        seed.demo(simulation.world)
    seed.demo_client(simulation.world, redirect_uri, widget_url)

    async def run() -> None:
        bound = await serve(simulation, host, port)
        click.echo(f"simulator: http://{host}:{bound}/")
        if state is None:
            await asyncio.Event().wait()
        else:
            await keeping.keep(simulation, state)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        click.echo("simulator: stopped")
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from None


main()
