"""A TCP proxy for tests: it can keep back what passes, cut connections, and change its target."""

import socket
import threading


class Proxy:
    """Passes connections of a port of its own on to `target`, a port of this machine."""

    def __init__(self, target):
        self.target = target
        self.keeps_requests = False  # what clients send is kept from the target
        self.trap = None  # once a client has sent this, it gets no answer any more
        self.kept = b""  # since the last `cut`
        self.lock = threading.Lock()
        self.sockets = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def cut(self):
        """Ends all connections; what was kept back is lost with them."""
        with self.lock:
            ended, self.sockets = self.sockets, set()
            self.kept = b""
        for one in ended:
            self._end(one)

    def close(self):
        self.listener.close()
        self.cut()

    @staticmethod
    def _end(one):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # its other end was first
        one.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return  # closed
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()  # nobody is there: the same for the client
                continue
            with self.lock:
                self.sockets |= {client, server}
            is_trapped = threading.Event()
            for pump, ends in ((self._requests, (client, server)),
                               (self._answers, (server, client))):
                threading.Thread(target=pump, args=(*ends, is_trapped), daemon=True).start()

    def _requests(self, client, server, is_trapped):
        sent = b""
        for data in self._received(client):
            sent = (sent + data)[-65536:]
            if self.trap and self.trap in sent:
                is_trapped.set()  # before the answer can be on its way
            self._hand_on(data, server, self.keeps_requests)
        self._end(server)

    def _answers(self, server, client, is_trapped):
        for data in self._received(server):
            self._hand_on(data, client, is_trapped.is_set())
        self._end(client)

    def _hand_on(self, data, sink, is_kept):
        if is_kept:
            with self.lock:
                self.kept += data
            return
        try:
            sink.sendall(data)
        except OSError:
            pass  # cut

    @staticmethod
    def _received(source):
        try:
            while data := source.recv(65536):
                yield data
        except OSError:
            pass  # cut
