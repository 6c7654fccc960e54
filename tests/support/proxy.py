"""A socket proxy in front of a server: it can be shut, or take what is sent and never answer."""

import contextlib
import select
import socket
import threading


class Proxy:
    """Listens on a port of its own and passes bytes on. ``mode``: up, silent (no answer ever comes) or down."""

    def __init__(self, port):
        self.target, self.mode, self.seen = port, "up", 0
        self._open = set()
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]

    def _listen(self, port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(50)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.seen += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        self._open.add(client)
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as server:
            while ready := select.select([client, server], [], [])[0]:
                for one in ready:
                    data = one.recv(65536)
                    if not data:
                        return
                    if one is client:
                        server.sendall(data)
                    elif self.mode == "up":
                        client.sendall(data)
        self._open.discard(client)

    def go(self, mode):
        """Change the mode. Connections that are kept open are cut, as a server that goes away does."""
        was, self.mode = self.mode, mode
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        if mode == "down" and was != "down":
            # Wakes the thread that waits in accept, too.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        if was == "down" and mode != "down":
            self._listener = self._listen(self.port)

    def stop(self):
        if self.mode != "down":
            self.go("down")
