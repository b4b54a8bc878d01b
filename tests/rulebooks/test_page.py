"""docs/rulebooks.md says what may stand in a file: its example is read, and its tables have every key and no other."""

import re
from pathlib import Path

import pytest

from campaigns.rulebooks import read, shipped
from campaigns.rulebooks.hours import WEEKDAYS
from campaigns.rulebooks.shapes import BookShape, CapShape, HoursShape, RequiresShape, RuleShape, Shape, SourceShape

PAGE = (Path(__file__).parents[2] / "docs" / "rulebooks.md").read_text(encoding="utf-8")
SECTIONS = {
    "## The keys": BookShape,
    "### `[hours]`": HoursShape,
    "### `[requires]`": RequiresShape,
    "### `[[caps]]`": CapShape,
    "### `[[conduct]]`": RuleShape,
}
TABLES = {"sources", "hours", "requires", "caps", "conduct", "override_reason"}


def section(heading: str) -> str:
    return re.split(r"(?m)^#+ ", PAGE.partition(heading)[2], maxsplit=1)[0]


def keys(shape: type[Shape]) -> set[str]:
    return {field.alias or name for name, field in shape.model_fields.items()}


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_page_tells_every_key_and_no_other(heading: str) -> None:
    first_cells = re.findall(r"(?m)^\| (`.*?) \|", section(heading))
    told = {word for cell in first_cells for word in re.findall(r"`(\w+)`", cell)}
    if SECTIONS[heading] is HoursShape:
        told |= set(WEEKDAYS)
    assert told == keys(SECTIONS[heading]) - (TABLES if SECTIONS[heading] is BookShape else set())


def test_the_page_tells_every_key_of_a_source() -> None:
    assert keys(SourceShape) <= set(re.findall(r"`(\w+)`", section("### `[[sources]]`")))
    assert all(f"[{table}]" in PAGE for table in TABLES)


def test_the_example_of_the_page_is_read_and_its_reason_is_for_a_field() -> None:
    example, reason = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert read(example).caps[0].limit == 3
    assert read(example + reason).overrides[0][0] == "caps.VN-DEBT-FREQ"


@pytest.mark.parametrize("name", shipped())
def test_the_page_names_every_shipped_rulebook(name: str) -> None:
    assert f"| `{name}` |" in PAGE
