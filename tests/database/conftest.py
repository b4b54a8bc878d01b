"""Every test here runs on both databases: on SQLite in a file, and on PostgreSQL where one can be had."""

from collections.abc import Iterator
from pathlib import Path

import postgres
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from databases import Clones, Desk, desk, embedded, embedded_template


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


@pytest.fixture
def sqlite(portal: BlockingPortal, template: Path, tmp_path: Path) -> Iterator[Desk]:
    with embedded(portal, template, tmp_path) as one:
        yield one


@pytest.fixture
def postgresql(portal: BlockingPortal, clones: Clones) -> Iterator[Desk]:
    url = clones.migrated()
    with desk(portal, url) as one:
        yield one
    clones.drop(url)


@pytest.fixture(scope="session")
def postgresql_session(portal: BlockingPortal, clones: Clones) -> Iterator[Desk]:
    """One database for all examples of a property; each example founds a company of its own."""
    with desk(portal, clones.migrated()) as one:
        yield one


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Desk:
    """A fresh, migrated database of each kind."""
    one: Desk = request.getfixturevalue(request.param)
    return one


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a database could be: nothing is in it yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    clones: Clones = request.getfixturevalue("clones")
    return clones.empty()
