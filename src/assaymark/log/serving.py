"""A witness over HTTP. Meant to stand behind a reverse proxy that speaks TLS; bounded, so that it can stand alone.

The number of connections, the size of a request and the life of a connection are bounded.
"""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Timer
from typing import Any

from assaymark.log.errors import LogError
from assaymark.log.witness import MAX_REQUEST, Answer, Witness
from assaymark.mark.reasons import Refused

MAX_CONNECTIONS = 32
IDLE = 10
"""Seconds that a connection may be silent."""

LIFE = 60
"""Seconds after which a connection is closed whatever it does."""

_log = logging.getLogger(__name__)


class WitnessServer(ThreadingHTTPServer):
    """Answers `POST /add-checkpoint`. Use `serve_forever` and `shutdown`."""

    daemon_threads = True

    def __init__(self, witness: Witness, address: tuple[str, int]) -> None:
        """Listen; port 0 takes a free one, see `server_address`."""
        self.witness = witness
        self._free = BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin a connection, or close it if there are too many."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection, and give its place free."""
        end = Timer(LIFE, _close, (request,))
        end.daemon = True
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Note that a connection broke; that is the client's affair."""
        _log.info("connection broken", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "assaymark"
    sys_version = ""
    timeout = IDLE
    server: WitnessServer

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or len(length) > 9 or int(length) > MAX_REQUEST:
            self.close_connection = True
            self._answer(Answer(413 if length.isdecimal() else 411))
            return
        content = self.rfile.read(int(length))
        if self.path != "/add-checkpoint":
            self._answer(Answer(404))
            return
        try:
            answer = self.server.witness.add_checkpoint(content)
        except (LogError, Refused) as error:
            _log.error("the state of the witness cannot be used: %s", error)
            answer = Answer(500)
        self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        _log.info(format, *args)


def _close(connection: socket.socket) -> None:
    with suppress(OSError):  # it was closed before its time
        connection.shutdown(socket.SHUT_RDWR)
