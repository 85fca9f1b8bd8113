"""``tocsin serve``: the server on a data directory or a database."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from tocsin.cli.settings import SETTINGS, Settled, settle
from tocsin.cli.shell import Session

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104 (compared, not bound)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_BACKLOG = 2048
_SWITCH = 0.0005
"""Seconds after which a thread that computes lets the others have a turn: the loop that answers and the thread that commits hand over to
one another hundreds of times a second, and with the interpreter's own 5 ms each hand-over may take that long."""
_GRACE = 5
"""Seconds that requests under way get when the server is told to stop."""
_COLLECT_EVERY = (10_000, 20, 50)
"""Garbage collection: new objects before the youngest are looked through, and how many such rounds before the older ones are."""


def _options(function: Any) -> Any:
    for setting in reversed(SETTINGS):
        if setting.secret:
            continue
        shown = f" (default: {setting.default})" if setting.default not in ("", None) else ""
        function = click.option(setting.flag, setting.name, metavar=setting.metavar, help=f"{setting.says} ({setting.variable}){shown}")(
            function
        )
    return function


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@_options
@click.option("--config", metavar="FILE", help="A TOML file with these settings, by their names with underscores (TOCSIN_CONFIG).")
@click.pass_context
def serve(ctx: click.Context, /, config: str | None, **flags: str | None) -> None:
    """Start the server. A flag goes before its TOCSIN_* variable, and that before the settings file."""
    session = ctx.find_object(Session)
    if flags["data"] is None and session is not None:
        flags["data"] = session.data
    settings = settle(flags, os.environ, config)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    run(settings)


def _taken(settings: Settled, host: str, port: int, error: OSError) -> click.ClickException:
    where = f"{settings.sources['host']} and {settings.sources['port']}"
    return click.ClickException(f"Cannot listen on {host}:{port} ({where}): {error.strerror}. Name another with --port.")


def run(settings: Settled) -> None:
    """Serve until the process is told to stop; the port 0 takes a free one."""
    import signal
    import socket

    import uvicorn

    from tocsin.app import Options, build, channel_options, intake_url, is_set_up
    from tocsin.engine.clock import VirtualClock
    from tocsin.engine.database import DataDirectory
    from tocsin.engine.errors import Refused

    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _end)  # uvicorn stops in good order first, then passes the signal on to this
    folder, host, port = Path(settings["data"]), str(settings["host"]), int(settings["port"])
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
            raise _taken(settings, host, port, error) from error
        url = _url(settings, bound.getsockname()[1])
        clock = VirtualClock(settings["virtual_clock"]) if settings["virtual_clock"] else None
        try:
            app = build(
                Options(
                    data=folder, database_url=settings["database"], public_url=settings["public_url"] or url, default_playbook=settings["playbook"],
                    clock=clock, channels=channel_options(settings.values), receipt_days=settings["receipt_days"],
                    largest_request=settings["largest_request"],
                ),
            )  # fmt: skip
        except Refused as refusal:
            raise click.ClickException(str(refusal)) from refusal
        _first_token(app, folder)
        try:
            bound.listen(_BACKLOG)  # before anybody is told: who comes early waits instead of being turned away
        except OSError as error:  # somebody else was quicker
            raise _taken(settings, host, port, error) from error
        directory.announce(url, certificate=os.path.abspath(settings["tls_cert"]) if settings["tls_cert"] else "")  # noqa: PTH100 (a symbolic link stays one)
        click.echo(f"Tocsin serves {url} from {folder}")
        click.echo(f"An Alertmanager sends its webhook to {intake_url(app, settings['public_url'] or url)}")
        base = settings["public_url"] or url
        if is_set_up(app):
            click.echo(f"Open {base} and sign in, or make a link with `tocsin --as NAME sign-in`. Ctrl-C stops it.")
        else:
            click.echo(f"Open {base}/setup and create the first administrator with the token. Ctrl-C stops it.")
        for line in advice(settings):
            click.echo(line)
        sys.stdout.flush()
        more: dict[str, Any] = {}
        if settings["tls_cert"]:
            more |= {"ssl_certfile": settings["tls_cert"], "ssl_keyfile": settings["tls_key"]}
        # Without a trusted proxy nobody may say who the client is: uvicorn would believe this machine.
        more |= {"proxy_headers": bool(settings["trusted_proxy"]), "forwarded_allow_ips": settings["trusted_proxy"] or None}
        config = uvicorn.Config(
            app.asgi, loop="uvloop", http="httptools", log_level="warning", access_log=False, timeout_graceful_shutdown=_GRACE, **more
        )
        server = uvicorn.Server(config)
        stop = server.handle_exit

        def handle_exit(sig: int, frame: Any) -> None:
            app.runtime.feed.close()  # open pages hold a connection each, for which the server would wait
            stop(sig, frame)

        server.handle_exit = handle_exit  # type: ignore[method-assign]
        _spare_the_collector()
        sys.setswitchinterval(_SWITCH)
        with _mail_door(app, settings):
            server.run(sockets=[bound])
    finally:
        directory.release()


