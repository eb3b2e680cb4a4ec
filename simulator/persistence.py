"""Keeps a simulator's state in a file, so that a demo that is started again goes on where it was."""

import asyncio
import contextlib
import pickle
from pathlib import Path

from simulator.simulation import Simulation

_SECONDS = 2.0
_VERSION = 9  # of what the file holds; another one is left aside


def restore(simulation: Simulation, file: Path) -> bool:
    """Takes up what the file holds. False when there is none that fits. The file is trusted: only `keep` writes it."""
    if not file.exists():
        return False
    version, *rest = pickle.loads(file.read_bytes())  # noqa: S301
    if version != _VERSION:
        return False
    world, codes, access, refresh, offset = rest
    simulation.world.accounts, simulation.world.clients = world
    simulation.world.skip_ids()
    simulation.world.clock.offset = offset
    simulation.tokens.codes, simulation.tokens.access, simulation.tokens.refresh = codes, access, refresh
    return True


def save(simulation: Simulation, file: Path) -> None:
    world, tokens = simulation.world, simulation.tokens
    state = _VERSION, (world.accounts, world.clients), tokens.codes, tokens.access, tokens.refresh, world.clock.offset
    fresh = file.with_suffix(".new")
    fresh.write_bytes(pickle.dumps(state))
    fresh.replace(file)


async def keep(simulation: Simulation, file: Path) -> None:
    """Saves a moment after each change, until it is cancelled; then once more."""
    saved = -1
    try:
        while True:
            await asyncio.sleep(_SECONDS)
            if len(simulation.truth.effects) != saved:
                saved = len(simulation.truth.effects)
                save(simulation, file)
    finally:
        with contextlib.suppress(OSError):
            save(simulation, file)
