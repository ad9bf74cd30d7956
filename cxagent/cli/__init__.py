"""The command line, the one entry point: each command parses, calls one function, prints.

Data goes to standard output, talk to standard error. Exit codes: 0 done, 1 a measured failure, 2 wrong usage or bad
input, 3 could not measure or reach something, 130 interrupted and resumable. Nothing heavy is imported before the
command that needs it.
"""

import gc
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cxagent import __version__
from cxagent.cli import (
    audits,
    check,
    demo,
    drafts,
    eval,
    explain,
    grants,
    hold,
    init,
    keys,
    notify,
    playbook,
    postmortem,
    quality,
    recover,
    repairs,
    run,
    serve,
    stop,
    undo,
    value,
    verify,
)
from cxagent.errors import CxagentError

GARBAGE = 50_000
TRACE = "CXAGENT_TRACE"
INTERRUPTED = 130
ABOUT = "Support agents for business customers: what the AI may do alone follows from the account behind the ticket."


class Spoken(TyperGroup):
    """A group of commands that ends every failure with one sentence and the exit code that belongs to it."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what goes wrong becomes a sentence on standard error."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except CxagentError as error:
            _end(error, f"cxagent: {error}", error.exit_code)
        except KeyboardInterrupt as error:
            _end(error, "cxagent: interrupted; the same command goes on from here", INTERRUPTED)
        except BrokenPipeError as error:
            # The reader went away, for example `| head`: nothing is left to say, and nobody to say it to.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(INTERRUPTED) from error
        except Exception as error:
            if _is_usage(error):
                raise
            said = f"{type(error).__name__}: {error} (run with {TRACE}=1 for the traceback)"
            _end(error, f"cxagent: {said}", 1)


def _is_usage(error: Exception) -> bool:
    """Whether this is typer's own way to end: wrong usage, help, an exit code."""
    return hasattr(error, "exit_code") or type(error).__name__ == "Abort"


def _end(error: BaseException, sentence: str, code: int) -> None:
    if os.environ.get(TRACE):
        raise error
    typer.echo(sentence, err=True)
    raise typer.Exit(code) from error


app = typer.Typer(
    name="cxagent",
    cls=Spoken,
    help=ABOUT,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cxagent {__version__}")
        raise typer.Exit


@app.callback()
def cxagent(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Hold what is asked before any command."""


for module in (
    init,
    demo,
    check,
    run,
    drafts,
    hold,
    notify,
    explain,
    undo,
    recover,
    repairs,
    serve,
    keys,
    stop,
    verify,
    audits,
    grants,
    playbook,
    quality,
    value,
    postmortem,
    eval,
):
    module.register(app)


def main() -> None:
    """Run the command line; the console script points here."""
    # Nearly all that imports make stays until the end: looking through it again and again costs a tenth of a start.
    gc.set_threshold(GARBAGE)
    app(prog_name="cxagent")
