"""Every test here runs on both databases: on SQLite in a file, and on PostgreSQL where one can be had.

A database serves a whole session, and each test founds a company of its own in it: nothing of one tenant is seen by
another. Who must be alone in a database asks for a `fresh` one.
"""

from collections.abc import Iterator
from pathlib import Path

import postgres
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from databases import Clones, Desk, desk, embedded, embedded_template

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal("asyncio") as one:
        yield one


@pytest.fixture(scope="session")
def clones(portal: BlockingPortal) -> Iterator[Clones]:
    """Databases of the one PostgreSQL of this session."""
    try:
        server = postgres.serving()
        with server as running:
            made = Clones(portal, running)
            yield made
            made.drop_all()
    except postgres.Unavailable as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return embedded_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def sqlite(portal: BlockingPortal, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with embedded(portal, template, tmp_path_factory.mktemp("session")) as one:
        yield one


@pytest.fixture(scope="session")
def postgresql(portal: BlockingPortal, clones: Clones) -> Iterator[Desk]:
    with desk(portal, clones.migrated()) as one:
        yield one


@pytest.fixture(scope="session", params=KINDS)
def database(request: pytest.FixtureRequest) -> Desk:
    """The session's migrated database of each kind."""
    one: Desk = request.getfixturevalue(request.param)
    return one


@pytest.fixture(params=KINDS)
def fresh(request: pytest.FixtureRequest, portal: BlockingPortal, template: Path, tmp_path: Path) -> Iterator[Desk]:
    """A migrated database of each kind with nothing in it."""
    if request.param == "sqlite":
        with embedded(portal, template, tmp_path) as one:
            yield one
    else:
        with desk(portal, request.getfixturevalue("clones").migrated()) as one:
            yield one


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a database could be: no table is there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    clones: Clones = request.getfixturevalue("clones")
    return clones.empty()
