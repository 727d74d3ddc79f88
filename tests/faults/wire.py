"""A wire that can be cut or frozen: a TCP proxy in front of a server, in threads of this process."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Wire:
    """Forwards `port` to `to` on the loopback address. While frozen it takes connections and forwards nothing."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.flows = threading.Event()
        self.flows.set()
        self.ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = int(self._listener.getsockname()[1])
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        """Keep what comes from now on."""
        self.flows.clear()

    def thaw(self) -> None:
        """Forward what was kept, and all that follows."""
        self.flows.set()

    def cut(self) -> int:
        """End every connection that runs over it; how many."""
        pairs, self._pairs = self._pairs, []
        for sides in pairs:
            for side in sides:
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
        return len(pairs)

    def close(self) -> None:
        """End it."""
        self.ended.set()
        self.flows.set()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        self.flows.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self.to), timeout=10)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        self._pairs.append((near, far))
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._forward, args=(one, other), daemon=True).start()

    def _forward(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while not self.ended.is_set():
                select.select([one], [], [])
                self.flows.wait()
                data = one.recv(65536)
                if not data:
                    break
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)


@contextmanager
def wire(to: int) -> Iterator[Wire]:
    """A wire to a port of this machine."""
    made = Wire(to)
    try:
        yield made
    finally:
        made.close()
