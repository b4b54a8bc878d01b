"""The documents say what is true: commands, settings, words, rooms and links that are there."""

import re
import shlex
from collections.abc import Iterator, Mapping
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, SecretStr

from campaigns import words
from campaigns.breaker import Position
from campaigns.reports import AgentState
from dialer.__main__ import run
from dialer.commands.language import VIETNAMESE
from dialer.gateways.tel4vn import Tel4vnSettings
from dialer.settings import Settings

HOUSE = Path(__file__).parents[2]
DOCUMENTS = sorted((*HOUSE.glob("*.md"), *HOUSE.glob("docs/**/*.md")))
LISTS = [
    *(one for one in vars(words).values() if isinstance(one, type) and issubclass(one, StrEnum) and one is not StrEnum),
    Position,
    AgentState,
]
# In pieces, so that this file does not hold what it looks for.
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "com"), ("docker", "io"))
]
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:home|root|work|Users)/\w")


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def read(name: str) -> str:
    return text_of(HOUSE / name)


def shell_lines(document: Path) -> Iterator[str]:
    """What a document tells its reader to type."""
    for block in re.findall(r"```sh\n(.*?)```", text_of(document), re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()


def commands_in(line: str) -> Iterator[list[str]]:
    """The commands of a shell line, without comments, redirections and variables set before them."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    command: list[str] = []
    for token in (*lexer, ";"):
        if not set(token) <= set("();<>|&"):
            command.append(token)
            continue
        while command and re.match(r"\w+=", command[0]):
            command.pop(0)
        yield command
        # What follows a redirection is a file.
        command = ["file"] if set(token) & set("<>") else []


def typed(program: str) -> list[Any]:
    """Every use of a program in the documents."""
    return [
        pytest.param(command[1:], id=f"{document.name}: {' '.join(command[:4])}")
        for document in DOCUMENTS
        for line in shell_lines(document)
        for command in commands_in(line)
        if command[:1] == [program]
    ]


def rows(document: str, section: str = "") -> dict[str, list[str]]:
    """The cells of a document's table rows by the word in backquotes that begins them, of one section or of all."""
    told = read(document)
    if section:
        told = re.split(r"(?m)^#+ ", told.partition(section)[2], maxsplit=1)[0]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in told.splitlines() if line[:3] == "| `"]
    return {row[0].strip("` "): row[1:] for row in cells}


def spoken(default: Any) -> list[str]:
    """How a document writes a default: the words that must stand in its cell."""
    match default:
        case None:
            return ["none"]
        case SecretStr() | "":
            return ["empty"]
        case bool():
            return [f"`{str(default).lower()}`"]
        case float():
            return [f"`{default:g}`"]
        case ZoneInfo():
            return [f"`{default.key}`"]
        case Mapping():
            return [f"`{word}`" for pair in default.items() for word in pair]
        case tuple() | frozenset():
            return [f"`{one}`" for one in default]
    return [f"`{default}`"]


def wrong_defaults(model: type[BaseModel], told: Mapping[str, list[str]], prefix: str = "") -> list[str]:
    """The settings whose row is missing, or does not tell the default that the code has."""
    wrong = []
    for name, field in model.model_fields.items():
        cells = told.get(f"{prefix}{name.upper()}" if prefix else name, [""])
        if not all(word in cells[0] for word in spoken(field.default)):
            wrong.append(f"{name}: {cells[0]!r} does not say {field.default!r}")
    return wrong


@pytest.mark.parametrize("command", typed("dialer"))
def test_what_the_documents_tell_to_type_is_a_command_with_those_options(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, "--help"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("targets", typed("make"))
def test_what_the_documents_tell_to_make_is_a_target(targets: list[str]) -> None:
    assert set(targets) <= set(re.findall(r"(?m)^([\w-]+):", read("Makefile")))


def test_the_readme_shows_the_two_commands_and_a_real_campaign_in_ten_lines() -> None:
    assert {"make demo", "make test"} <= {
        " ".join(command) for command in map(_whole, shell_lines(HOUSE / "README.md"))
    }
    block = read("README.md").partition("in ten lines")[2].partition("```sh\n")[2].partition("```")[0]
    assert len(block.splitlines()) == 10


def _whole(line: str) -> list[str]:
    return shlex.split(line, comments=True)


def test_the_readme_lists_every_setting_with_its_default_and_no_other() -> None:
    told = {name: cells for name, cells in rows("README.md").items() if name.startswith("DIALER_")}
    assert wrong_defaults(Settings, told, "DIALER_") == []
    assert set(told) == {f"DIALER_{name.upper()}" for name in Settings.model_fields}


def test_the_vendor_s_page_lists_every_setting_of_an_account_with_its_default_and_no_other() -> None:
    told = rows("docs/vendors/tel4vn.md", "# What we assume where the vendor is silent")
    assert wrong_defaults(Tel4vnSettings, told) == []
    assert set(told) == set(Tel4vnSettings.model_fields)


@pytest.mark.parametrize("closed_list", LISTS, ids=lambda closed_list: closed_list.__name__)
def test_the_glossary_has_every_word_of_a_closed_list_and_no_other(closed_list: type[StrEnum]) -> None:
    assert set(rows("docs/glossary.md", f"# `{closed_list.__name__}`")) == {word.value for word in closed_list}


@pytest.mark.parametrize("shown", [words.Status, words.Outcome, words.Reason, words.Wanted, AgentState])
def test_the_glossary_says_in_vietnamese_what_the_screen_says(shown: type[StrEnum]) -> None:
    told = rows("docs/glossary.md", f"# `{shown.__name__}`")
    assert {word: cells[0] for word, cells in told.items() if cells[0] != VIETNAMESE.get(word, cells[0])} == {}


def test_every_room_that_the_readme_names_is_there() -> None:
    listed = read("README.md").partition("## Where things are")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", listed))
    there = {path.stem for house in ("campaigns", "dialer") for path in (HOUSE / house).iterdir()}
    assert len(named) > 20
    assert named <= there


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text_of(document))
    inside = [link.partition("#")[0] for link in links if "://" not in link]
    assert [link for link in inside if link and not (document.parent / link).exists()] == []


def test_the_image_is_built_from_files_that_are_there_and_that_it_may_see() -> None:
    copied = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", read("Dockerfile"))
    sources = {source for line in copied for source in line.split()}
    let_in = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    assert {source for source in sources if not (HOUSE / source).exists()} == set()
    assert sources == let_in


def test_nothing_in_the_tree_names_a_registry_or_somebody_s_machine() -> None:
    found = []
    for file in tree(HOUSE, ignored()):
        told = file.read_bytes().decode("utf-8", errors="replace")
        found += [f"{file}: {host}" for host in REGISTRIES if host in told]
        found += [f"{file}: {path}" for path in MACHINE_PATH.findall(told)]
    assert found == []


def test_the_data_folder_with_its_key_never_gets_into_a_commit() -> None:
    assert Settings.model_fields["data_dir"].default.name in ignored()


def ignored() -> list[str]:
    """What git leaves alone; and git itself."""
    return [".git", *(line.rstrip("/") for line in read(".gitignore").splitlines() if line)]


def tree(folder: Path, without: list[str]) -> Iterator[Path]:
    """The project's files, as a commit of everything would hold them."""
    for path in sorted(folder.iterdir()):
        if any(fnmatch(path.name, pattern) for pattern in without):
            continue
        if path.is_dir():
            yield from tree(path, without)
        else:
            yield path
