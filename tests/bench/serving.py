"""`dialer serve` as a user starts it, in a process of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench.ground import Ground

PORT_AT = "address"


@asynccontextmanager
async def serving(ground: Ground, port: int) -> AsyncIterator[int]:
    """A worker with everything in it; its process id. It is ended at once: nothing is asked of its calls."""
    settings = ground.settings
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIALER_")} | {
        "DIALER_DATA_DIR": str(settings.data_dir),
        "DIALER_DATABASE_URL": settings.database_url,
        "DIALER_SECRET_KEY": settings.secret_key.get_secret_value(),
        "DIALER_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DIALER_LOG_LEVEL": "ERROR",
        "DIALER_STOP_GRACE": "0",
    }
    command = (sys.executable, "-m", "dialer", "serve", "--host", "127.0.0.1", "--port", str(port))
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
    try:
        await _listening(port)
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


async def _listening(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


def memory(pid: int) -> float:
    """A process's memory in MB, as the kernel counts what is in use."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
