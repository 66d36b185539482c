"""How a provider says what failed, and that a step is still under way.

An error is raised; the layer above turns it into a status code, a diagnostic and a condition. A
step that has begun and is not finished is no error: it returns `InProgress`.

    raise Invalid("no such image", field="/spec/image")         # waits until the object changes
    raise Unavailable("the cloud does not answer", retry_after=30)
    return InProgress("ServerBuilding", "waiting for server 17")
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class Code(IntEnum):
    """The status codes of the ABI."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    CONFLICT = 10
    EXPIRED = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class Error(Exception):
    """What went wrong, for a person. Subclasses have a code; `Error.of` takes any."""

    code: Code = Code.UNKNOWN
    default_terminal: ClassVar[bool] = False
    _by_code: ClassVar[dict[int, type[Error]]] = {}

    def __init__(self, summary: str, *, detail: str = "", field: str = "", reason: str = "",
                 retry_after: float | None = None, terminal: bool | None = None) -> None:
        """summary: one line, what happened to what. detail: what to do. field: JSON pointer into
        the object. reason: of the condition, CamelCase. retry_after: seconds. terminal: no retry
        helps until the object is changed."""
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.field = field
        self.reason = reason
        self.retry_after = retry_after
        self.terminal = self.default_terminal if terminal is None else terminal

    def __init_subclass__(cls, code: Code | None = None, terminal: bool = False) -> None:
        """code: the class's own, by which `of` finds it; a subclass without has its base's."""
        super().__init_subclass__()
        if code is None:
            return
        cls.code = code
        cls.default_terminal = terminal
        Error._by_code.setdefault(code, cls)

    @staticmethod
    def of(code: int, summary: str, detail: str = "") -> Error:
        """An error of the class that has the code."""
        kind = Error._by_code.get(code)
        if kind is not None:
            return kind(summary, detail=detail)
        error = Error(summary, detail=detail)
        if code in Code._value2member_map_:
            error.code = Code(code)
        return error

    @property
    def text(self) -> str:
        return f"{self.summary}. {self.detail}" if self.detail else self.summary


class Invalid(Error, code=Code.INVALID, terminal=True):
    """The object asks for what cannot be: terminal until it is changed."""


class NotFound(Error, code=Code.NOT_FOUND):
    """What is asked for does not exist."""


class AlreadyExists(Error, code=Code.ALREADY_EXISTS):
    """Something else has the name already."""


class PermissionDenied(Error, code=Code.PERMISSION_DENIED):
    """The credentials, or the manifest's needs, do not allow it."""


class ResourceExhausted(Error, code=Code.RESOURCE_EXHAUSTED):
    """A quota or a limit is reached."""


class FailedPrecondition(Error, code=Code.FAILED_PRECONDITION):
    """Something else has to be done first, often by a person."""


class Conflict(Error, code=Code.CONFLICT):
    """Somebody else changed it meanwhile."""


class Unimplemented(Error, code=Code.UNIMPLEMENTED):
    """Nothing here does that."""


class Internal(Error, code=Code.INTERNAL):
    """A mistake in the provider itself."""


class Unavailable(Error, code=Code.UNAVAILABLE):
    """What is needed does not answer now: tried again with growing delays."""


class Cancelled(Error, code=Code.CANCELLED):
    """The call was given up by its caller."""


class DeadlineExceeded(Error, code=Code.DEADLINE_EXCEEDED):
    """Also thrown into a call that has not returned some time after its deadline."""

    def __init__(self, summary: str = "the call did not return within its deadline", *,
                 detail: str = "", field: str = "", reason: str = "",
                 retry_after: float | None = None, terminal: bool | None = None) -> None:
        super().__init__(summary, detail=detail, field=field, reason=reason,
                         retry_after=retry_after, terminal=terminal)


@dataclass(frozen=True)
class InProgress:
    """A step that has begun and is not finished: the call is made again after so many seconds, or
    earlier when the object or its relations change."""

    reason: str = ""  # CamelCase reason of the Ready condition: "ServerBuilding"
    message: str = ""  # what is waited for
    requeue_after: float = 5.0
