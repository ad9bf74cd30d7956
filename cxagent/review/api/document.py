"""The OpenAPI document: every route with every status that it can end with, and the problem form they share."""

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from cxagent.review.api.models import Problem
from cxagent.review.api.problems import KINDS, MEDIA

ABOUT = """The review inbox of cxagent for systems: hand tickets in, read decisions, list, claim and decide drafts.

A key (`Authorization: Bearer cxa_…`) opens what its scopes name; one that decides acts for a person, with that person's
authority and no more. What goes wrong is answered as `application/problem+json` with a sentence, and nothing was done.
"""
_EVERY = (400, 401, 403, 413, 422, 429, 500, 503)
_BODY = (415,)


def ends(*more: int, body: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return the problems that a route declares: those of every route, those of a body, and its own."""
    found = sorted({*_EVERY, *more, *(_BODY if body else ())})
    schema = {"$ref": "#/components/schemas/Problem"}
    return {one: {"description": KINDS[one][1], "content": {MEDIA: {"schema": schema}}} for one in found}


def documented(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Return what makes the document of an application, once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    return openapi


def _document(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
    _, forms = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
    parts = found.setdefault("components", {})
    parts.setdefault("schemas", {}).update(forms["$defs"])
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key: `cxa_<id>_<secret>`."}
    }
    for asked in _asked(found):
        asked["schema"] = _present(asked["schema"])
    return found


def _asked(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        for operation in path.values():
            yield from operation.get("parameters", ())


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a parameter may be where it is there: an address can leave one out, and cannot say null."""
    match schema:
        case {"anyOf": [dict() as one, {"type": "null"}], **more}:
            return {**more, **one}
        case _:
            return schema
