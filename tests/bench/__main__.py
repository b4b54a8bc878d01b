"""`python -m tests.bench --scale full --page`: measure, print, keep, and write the page."""

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from dialer import logs
from tests.bench import campaign, choose, intake, law, memory, ordering, page, placing, settling
from tests.bench.ground import durable_server, fresh
from tests.bench.measuring import Figure
from tests.bench.scale import SCALES, Scale

# Each is measured in a database of its own, so that none finds what another left.
ROWS = {row.NAME: row.measure for row in (choose, law, intake, ordering, settling, placing)} | {
    "campaign": campaign.by_one,
    "two-workers": campaign.by_two,
    "memory": memory.measure,
}
LIBRARIES = ("sqlalchemy", "asyncpg", "aiohttp")


def main() -> int:
    options = _options()
    logs.configure("ERROR", "json")
    run = _kept(options.kept) if options.kept else _run(options)
    if options.page:
        page.write(run)
    return 0


def _run(options: argparse.Namespace) -> dict[str, Any]:
    """One run. What it found is kept after each row, so that a run that is stopped is not lost."""
    run: dict[str, Any] = {}
    started = perf_counter()

    async def go() -> None:
        async for found in measured(SCALES[options.scale], options.rows.split(","), options.databases.split(",")):
            run.update(found, seconds=round(perf_counter() - started))
            _keep(run, options.json)

    asyncio.run(go())
    return run


def _kept(files: list[str]) -> dict[str, Any]:
    """Earlier runs as one: of a row that was measured again the newer figures stand."""
    runs = [json.loads(Path(file).read_text(encoding="utf-8")) for file in files]
    newest = {figure["row"]: run["figures"] for run in runs for figure in run["figures"]}
    order = [*dict.fromkeys(figure["row"] for run in runs for figure in run["figures"])]
    figures = [figure for row in order for figure in newest[row] if figure["row"] == row]
    return runs[-1] | {"figures": figures, "seconds": sum(run["seconds"] for run in runs)}


def _keep(run: dict[str, Any], file: str | None) -> None:
    if file:
        Path(file).write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--scale", choices=SCALES, default="quick")
    parser.add_argument("--rows", default=",".join(ROWS), help="which, separated by commas")
    parser.add_argument("--databases", default="postgresql,sqlite")
    parser.add_argument("--json", metavar="FILE", help="keep the figures there")
    parser.add_argument(
        "--kept", metavar="FILE", nargs="+", help="measure nothing, take the figures of earlier runs, the newest last"
    )
    parser.add_argument("--page", action="store_true", help="write docs/performance.md of them")
    return parser.parse_args()


async def measured(scale: Scale, rows: list[str], databases: list[str]) -> AsyncIterator[dict[str, Any]]:
    """All that one run found out so far: where it ran, and a figure a line."""
    figures: list[Figure] = []
    versions = {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}
    known = {"at": datetime.now(UTC).date().isoformat(), "scale": scale.name, "cores": os.cpu_count()}  # noqa: TID251
    with ExitStack() as stack:
        server = stack.enter_context(durable_server()) if "postgresql" in databases else None
        for name in rows:
            for kind in databases:
                async with fresh(server if kind == "postgresql" else None, f"bench_{name.replace('-', '_')}") as ground:
                    versions[kind] = ground.version
                    for figure in await ROWS[name](ground, scale):
                        figures.append(figure)
                        print(line(figure), flush=True)
                yield known | {"versions": versions, "figures": [figure.as_json() for figure in figures]}


def line(figure: Figure) -> str:
    said = f"{figure.row:9} {figure.database:10} {figure.case:65} {figure.ours:12,.2f} {figure.unit}"
    if figure.ratio is not None and figure.spread is not None:
        said += f" of {figure.reference:,.0f}: {figure.ratio:.2f} ({figure.spread[0]:.2f} to {figure.spread[1]:.2f})"
    return f"{said} {'' if figure.met else 'MISSED'}"


if __name__ == "__main__":
    sys.exit(main())
