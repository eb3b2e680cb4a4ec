"""The first save on a cold machine: a note, three goods, a rendered PDF and the price, in a demo that has just started.

Nothing is compiled yet, as after cloning; and what the disk had in memory is given back, where this process may do that
(root, on Linux). The second save is told beside it; it also needs fewer calls, because the goods list is known.
"""

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from benchmarks.save import calculation
from tests import page_cache
from tests.demo import Demo, connect, free_port


def measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="amofirst", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        os.environ["PYTHONPYCACHEPREFIX"] = f"{folder}/compiled"
        demo = Demo(Path(folder) / "data", free_port())
        try:
            headers = connect(demo)
            with demo.http(headers) as client:
                lead_id = client.get("/get_leads").json()["leads"][0]["id"]
                headers = {"X-Lead-Id": str(lead_id)}
                saves, is_cold = [], page_cache.drop()
                for number in (1, 2):
                    time.sleep(1.5)  # opening the card has used some of the calls that amoCRM allows in a second
                    started = time.perf_counter()
                    answer = client.post("/save_calculation", headers=headers, json=calculation(number))
                    saves.append(round(time.perf_counter() - started, 3))
                    assert answer.status_code == 200, answer.text
        finally:
            demo.stop()
    return {"caches_were_dropped": is_cold, "first_save_s": saves[0], "second_save_s": saves[1]}


@click.command()
def main() -> None:
    """Prints JSON."""
    click.echo(json.dumps(measure(), indent=2))


if __name__ == "__main__":
    main()
