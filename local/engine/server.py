"""The engine's process: started by ``local.stack`` in the background, configured by its environment alone."""

import asyncio
import fcntl
import logging
import os
import signal
import threading
import time
from pathlib import Path

import ministack.app
from hypercorn.asyncio import serve
from hypercorn.config import Config

from local.engine import adapter
from local.engine.routing import local_app
from local.issuer import Issuer

_OWNER_POLL_SECONDS = 2.0


def main() -> None:
    """Serve until SIGTERM or SIGINT, then save the state. The lock tells others that this process is alive."""
    state_dir = Path(os.environ["LOCAL_DIR"])
    lock = (state_dir / "engine.lock").open("a+")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    if owner := os.environ.get("LOCAL_OWNER_PID"):
        threading.Thread(target=_stop_without, args=(int(owner),), daemon=True).start()
    adapter.apply()
    asyncio.run(_serve(state_dir))


async def _serve(state_dir: Path) -> None:
    address = f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"
    config = Config()
    config.bind = [address]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    logging.getLogger("hypercorn.error").setLevel(logging.WARNING)

    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)

    issuer = Issuer.at(f"http://{address}", state_dir / "issuer.pem")
    app = local_app(ministack.app.app, issuer, state_dir)
    await serve(app, config, shutdown_trigger=stopping.wait)  # type: ignore[arg-type]


def _stop_without(owner: int) -> None:
    """End when the process that asked for this stack is gone (a killed test run leaves no server behind)."""
    while True:
        time.sleep(_OWNER_POLL_SECONDS)
        try:
            os.kill(owner, 0)
        except ProcessLookupError:
            os.kill(os.getpid(), signal.SIGTERM)
            return


if __name__ == "__main__":
    main()
