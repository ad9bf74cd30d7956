"""`cxagent serve`: the review inbox and the HTTP API, over one project and its database."""

import contextlib
import importlib.util
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxagent.cli.demo import day_of, tickets_of
from cxagent.cli.options import HERE, Home
from cxagent.cli.screen import talk
from cxagent.errors import BadInput

if TYPE_CHECKING:
    from cxagent.agent import Agent
    from cxagent.review.settings import Settings

NEEDS = ("fastapi", "uvicorn", "jinja2", "python_multipart", "authlib", "limits")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8080,
    demo: Annotated[
        bool, typer.Option("--demo", help="Where nothing is on record yet, run the sample tickets first.")
    ] = False,
    project: Home = HERE,
) -> None:
    """Serve the review inbox and the HTTP API until stopped.

    People sign in through the OIDC provider that CXAGENT_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET name. Without one
    there is the development login, which asks for no password, and that on loopback only.
    """
    _complete()
    from cxagent.agent import Agent
    from cxagent.review.serving import bound
    from cxagent.review.settings import Settings

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    settings = Settings.read(host, port)
    listening = bound(host, port)
    with contextlib.closing(listening):
        settings = settings if port else Settings.read(host, listening.getsockname()[1])
        agent = Agent.open(project)
        if demo and agent.project.config.demo is not None and _first(agent) is None:
            _run_demo(agent)
        with _flowing(agent), taking(agent) as submit:
            _ = agent.project.bench  # a fault of the project is told before anybody is served
            _run(agent, settings, listening, submit)
    talk("stopped; what was signed and not yet sent goes out when the inbox is served again")


def _complete() -> None:
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        told = f"needs the extra: pip install '.[server]' in your checkout of cxagent ({', '.join(missing)} missing)"
        raise BadInput(told, where="serve")


def _run(agent: "Agent", settings: "Settings", listening: Any, submit: Callable[..., Any] | None) -> None:
    from cxagent import clock, notifying, worker
    from cxagent.inbox import Inbox
    from cxagent.review import serving
    from cxagent.review.app import make_app

    inbox = Inbox(agent)
    deliver = (lambda: notifying.deliver(agent, clock.now())) if notifying.endpoints(agent) else None
    app = make_app(inbox, settings, submit)
    way = f"through {settings.oidc.issuer}" if settings.oidc else "by name alone: development, this machine only"
    talk(f"the inbox of {agent.project.name} is at {settings.public_url} (sign-in {way}); stop with Ctrl-C")
    serving.serve(app, listening, serving.chores(inbox, finishing=not worker.queued(agent), deliver=deliver))


@contextlib.contextmanager
def taking(agent: "Agent") -> Iterator[Callable[..., Any] | None]:
    """Return what takes a ticket from the API: the queue of the workers where there is one, else this process."""
    from cxagent import worker

    if not worker.queued(agent):
        yield None
        return
    with worker.Queue(agent).opened() as queue:
        yield lambda incoming: worker.enqueue(agent, incoming, queue)


# ---- the sample world -----------------------------------------------------------------------------------------------


def _first(agent: "Agent") -> datetime | None:
    from cxagent.ledger import moments

    with agent.store.read() as connection:
        return moments.first(connection)


def _run_demo(agent: "Agent") -> None:
    """Run the sample tickets as `cxagent demo` does: offline, on the sample world's own day."""
    from cxagent import clock
    from cxagent.proposers.offline import OfflineProposer

    home, tickets = agent.project, tickets_of(agent.project)
    talk(f"nothing is on record yet: running the {len(tickets)} sample tickets")
    with clock.frozen(day_of(home)):
        bench = home.bench
        if home.extensions.proposers is None:
            bench = home.equip(bench.judge, (OfflineProposer(home.guidance),))
        with home.working_with(bench):
            for incoming in tickets:
                agent.run(incoming)


@contextlib.contextmanager
def _flowing(agent: "Agent") -> Iterator[None]:
    """Let time flow on from the latest moment on record where the ledger began with the demo.

    The sample world's facts are of one day; on today's clock every one of them would be stale.
    """
    from cxagent import clock
    from cxagent.inbox.desk import UNDO
    from cxagent.ledger import moments

    first = _first(agent)
    if first is None or agent.project.config.demo is None or first != day_of(agent.project):
        yield
        return
    with agent.store.read() as connection:
        latest = moments.latest(connection, UNDO) or first
    talk(f"this is the sample world: its clock goes on from {latest:%d %B %Y, %H:%M} UTC")
    with clock.shifted(latest - clock.now()):
        yield
