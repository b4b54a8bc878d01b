"""The bench does not rot: its rows run from end to end at a tiny size, and the page says what they found."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("choose", "law", "settling", "intake", "ordering", "placing")


def page() -> ModuleType:
    """The page's room, which needs nothing of the others."""
    spec = importlib.util.spec_from_file_location("page", ROOT / "tests" / "bench" / "page.py")
    assert spec is not None
    assert spec.loader is not None
    room = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(room)
    return room


def test_every_row_runs_at_a_tiny_size_and_the_page_tells_of_each(tmp_path: Path) -> None:
    kept = tmp_path / "run.json"
    words = ["--scale", "tiny", "--rows", ",".join(PARTS), "--databases", "sqlite", "--json", str(kept)]
    done = subprocess.run([sys.executable, "-m", "tests.bench", *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    run = json.loads(kept.read_text())
    assert {figure["row"] for figure in run["figures"]} == set(PARTS)
    assert all(figure["ours"] > 0 for figure in run["figures"])
    told = page().made(run)
    for figure in run["figures"]:
        assert figure["case"] in told


def figure(**more: object) -> dict[str, object]:
    plain = {"row": "settling", "database": "sqlite", "case": "a case", "unit": "facts/s", "ours": 300.0}
    plain |= {"reference": 1000.0, "ratio": 0.3, "spread": [0.2, 0.4], "at_least": 0.4, "at_most": None, "met": False}
    return plain | more


RUN = {"at": "2026-01-05", "scale": "full", "cores": 2, "seconds": 9, "versions": {"sqlite": "3.45"}}


def test_the_page_names_what_is_missed_and_by_how_much() -> None:
    told = page().made(RUN | {"figures": [figure()]})
    assert "0.30 where the aim is ≥ 0.4, off by a factor of 1.33" in told


def test_a_page_without_a_miss_says_so() -> None:
    told = page().made(RUN | {"figures": [figure(ratio=0.5, met=True)]})
    assert "Nowhere in this run." in told
    assert "**no**" not in told


@pytest.mark.parametrize(
    ("slow", "widest"), [("intake", "Taking hooks in"), ("placing", "Placing"), ("settling", "Settling")]
)
def test_the_bottleneck_is_the_part_that_takes_longest_for_a_call(slow: str, widest: str) -> None:
    rates = {"intake": 40_000.0, "settling": 40_000.0, "placing": 10_000.0} | {slow: 100.0}
    parts = [figure(row=row, ours=rate) for row, rate in rates.items()]
    whole = figure(row="campaign", ours=50.0, ratio=None, spread=None, reference=None, at_least=None, met=True)
    assert f"The bottleneck is **{widest.lower()}**" in page().made(RUN | {"figures": [*parts, whole]})
