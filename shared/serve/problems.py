"""What a client is told when there is no answer: RFC 9457, `application/problem+json`."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from shared.errors import Fault, FaultsError, VerticalsError

TITLES = {
    400: {"en": "The request cannot be read", "zh": "请求无法读取"},
    403: {"en": "The request comes from elsewhere", "zh": "请求来自其他站点"},
    401: {"en": "An API key is needed", "zh": "需要 API 密钥"},
    404: {"en": "There is nothing here", "zh": "此处没有内容"},
    405: {"en": "The method is not allowed here", "zh": "此地址不支持该方法"},
    408: {"en": "The body took too long to arrive", "zh": "请求体到达过慢"},
    413: {"en": "The request is too large", "zh": "请求过大"},
    415: {"en": "The content type is not supported", "zh": "不支持该内容类型"},
    422: {"en": "The rows do not fit", "zh": "数据行不符合要求"},
    429: {"en": "Too many requests are waiting", "zh": "等待的请求过多"},
    500: {"en": "Something went wrong in the service", "zh": "服务内部出错"},
    503: {"en": "The service is not available", "zh": "服务暂不可用"},
}


class Problem(Exception):
    """A request that gets no answer, and why.

    Args:
        status: HTTP status.
        detail: What happened, and what to do.
        faults: Of the rows, all at once.
        headers: Further ones of the response.
    Example:
        >>> Problem(413, "a request holds 10 rows at most, found 12").status
        413
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: dict[str, str] | None = None,
    ):
        super().__init__(detail)
        self.status, self.detail, self.faults, self.headers = status, detail, list(faults), headers or {}

    @classmethod
    def of(cls, error: Exception) -> "Problem":
        """What a user may see of an error: of one of the project's own 422, with every fault; of the store's 503.

        Example:
            >>> problem = Problem.of(FaultsError("rows do not fit", [Fault(text="it is empty", row=2)]))
            >>> problem.status, problem.detail, problem.faults[0].row
            (422, 'rows do not fit', 2)
        """
        if isinstance(error, Problem):
            return error
        if isinstance(error, sqlite3.Error):
            return cls(
                503, f"the store of earlier rows cannot be used: {error}", headers={"Retry-After": "5"}
            )
        if isinstance(error, FaultsError):
            return cls(422, error.headline, faults=error.faults)
        return cls(422, str(error))

    def to_dict(self, request_id: str, lang: str = "en") -> dict[str, Any]:
        """The body of the response."""
        faults = [{"column": each.column, "row": each.row, "text": each.text} for each in self.faults]
        titles = TITLES.get(self.status, {})
        return {
            "type": "about:blank",
            "title": titles.get(lang, f"HTTP {self.status}"),
            "status": self.status,
            "detail": self.detail,
            "faults": faults,
            "request_id": request_id,
        }

    def response(self, request_id: str, lang: str = "en") -> Response:
        """The response of an application."""
        body = json.dumps(self.to_dict(request_id, lang), ensure_ascii=False).encode("utf-8", "replace")
        return Response(body, self.status, self.headers, media_type="application/problem+json")


REFUSALS = (VerticalsError, Problem, sqlite3.Error)
"""Errors that `Problem.of` has words for."""
