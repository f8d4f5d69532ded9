"""The OpenAPI description, made from the marks of the handlers, and a page to read it."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tornado.web
from jupyter_server.base.handlers import JupyterHandler
from pydantic import TypeAdapter
from tornado.web import HTTPError

from workbench import __version__
from workbench.errors import UnknownNameError
from workbench.lifecycle.access import ACTIONS
from workbench.server.handlers.base import STATUS, Nothing, Room
from workbench.server.headers import secure
from workbench.server.login import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workbench.server.handlers.base import Endpoint

FILE = Path(__file__).resolve().parent.parent / "openapi.json"
"""The description as it is checked in; a test compares it with the code."""
_METHODS = ("get", "post", "put", "patch", "delete")
_REFERENCE = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "required": ["status", "kind", "what", "where", "remedy"],
            "properties": {
                "status": {"type": "integer", "description": "HTTP status"},
                "kind": {"type": "string", "description": "kind of error"},
                "what": {"type": "string", "description": "what was wrong, with the nearest that would be right"},
                "where": {"type": "string", "description": "field or address"},
                "remedy": {"type": "string", "description": "what to do"},
                "span": {"type": "object", "description": "characters of a rule that cannot be read"},
            },
        }
    },
}


class OpenApi(JupyterHandler):
    """The description as JSON."""

    @tornado.web.authenticated
    def get(self) -> None:
        """Write it."""
        secure(self)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(FILE.read_bytes())


class Documentation(JupyterHandler):
    """The description as a page."""

    @tornado.web.authenticated
    def get(self) -> None:
        """Write it."""
        secure(self)
        known = json.loads(FILE.read_text(encoding="utf-8"))
        calls = [(method, path, call) for path, calls in known["paths"].items() for method, call in calls.items()]
        self.finish(environment().get_template("api.html").render(base_url=self.base_url, info=known["info"], calls=calls))


class Missing(Room):
    """An address that is not there."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Name the nearest address, to those who are known.

        Raises:
            HTTPError: 403 for strangers.
        """
        await super().prepare()
        if self.current_user is None:
            raise HTTPError(403, "nobody is known to have sent this; log in, or send Authorization: token ...")
        known = json.loads(FILE.read_text(encoding="utf-8"))["paths"]
        kind = "address"
        self.refuse_error(UnknownNameError(kind, self.request.path.removeprefix(self.base_url.rstrip("/")), known))


def description(routes: Iterable[tuple[Any, ...]]) -> dict[str, object]:
    """Return the OpenAPI description of these routes."""
    schemas: dict[str, Any] = {"Problem": _PROBLEM}
    paths = {
        _address(pattern, handler): dict(_calls(handler, schemas))
        for pattern, handler, *_ in routes
        if issubclass(handler, Room) and handler is not Missing
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Workbench",
            "version": __version__,
            "description": (
                "Cookies of a login need the X-XSRFToken header to change something; Authorization: token ... does not. "
                "Times are UTC. Money is in the currency of the bots."
            ),
        },
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": _schemes()},
        "security": [{"token": []}, {"login": []}],
    }


def written() -> str:
    """Return the text of the checked-in file as the code has it now."""
    from workbench.server.handlers import openapi  # noqa: PLC0415 - it imports this module

    return json.dumps(openapi(), indent=1, ensure_ascii=False) + "\n"


def _schemes() -> dict[str, Any]:
    return {
        "token": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "token <token>"},
        "login": {"type": "apiKey", "in": "cookie", "name": "workbench-<host>"},
    }


def _address(pattern: str, handler: type[Room]) -> str:
    """Return the address with its groups named, such as ``/workbench/api/bots/{bot}``."""
    names = iter(handler.path_names)
    return re.sub(r"\((?:[^()\[\]]|\[[^\]]*\])*\)", lambda _: f"{{{next(names)}}}", pattern).replace("\\", "")


def _calls(handler: type[Room], schemas: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for method in _METHODS:
        known: Endpoint | None = getattr(getattr(handler, method), "endpoint", None)
        if known is not None:
            yield method, _call(known, handler, schemas)


def _call(known: Endpoint, handler: type[Room], schemas: dict[str, Any]) -> dict[str, Any]:
    role, words = ACTIONS[known.action]
    path: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in handler.path_names
    ]
    found: dict[str, Any] = {
        "summary": known.words,
        "description": f"Takes the role {role} or higher ({words}).",
        "parameters": path + _parameters(known, schemas),
        "responses": {str(known.status): {"description": "done", "content": _content(known.answer, schemas)}, **_failures()},
    }
    if known.body is not Nothing:
        found["requestBody"] = {"required": True, "content": _content(known.body, schemas, "validation")}
    return found


def _parameters(known: Endpoint, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    model = known.query.model_json_schema(ref_template=_REFERENCE)
    schemas.update(model.pop("$defs", {}))
    return [
        {
            "name": name,
            "in": "query",
            "required": name in model.get("required", []),
            "schema": {k: v for k, v in field.items() if k != "title"},
        }
        for name, field in model.get("properties", {}).items()
    ]


def _content(kind: Any, schemas: dict[str, Any], mode: Any = "serialization") -> dict[str, Any]:  # noqa: ANN401 - a type; pydantic's literal
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    adapter.rebuild(force=True, _types_namespace={"datetime": datetime})  # records whose module needs it for annotations alone
    schema = adapter.json_schema(ref_template=_REFERENCE, mode=mode)
    schemas.update(schema.pop("$defs", {}))
    return {"application/json": {"schema": schema}}


def _failures() -> dict[str, Any]:
    statuses = sorted({400, 403, 413, 415, 429, *(status for _, status, _ in STATUS)})
    words = f"one of {', '.join(map(str, statuses))}; the body says what was wrong, where, and what to do"
    return {"default": {"description": words, "content": {"application/json": {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}}}


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
