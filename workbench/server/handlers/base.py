"""What every handler of the REST interface shares: who may, what was asked, what is answered, and how an error becomes a status.

A handler's method is a function from a ``Call`` to a record, marked with ``endpoint``: the action of the table of roles, the models of query and
body, and the type of its answer. ``Room`` does the rest in this order: rate, role, body, parse, work in a thread, answer. The same marks make the OpenAPI
description (``describe``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

import tornado.web
from jupyter_server.base.handlers import APIHandler
from pydantic import BaseModel, ConfigDict, ValidationError
from tornado.web import HTTPError

from workbench import clock, telemetry
from workbench.errors import (
    AuditError,
    DataUnavailableError,
    InputError,
    JobError,
    OrderError,
    PermissionDeniedError,
    SettingsError,
    SpecError,
    StoreError,
    TradingHaltedError,
    UnknownNameError,
    WorkbenchError,
    nearest,
)
from workbench.execution.views.record import plain
from workbench.lifecycle.access import require, scope_of
from workbench.server.headers import CLOSED, secure
from workbench.server.identity import person_of
from workbench.server.limits import LIMITER
from workbench.server.store import apart, database

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy.orm import Session

    from workbench.lifecycle.access import Scope
    from workbench.lifecycle.people import Person
    from workbench.store import Database

LARGEST_BODY = 64 * 1024
"""Bytes of a request's body: the longest rule has 4,000 characters."""
_NOT_OURS = frozenset({"token", "_xsrf", "_"})  # query keys that belong to Jupyter and to browsers

STATUS: tuple[tuple[type[WorkbenchError], int, str], ...] = (
    (UnknownNameError, 404, "check the name; the message lists the nearest"),
    (SpecError, 422, "change the strategy as the message says"),
    (InputError, 400, "correct the value and send it again"),
    (TradingHaltedError, 409, "a person resets the kill switch with a reason, once its cause is gone"),
    (PermissionDeniedError, 403, "ask somebody whose role allows it, or an admin for another role"),
    (DataUnavailableError, 404, "load the data first: workbench data"),
    (OrderError, 409, "look at the bot's state, then decide again"),
    (StoreError, 503, "the store is not there now; try again in a few seconds, then run: workbench doctor"),
    (SettingsError, 500, "run: workbench doctor"),
    (AuditError, 500, "stop trading and run: workbench audit verify"),
    (JobError, 500, "look at the run's log"),
    (WorkbenchError, 500, "run: workbench doctor"),
)
"""The one place where an error becomes an HTTP status: first match wins."""


class Asked(BaseModel):
    """Base of query and body models: nothing unknown, nothing changed on the way."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=8000)


class Nothing(Asked):
    """No query, no body."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, checked."""

    person: Person
    """Who asks, with the role of now."""
    query: Any
    """The query model."""
    body: Any
    """The body model."""
    path: tuple[str, ...]
    """What the address names, such as a bot."""
    database: Database
    """The store."""
    settings: dict[str, Any] = field(repr=False)
    """The web application's settings."""

    @property
    def scope(self) -> Scope:
        """What this person sees."""
        return scope_of(self.person, mine=bool(getattr(self.query, "mine", False)))

    def read(self) -> AbstractContextManager[Session]:
        """Return a session that reads one moment."""
        return self.database.read()

    def write(self) -> AbstractContextManager[Session]:
        """Return a session that writes, all or nothing."""
        return self.database.session()


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """What is known about one method of one address."""

    action: str
    """Line of the table of roles."""
    words: str
    """What it does, one sentence."""
    query: type[Asked] = Nothing
    """Model of the query."""
    body: type[Asked] = Nothing
    """Model of the body."""
    answer: Any = dict
    """Type of the answer."""
    rate: str = "read"
    """Which rate it counts against."""
    status: int = 200
    """Status of success."""


def endpoint(action: str, words: str, **given: Any) -> Callable[[Callable[[Any, Call], Any]], Any]:  # noqa: ANN401 - fields of Endpoint
    """Make a handler's method out of a function of a ``Call``."""
    known = Endpoint(action=action, words=words, **given)

    def marked(work: Callable[[Any, Call], Any]) -> Any:  # noqa: ANN401 - a tornado method
        @tornado.web.authenticated
        @wraps(work)
        async def method(self: Room, *path: str) -> None:
            await self.answer(known, work, path)

        method.endpoint = known  # type: ignore[attr-defined]
        return method

    return marked


