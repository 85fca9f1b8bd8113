"""``tocsin serve``: the server on a data directory or a database."""

from __future__ import annotations

import logging
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click


@click.command()
@click.option("--data", "data_directory", metavar="DIR", envvar="TOCSIN_DATA", help="Folder of the embedded installation.")
@click.option("--database", metavar="URL", envvar="TOCSIN_DATABASE", help="SQLAlchemy URL of a database instead.")
@click.option("--host", default="127.0.0.1", envvar="TOCSIN_HOST", show_default=True)
@click.option("--port", default=8844, type=int, envvar="TOCSIN_PORT", show_default=True)
@click.option("--public-url", default="", envvar="TOCSIN_PUBLIC_URL", help="The URL by which people reach this server.")
@click.option("--playbook", default="house", envvar="TOCSIN_PLAYBOOK", show_default=True, help="The playbook of incidents that name none.")
@click.option("--virtual-clock", metavar="ISO", help="Start on a clock that stands at this time until it is advanced.")
@click.pass_context
def serve(
    ctx: click.Context,
    data_directory: str | None,
    database: str | None,
    host: str,
    port: int,
    public_url: str,
    playbook: str,
    virtual_clock: str | None,
) -> None:
    """Start the server."""
    from tocsin.cli.client import DEFAULT_DATA  # noqa: PLC0415

    folder = Path(data_directory or getattr(ctx.obj, "data", None) or DEFAULT_DATA)
    clock: Any = None
    if virtual_clock:
        from tocsin.engine.clock import VirtualClock  # noqa: PLC0415

        try:
            start = datetime.fromisoformat(virtual_clock.replace("Z", "+00:00"))
        except ValueError as error:
            raise click.BadParameter(
                f"{virtual_clock!r} is not a time; write it like 2026-01-31T14:05:00Z", param_hint="--virtual-clock"
            ) from error
        if start.tzinfo is None:
            raise click.BadParameter("the time has no zone; end it with Z", param_hint="--virtual-clock")
        clock = VirtualClock(start)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    run(folder, database or "", host, port, public_url, playbook, clock)


def run(folder: Path, database: str, host: str, port: int, public_url: str, playbook: str, clock: Any) -> None:
    """Serve until the process is told to stop; the port 0 takes a free one."""
    import signal  # noqa: PLC0415
    import socket  # noqa: PLC0415

    import uvicorn  # noqa: PLC0415

    from tocsin.app import Options, build  # noqa: PLC0415
    from tocsin.engine.database import DataDirectory  # noqa: PLC0415
    from tocsin.engine.errors import Refused  # noqa: PLC0415

    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _end)  # uvicorn stops in good order first, then passes the signal on to this
    directory = DataDirectory(folder)
    try:
        directory.lock()
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    try:
        bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
        except OSError as error:
            raise click.ClickException(f"Cannot listen on {host}:{port}: {error.strerror}. Name another with --port.") from error
        url = f"http://{host}:{bound.getsockname()[1]}"
        try:
            app = build(Options(data=folder, database_url=database, public_url=public_url or url, default_playbook=playbook, clock=clock))
        except Refused as refusal:
            raise click.ClickException(str(refusal)) from refusal
        token = app.runtime.first_token()
        if token is not None:
            kept = folder / "token"
            kept.touch(mode=0o600)
            kept.write_text(token + "\n")
            click.echo(f"The first administrator's token (shown once, kept for you in {kept}): {token}")
        directory.announce(url)
        click.echo(f"Tocsin serves {url} from {folder}")
        sys.stdout.flush()
        config = uvicorn.Config(
            app.asgi, loop="uvloop", http="httptools", log_level="warning", access_log=False, timeout_graceful_shutdown=5
        )
        uvicorn.Server(config).run(sockets=[bound])
    finally:
        directory.release()


def _end(_signal: int, _frame: object) -> None:
    raise SystemExit(0)
