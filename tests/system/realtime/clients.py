"""The two unmodified clients behind one face: what they hear, in order, and what they are told."""

import json
import os
import subprocess
import threading

import socketio

from backend import wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
BRIDGE = os.path.join(HERE, "bridge.cjs")

# name: transports of (npm, python). An upgrade is what both do without being told otherwise.
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": None}


class Client:
    """Events are (name, arguments), in the order in which they came."""

    def __init__(self):
        self.events = []
        self.own = []  # connect, disconnect, connect_error: of the client library itself
        self.answers = {}
        self.lock = threading.Lock()

    def heard(self, name, args):
        with self.lock:
            self.events.append((name, args))

    def all(self, name):
        """The first argument of every event of that name so far."""
        with self.lock:
            return [args[0] if args else None for event, args in self.events if event == name]

    def wait(self, name, count=1):
        """Waits for that many events of the name; gives the first arguments of all."""
        wait_for(f"{count} x {name} (heard: {self.events}, {self.own})",
                 lambda: len(self.all(name)) >= count)
        return self.all(name)

    def wait_own(self, name, count=1):
        wait_for(f"{count} x {name}", lambda: [own for own, _ in self.own].count(name) >= count)
        return [args for own, args in self.own if own == name]

    def join(self, course):
        answer = self.ask("join_course", {"course_id": course})
        if answer["status"] != "ok":
            raise AssertionError(answer)
        return self


class NodeClient(Client):
    """npm socket.io-client in a process of its own."""

    def __init__(self, url, token=None, transport="upgrade", **more):
        super().__init__()
        options = {"reconnectionDelay": 100, "reconnectionDelayMax": 300, **more}
        if token is not None:
            options["auth"] = {"token": token}
        if TRANSPORTS[transport]:
            options["transports"] = TRANSPORTS[transport]
        self.process = subprocess.Popen(["node", BRIDGE, url, json.dumps(options)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        cwd=HERE)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.next_ask = 0

    def _read(self):
        for line in self.process.stdout:
            said = json.loads(line)
            if "event" in said:
                self.heard(said["event"], said["args"])
            elif "own" in said:
                self.own.append((said["own"], said["args"]))
            else:
                self.answers[said["answer"]] = said["args"]

    def _tell(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def emit(self, event, *args):
        self._tell(emit=event, args=args)

    def ask(self, event, *args):
        self.next_ask += 1
        number = self.next_ask
        self._tell(emit=event, args=args, ask=number)
        return wait_for(f"the answer to {event}", lambda: self.answers.get(number))[0]

    def close(self):
        if self.process.poll() is None:
            self._tell(close=True)
            self.process.wait(timeout=10)
        self.reader.join(timeout=10)
        self.process.stdin.close()
        self.process.stdout.close()


class PythonClient(Client):
    """Debian's python3-socketio."""

    def __init__(self, url, token=None, transport="upgrade", **more):
        super().__init__()
        self.sio = socketio.Client(reconnection=False, reconnection_delay=0.1,
                                   reconnection_delay_max=0.3)
        self.sio.on("*", lambda event, *args: self.heard(event, list(args)))
        self.sio.on("connect", lambda: self.own.append(("connect", [])))
        self.sio.on("disconnect", lambda: self.own.append(("disconnect", [])))
        self.sio.on("connect_error",
                    lambda data=None: self.own.append(("connect_error", [
                        data["message"] if isinstance(data, dict) else str(data)])))
        options = {"transports": TRANSPORTS[transport]} if TRANSPORTS[transport] else {}
        if token is not None:
            options["auth"] = {"token": token}
        try:
            self.sio.connect(url, wait_timeout=5, **options, **more)
            self.sio.reconnection = True  # a first refusal is not tried again
        except socketio.exceptions.ConnectionError as error:
            self.own.append(("connect_error", [str(error)]))

    def emit(self, event, *args):
        self.sio.emit(event, *args)

    def ask(self, event, *args):
        return self.sio.call(event, *args, timeout=20)

    def close(self):
        self.sio.reconnection = False
        if self.sio._reconnect_abort:  # disconnect() does not end attempts that are under way
            self.sio._reconnect_abort.set()
        self.sio.disconnect()


KINDS = {"node": NodeClient, "python": PythonClient}
