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

    @staticmethod
    def of(code: int, summary: str, detail: str = "") -> Error:
        """An error of the class that has the code."""
        for kind in Error.__subclasses__():
            if kind.code == code:
                return kind(summary, detail=detail)
        error = Error(summary, detail=detail)
        if code in Code._value2member_map_:
            error.code = Code(code)
        return error

    @property
    def text(self) -> str:
        return f"{self.summary}. {self.detail}" if self.detail else self.summary


class Invalid(Error):
    """The object asks for what cannot be: terminal until it is changed."""

    code = Code.INVALID
    default_terminal = True


class NotFound(Error):
    code = Code.NOT_FOUND


class AlreadyExists(Error):
    code = Code.ALREADY_EXISTS


class PermissionDenied(Error):
    code = Code.PERMISSION_DENIED


class ResourceExhausted(Error):
    code = Code.RESOURCE_EXHAUSTED


class FailedPrecondition(Error):
    code = Code.FAILED_PRECONDITION


class Conflict(Error):
    code = Code.CONFLICT


class Unimplemented(Error):
    code = Code.UNIMPLEMENTED


class Internal(Error):
    code = Code.INTERNAL


class Unavailable(Error):
    """What is needed does not answer now: tried again with growing delays."""

    code = Code.UNAVAILABLE


class Cancelled(Error):
    code = Code.CANCELLED


class DeadlineExceeded(Error):
    """Also thrown into a call that has not returned some time after its deadline."""

    code = Code.DEADLINE_EXCEEDED

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