@contextmanager
def _mail_door(app: Any, settings: Settled) -> Iterator[None]:
    """Take e-mails in as long as the context lasts, if the settings name a place for it."""
    if not settings["smtp_listen"]:
        yield
        return
    from tocsin.app import mail_door

    host, _, port = settings["smtp_listen"].rpartition(":")
    door = mail_door(app, host.strip("[]"), int(port), settings["tls_cert"], settings["tls_key"])
    try:
        door.start()
    except OSError as error:
        raise click.ClickException(
            f"Cannot take mail on {settings['smtp_listen']} ({settings.sources['smtp_listen']}): {error.strerror or error}."
        ) from error
    click.echo(f"Mail to <intake key>@{host}, port {port}, is taken in as alerts")
    sys.stdout.flush()
    try:
        yield
    finally:
        door.stop()


def _spare_the_collector() -> None:
    """Leave what was loaded at the start out of garbage collection.

    To look through all of it takes about 50 ms, in which nobody is answered and nobody is paged; what is young is looked through less often.
    """
    import gc

    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_EVERY)


def _url(settings: Settled, port: int) -> str:
    """Return the address by which this machine reaches the server."""
    host = _WILDCARDS.get(settings["host"], settings["host"])
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{'https' if settings['tls_cert'] else 'http'}://{host}:{port}"


def advice(settings: Settled) -> list[str]:
    """Return what the addresses that people reach this server by do not allow yet, and what would: a sentence each."""
    public, host = str(settings["public_url"]), str(settings["host"])
    alone = host in _LOOPBACK
    found = []
    if not public and not alone:
        found.append(
            "Links in messages name this machine only: say with --public-url (TOCSIN_PUBLIC_URL) by which address people reach this server."
        )
    if not public.startswith("https://") and not settings["tls_cert"] and not alone:
        found.append(
            "Passwords cross the network in the clear, and browsers allow neither notifications nor installing: give --tls-cert and --tls-key, or put "
            "a proxy that encrypts before it and name its address with --public-url https://…"
        )
    if public.startswith("https://") and not settings["tls_cert"] and not settings["trusted_proxy"]:
        found.append(
            "The proxy before this server is not trusted, so everybody seems to come from it: name it with --trusted-proxy, and limits on guessing "
            "count by real addresses."
        )
    return found


def _first_token(app: Any, folder: Path) -> None:
    """Make the first administrator's token at the very first start, and keep it for the owner of the folder alone."""
    token = app.runtime.first_token()
    if token is None:
        return
    kept = folder / "token"
    kept.touch(mode=0o600)
    kept.write_text(token + "\n")
    click.echo(f"The first administrator's token (shown once, kept for you in {kept}): {token}")


def _end(_signal: int, _frame: object) -> None:
    raise SystemExit(0)