class Room(APIHandler):
    """One address of the REST interface."""

    auth_resource = "workbench"
    path_names: ClassVar[tuple[str, ...]] = ()
    """What the groups of the address stand for, for the description."""

    def set_default_headers(self) -> None:
        """Answer JSON that nothing renders or keeps."""
        super().set_default_headers()
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Content-Security-Policy", CLOSED)
        self.set_header("Cache-Control", "no-store")
        secure(self, CLOSED)

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse what is too large before anything else looks at it."""
        if len(self.request.body) > LARGEST_BODY:
            self.current_user = None
            raise HTTPError(413, "a body has at most %d bytes; this one has %d", LARGEST_BODY, len(self.request.body))
        await super().prepare()

    def get_login_url(self) -> str:
        """Refuse with 403 instead of leading a program to a form.

        Raises:
            HTTPError: always.
        """
        raise HTTPError(403, "nobody is known to have sent this; log in, or send Authorization: token ...")

    async def answer(self, known: Endpoint, work: Callable[[Any, Call], Any], path: tuple[str, ...]) -> None:
        """Check the request, do the work in a thread and write the answer."""
        person = person_of(self.current_user)
        wait = LIMITER.wait(known.rate, person.name)
        if wait > 0:
            seconds = int(wait) + 1
            self.set_header("Retry-After", str(seconds))
            self.refuse(429, "rate", f"too many requests; try again in {seconds} s", "ask less often, or listen to /workbench/ws instead")
            return
        try:
            require(person, known.action)
            query = known.query.model_validate(self._query())
            body = known.body.model_validate(self._body(known.body))
            call = Call(person=person, query=query, body=body, path=path, database=database(self.settings), settings=self.settings)
            found = await apart(lambda: plain(work(self, call)))
        except ValidationError as error:
            self.refuse(400, "input", _sentence(error, known), "correct the value and send it again", where=_where(error))
        except WorkbenchError as error:
            self.refuse_error(error)
        else:
            self.set_status(known.status)
            self.finish(json.dumps(found, ensure_ascii=False, allow_nan=False))

    def refuse_error(self, error: WorkbenchError) -> None:
        """Write an error of ours with the status of its kind."""
        status, remedy = next((status, remedy) for kind, status, remedy in STATUS if isinstance(error, kind))
        span = {"start": error.start, "end": error.end} if hasattr(error, "start") and hasattr(error, "end") else None
        if status == 503:  # noqa: PLR2004 - come back later
            self.set_header("Retry-After", "2")
        self.refuse(status, type(error).__name__.removesuffix("Error"), str(error), remedy, span=span)

    def refuse(self, status: int, kind: str, what: str, remedy: str, *, where: str = "", span: dict[str, int] | None = None) -> None:
        """Write an error: what was wrong, where, and what to do."""
        self.set_status(status)
        shown: dict[str, Any] = {"status": status, "kind": kind, "what": what, "where": where or self.request.path, "remedy": remedy}
        self.finish(json.dumps({"error": shown | ({"span": span} if span else {})}, ensure_ascii=False))

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 - tornado's signature
        """Write tornado's own errors in the same shape; an unexpected one says nothing about its inside."""
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, HTTPError):
            said = (error.log_message or "") % error.args if error.args else error.log_message
            self.refuse(status_code, "request", str(said or self._reason), "see /workbench/api/openapi.json for what can be asked")
            return
        mark = clock.stamp()
        telemetry.log("server").error("unexpected", path=self.request.path, error=f"{type(error).__name__}: {error}", mark=mark)
        self.refuse(500, "unexpected", f"this went wrong inside, at {mark}", "data/logs/server.log has the details; run: workbench doctor")

    def _query(self) -> dict[str, str]:
        found = self.request.query_arguments
        return {name: values[-1].decode("utf-8", "replace") for name, values in found.items() if name not in _NOT_OURS and values[-1]}

    def _body(self, model: type[Asked]) -> Any:  # noqa: ANN401 - JSON
        if not self.request.body:
            return {}
        if model is Nothing and self.request.method == "GET":
            return {}
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":  # a form of another site can send text, but never this
            raise HTTPError(415, "the body must be application/json, not %s", kind or "nothing")
        try:
            return json.loads(self.request.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise HTTPError(400, "the body is no JSON: %s", str(error)[:200]) from error


def _refuse_constant(name: str) -> None:
    message = f"{name} is no JSON number"
    raise ValueError(message)


def _where(error: ValidationError) -> str:
    return ".".join(str(part) for part in error.errors()[0]["loc"]) or "body"


def _sentence(error: ValidationError, known: Endpoint) -> str:
    """Return the problems as one sentence, with the nearest known name for an unknown one."""
    names = [*known.query.model_fields, *known.body.model_fields]
    said = []
    for problem in error.errors(include_url=False, include_context=False)[:5]:
        name = ".".join(str(part) for part in problem["loc"]) or "body"
        if problem["type"] == "extra_forbidden":
            close = nearest(name, names)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(names) or 'nothing'}"
            said.append(f"{name} is not known; {hint}")
        else:
            said.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}")
    return "; ".join(said)
