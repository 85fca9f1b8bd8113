"""``tocsin demo``: a real incident played on a virtual clock, to watch or to measure."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from tocsin.drills.model import Scenario, Step
    from tocsin.drills.player import Outcome, Server
    from tocsin.drills.run import Child

_PORT: Final = 8844
_FIRST: Final = "000"
_MINUTE: Final = timedelta(minutes=1)
_LONGEST_GAP: Final = timedelta(minutes=8)
"""A longer pause of the scenario passes at once, with a breath for the reader."""
_BREATH: Final = 1.0
_LOOK_EVERY: Final = 0.5
_PIPE_WIDTH: Final = 180


@click.command()
@click.argument("scenario", required=False)
@click.option(
    "--pace", type=float, default=60.0, show_default=True, help="How many times faster than life; 60 is a minute a second, 0 does not wait."
)
@click.option("--port", type=int, default=_PORT, show_default=True, help="Port on this machine; a free one if it is taken.")
@click.option("--data", "data_directory", metavar="DIR", help="A new folder that is kept; without it a temporary one.")
@click.option("--once", is_flag=True, help="End after the last step instead of serving on.")
@click.option("--fast", is_flag=True, help="Play all scenarios at once, print only what came of them, and end.")
@click.option("--report", metavar="DIR", help="Write metrics, timeline, duties, messages and postmortem of each scenario there.")
@click.pass_context
def demo(
    ctx: click.Context, scenario: str | None, pace: float, port: int, data_directory: str | None, once: bool, fast: bool, report: str | None,
) -> None:  # fmt: skip
    """Play an incident from its first alert to its last follow-up.

    Without SCENARIO the failing payment API is played (000). The page stays open afterwards, until Ctrl-C.
    """
    from tocsin.drills import run
    from tocsin.drills.load import ScenarioRefused

    if pace < 0:
        raise click.BadParameter("a pace is 0 or more", param_hint="--pace")
    # Whoever ends the demo otherwise than by Ctrl-C must not leave the server behind.
    ended = signal.signal(signal.SIGTERM, signal.default_int_handler)
    given = data_directory or getattr(ctx.obj, "data", None)
    try:
        chosen = _chosen(scenario, fast)
        with _folder(given) as folder, _served(folder, chosen, 0 if fast else port) as child:
            if fast:
                failed = _play_fast(child, chosen, Path(report) if report else None)
            else:
                failed = _watch(child, chosen[0], pace, Path(report) if report else None, kept=given is not None)
                if not once:
                    _serve_on(child, chosen[0])
    except KeyboardInterrupt:
        click.echo("\nThe demo has ended.")
        return
    except (run.DrillFailed, RuntimeError, ScenarioRefused) as failure:
        raise click.ClickException(str(failure)) from failure
    finally:
        signal.signal(signal.SIGTERM, ended)
    if failed:
        sys.exit(1)


def _chosen(scenario: str | None, fast: bool) -> list[Scenario]:
    """Return what is to be played, in the order in which it happened: one clock runs through all of it."""
    from tocsin.drills import run

    known = run.shipped()
    wanted = [scenario] if scenario else known if fast else [_FIRST]
    for name in wanted:
        if name not in known:
            raise click.BadParameter(f"there is no scenario {name!r}; there are {', '.join(known)}", param_hint="SCENARIO")
    return sorted((run.load_shipped(name) for name in wanted), key=lambda found: found.starts)


@contextmanager
def _folder(given: str | None) -> Iterator[Path]:
    """Yield the data directory: the named one, which must be new, or a temporary one that goes again."""
    from tocsin.drills import run

    if given:
        folder = Path(given)
        run.fresh(folder)
        yield folder
        return
    folder = Path(tempfile.mkdtemp(prefix="tocsin-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _served(folder: Path, scenarios: list[Scenario], port: int) -> Iterator[Child]:
    from tocsin.drills import run

    child = run.Child(folder, scenarios[0].starts, port, scenarios[-1].playbook)
    try:
        try:
            child.wait()
        except run.DrillFailed:
            if not port or not child.port_was_taken():
                raise
            child.stop()  # somebody else took it between the look and the start
            child = run.Child(folder, scenarios[0].starts, 0, scenarios[-1].playbook)
            child.wait()
        yield child
    finally:
        child.stop()


def _server(child: Child) -> Server:
    from tocsin.cli.client import HttpTransport
    from tocsin.drills.player import Server

    return Server(HttpTransport(child.url), child.token)


# -- everything at once ---------------------------------------------------------------------------


def _play_fast(child: Child, scenarios: list[Scenario], report: Path | None) -> bool:
    """Play without a pause and print one line for each scenario; return whether anything went wrong."""
    from tocsin.drills import run
    from tocsin.drills.player import Player

    server = _server(child)
    failed = False
    for scenario in scenarios:
        begun = time.monotonic()
        outcome = Player(server, {"intake_key": "drill"}).play(scenario)
        wrong = list(outcome.failures)
        if report is not None and outcome.incident:
            wrong += run.report(server, outcome.incident, child.outbox, report / scenario.id)
        took = time.monotonic() - begun
        click.echo(f"{scenario.id}  {outcome.incident or 'no incident'}  {scenario.title}: {outcome.steps} steps, {took:.1f} s")
        for line in wrong:
            click.echo(f"     wrong: {line}", err=True)
        failed = failed or bool(wrong) or not outcome.incident
    if report is not None:
        click.echo(f"Reports: {report}")
    return failed


# -- to watch -------------------------------------------------------------------------------------


def _watch(child: Child, scenario: Scenario, pace: float, report: Path | None, *, kept: bool) -> bool:
    """Play one scenario at a pace that can be followed, print it, and return whether anything went wrong."""
    from rich.console import Console

    from tocsin.drills import closing, run
    from tocsin.drills.player import Player
    from tocsin.drills.screen import Screen

    # In a pipe nobody knows the width, and tables must not be squeezed into 80 columns.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    server = _server(child)
    screen = Screen(console, server, child.outbox)
    screen.opening(scenario)
    console.print(f"Follow it at {_sign_in(server, child, scenario)}", soft_wrap=True)
    shown = ""

    def before(now: datetime, step: Step) -> None:
        """Let the time until a step pass, minute by minute where it is short."""
        if step.at - now > _LONGEST_GAP:
            if pace:
                time.sleep(_BREATH)
            return
        while pace and now < step.at:
            then = min(now + _MINUTE, step.at)
            time.sleep((then - now).total_seconds() / pace)
            now = then
            if now < step.at:
                server.advance(now, hold=False)
                screen.catch_up(now, shown)

    def arrived(step: Step, incident: str) -> None:
        nonlocal shown
        shown = incident
        screen.arrived(step, incident)

    outcome: Outcome = Player(server, {"intake_key": "drill"}, before=before, arrived=arrived, after=screen.after).play(scenario)
    wrong = list(outcome.failures)
    if outcome.incident:
        screen.catch_up(scenario.ends, outcome.incident)
        closing.show(console, server, outcome.incident)
        folder = (report or child.data / "report") / scenario.id
        missing = run.report(server, outcome.incident, child.outbox, folder)
        wrong += missing if report is not None else []
        if (folder / "postmortem.md").exists():
            lasts = "" if kept or report is not None else "  (goes with the demo; --report DIR keeps it)"
            console.print(f"The postmortem: {folder / 'postmortem.md'}{lasts}", soft_wrap=True)
    for line in wrong:
        console.print(f"wrong: {line}", style="bold red", soft_wrap=True, markup=False)
    return bool(wrong) or not outcome.incident


def _sign_in(server: Server, child: Child, scenario: Scenario) -> str:
    """Return a link that opens the pages, signed in as the first person of the scenario where the server makes such links."""
    person = scenario.people[0].id if scenario.people else "drill"
    status, answer = server.call("POST", "/api/v1/sign-in/codes", {"person": person})
    return child.url + str(answer["path"]) if status < 400 and isinstance(answer, dict) else child.url  # noqa: PLR2004 (refused)


def _serve_on(child: Child, scenario: Scenario) -> None:
    # A link signs in once; whoever followed along has used the first one up.
    click.echo(f"\nThe pages stay open at {_sign_in(_server(child), child, scenario)}\nCtrl-C ends.")
    while child.running():
        time.sleep(_LOOK_EVERY)
    raise click.ClickException(f"The server has ended by itself; {child.log} says why.")
