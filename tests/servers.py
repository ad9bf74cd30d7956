"""Databases of a PostgreSQL server: made for a test, and gone after it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg


def on(server: str, database: str) -> str:
    """Return the URL of a database on a server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))


@contextmanager
def database(postgres: str, template: str = "template1") -> Iterator[str]:
    """Make a database that is gone afterwards; return its name."""
    name = f"cx_{secrets.token_hex(6)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield name
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
