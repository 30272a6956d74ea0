#!/usr/bin/env python3
"""Kills the real chat server again and again while clients talk, then compares what they saw.

    crash_test.py COURSE_CHAT_SERVER [--rounds 24] [--clients 6] [--seed 1]
                  [--database URL [--restart-database COMMAND]]

Clients follow the contract and nothing else: log in, ask get_history with the last id they know as
after_id until there is no more, and take every new_message from then on. They never look at an id
to leave something out, so a message that is missed or doubled by the server shows.

At the end all of them catch up once more: every client saw the whole history, once, in the same
order; every message that was acknowledged by its client_ref is in it exactly once, and none that
was refused as not stored. With --restart-database every second round kills the database instead.
Exit code 1 if not.
"""

import argparse
import random
import subprocess
import sys
import threading

from chat_process import ChatProcess, Gone, LineClient, scratch_directory


class Talker(threading.Thread):
    """One user who talks, records everything, and comes back whenever the server went away."""

    def __init__(self, index, server, shared):
        super().__init__(daemon=True)
        self.name_ = f"user{index}"
        self.server = server
        self.shared = shared
        self.random = random.Random(f"{shared.seed}/{index}")
        self.seen = []  # (id, sender, text) in the order they were told
        self.acknowledged = []  # (id, text)
        self.refused = []  # texts that were told not to be stored
        self.texts = {}  # by client_ref
        self.sent = 0
        self.reconnects = 0

    def run(self):
        while not self.shared.finished.is_set():
            self.shared.up.wait()
            try:
                self.talk(LineClient(self.server.port))
            except Gone:
                self.reconnects += 1

    def record(self, message):
        self.seen.append((message["id"], message["sender"], message["message"]))
        if message.get("client_ref") is not None:
            self.acknowledged.append((message["id"], message["message"]))
        self.shared.count()

    def log_in(self, client):
        while True:
            client.send(type="login", username=self.name_, password="secret")
            answer = client.read_type("login_response")
            if answer["status"] == "success":
                return
            if answer["code"] != "busy":
                client.send(type="register", username=self.name_, password="secret")
                client.read_type("register_response")

    def catch_up(self, client):
        """What is told before the history's answer is a part of that answer."""
        more = True
        while more:
            last = self.seen[-1][0] if self.seen else 0
            client.send(type="get_history", limit=self.random.choice([1, 7, 50, 500]),
                        after_id=last)
            page = client.read()
            while page["type"] == "new_message":
                page = client.read()
            if page["type"] == "error":
                continue  # the database is away
            for message in page["messages"]:
                self.record(message)
            more = page["has_more"]

    def say(self, client):
        text = f"{self.name_} says {self.sent} " + "x" * self.random.randrange(300)
        self.texts[self.sent] = text
        client.send(type="send_message", sender=self.name_, message=text, client_ref=self.sent)
        self.sent += 1

    def talk(self, client):
        self.log_in(client)
        self.catch_up(client)
        self.say(client)
        while not self.shared.finished.is_set():
            message = client.read()
            if message["type"] == "error" and message["code"] == "not_stored":
                self.refused.append(self.texts[message["client_ref"]])
                self.say(client)
            elif message["type"] == "new_message":
                self.record(message)
                # One goes out for each own that came back, and now and then two at once.
                if message.get("client_ref") is not None:
                    for _ in range(1 + (self.random.random() < 0.02)):
                        self.say(client)


class Shared:
    def __init__(self, seed):
        self.seed = seed
        self.up = threading.Event()
        self.finished = threading.Event()
        self.records = 0
        self.changed = threading.Condition()

    def count(self):
        with self.changed:
            self.records += 1
            self.changed.notify_all()

    def wait_for(self, more):
        """Waits until so many more messages were seen by somebody."""
        with self.changed:
            wanted = self.records + more
            if not self.changed.wait_for(lambda: self.records >= wanted, timeout=60):
                raise RuntimeError("no messages for a minute")


def whole_history(server):
    client = LineClient(server.port)
    client.send(type="register", username="auditor", password="secret")
    client.read_type("register_response")
    client.send(type="login", username="auditor", password="secret")
    client.read_type("login_response")
    history, more = [], True
    while more:
        last = history[-1]["id"] if history else 0
        client.send(type="get_history", limit=500, after_id=last)
        page = client.read_type("history_response")
        history += page["messages"]
        more = page["has_more"]
    client.close()
    return [(message["id"], message["sender"], message["message"]) for message in history]


def check(history, talkers):
    faults = []
    ids = [entry[0] for entry in history]
    if ids != sorted(set(ids)):
        faults.append("ids of the history do not strictly increase")
    texts = [entry[2] for entry in history]
    if len(set(texts)) != len(texts):
        faults.append("a text is in the history twice")
    by_id = {entry[0]: entry[2] for entry in history}
    for talker in talkers:
        if talker.seen != history:
            at = next((i for i, pair in enumerate(zip(talker.seen, history)) if pair[0] != pair[1]),
                      min(len(talker.seen), len(history)))
            saw, has = (entries[at][:2] if at < len(entries) else "nothing"
                        for entries in (talker.seen, history))
            faults.append(f"{talker.name_} saw {saw} at place {at}, the history has {has}")
        kept = set(talker.refused) & set(texts)
        if kept:
            faults.append(f"{talker.name_}: {len(kept)} refused messages are in the history")
        lost = [entry for entry in talker.acknowledged if by_id.get(entry[0]) != entry[1]]
        if lost:
            faults.append(f"{talker.name_}: {len(lost)} acknowledged messages are not in the history")
    return faults


def run(arguments, directory):
    seed = random.Random(arguments.seed)
    shared = Shared(arguments.seed)
    settings = {"CHAT_DATABASE_URL": arguments.database} if arguments.database else {}
    server = ChatProcess(arguments.program, directory, RATE_LIMITS="no", **settings)
    server.start()
    shared.up.set()
    talkers = [Talker(index, server, shared) for index in range(arguments.clients)]
    for talker in talkers:
        talker.start()
    for number in range(arguments.rounds):
        shared.wait_for(seed.randrange(20, 400))
        if arguments.restart_database and number % 2 == 1:
            subprocess.run(arguments.restart_database, shell=True, check=True,
                           stdout=subprocess.DEVNULL)
            continue
        shared.up.clear()
        server.kill()
        server.start()
        shared.up.set()
    shared.wait_for(20 * arguments.clients)
    shared.finished.set()
    code = server.stop()  # gently: wakes the clients, too
    for talker in talkers:
        talker.join(timeout=30)
    server.start()
    for talker in talkers:
        client = LineClient(server.port)
        talker.log_in(client)
        talker.catch_up(client)
        client.close()
    history = whole_history(server)
    server.stop()
    faults = check(history, talkers)
    if code != 0:
        faults.append(f"the server ended with {code} after SIGTERM")
    print(f"{arguments.rounds} kills, {len(history)} messages stored, "
          f"{sum(len(talker.seen) for talker in talkers)} seen, "
          f"{sum(len(talker.acknowledged) for talker in talkers)} acknowledged, "
          f"{sum(len(talker.refused) for talker in talkers)} refused, "
          f"{sum(talker.reconnects for talker in talkers)} reconnects")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", help="CHAT_DATABASE_URL; without it a SQLite file")
    parser.add_argument("--restart-database", help="a shell command")
    arguments = parser.parse_args()
    with scratch_directory() as directory:
        faults = run(arguments, directory)
    for fault in faults:
        print("FAILED:", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
