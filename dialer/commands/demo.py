"""`dialer demo`: the main job in about a minute, on the shipped samples and simulator."""

from pathlib import Path
from typing import Annotated

import typer

from dialer.commands.options import example

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog=example("dialer demo --results demo-results"))
def demo(
    results: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the result files go.")] = Path("demo-results"),
) -> None:
    """Run a whole campaign against the shipped simulator, and show it."""
    from dialer.demo import run

    run(results)
