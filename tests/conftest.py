"""What every test may lean on: one event loop, two profiles of property tests, no settings from outside."""

import gc
import os
from contextlib import ExitStack, suppress

import postgres
import pytest
from hypothesis import HealthCheck, settings

from dialer import logs

settings.register_profile("quick", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


WHOLE_RUN = ExitStack()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Several processes share one PostgreSQL, and the migrated database in it that all others are copies of."""
    with suppress(postgres.Unavailable):
        server = WHOLE_RUN.enter_context(postgres.serving())
        os.environ[postgres.OF_THE_RUN] = server.url.render_as_string(hide_password=False)


def pytest_unconfigure() -> None:
    WHOLE_RUN.close()


def pytest_collectstart() -> None:
    """While thousands of tests are collected nearly nothing dies, so the garbage collector would walk over all of it
    again and again, in every worker; and what was collected lives to the end."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.enable()
    gc.collect()
    gc.freeze()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _plain_logs() -> None:
    """As a process in production writes them; the default would draw every traceback with all its values."""
    logs.configure("INFO", "json")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own DIALER_ variables must not steer the tests."""
    for name in [name for name in os.environ if name.startswith("DIALER_") and not name.startswith("DIALER_TEST_")]:
        monkeypatch.delenv(name)
