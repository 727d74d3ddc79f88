"""The bodies of requests: whole, or an error where they are read.

A server hands on what came, also when a caller hung up half-way, and the form parser takes the end of what
there is for the end of the form: half a file would be imported as if it were all of it.
"""

from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class CutOff(OSError):
    """The body ended before the length that was announced."""


def whole(application: Application) -> Application:
    """The application, for which reading a body that was cut off raises CutOff."""

    def run(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        if length.isascii() and length.isdecimal() and len(length) < 16:
            environ["wsgi.input"] = _Body(environ["wsgi.input"], int(length))
        return application(environ, start_response)

    return run


class _Body:
    """A stream that knows how much is still to come."""

    def __init__(self, stream: Any, left: int) -> None:
        self._stream, self._left = stream, left

    def read(self, size: int | None = -1) -> bytes:
        """As many bytes as asked for, or all that are left. Raises CutOff."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        pieces, missing = [], wanted
        while missing and (piece := self._stream.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        if missing:
            raise CutOff
        self._left -= wanted
        return b"".join(pieces)

    def readline(self, size: int | None = -1) -> bytes:
        """One line, or as much of it as asked for. Raises CutOff."""
        line: bytes = self._stream.readline(self._left if size is None or size < 0 else min(size, self._left))
        self._left -= len(line)
        if self._left and not line:
            raise CutOff
        return line
