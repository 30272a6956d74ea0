#!/usr/bin/env python3
"""A real SMTP server (aiosmtpd) or HTTP server that takes what is sent to it.

    sink.py smtp|smtp-auth|smtp-refuse|smtp-busy CERTIFICATE KEY
    sink.py http STATUS

Prints `port N`, then one JSON line for each message, until standard input ends.
"""

import email
import email.policy
import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

USER, PASSWORD = b"courses", b"correct horse"


def say(line):
    print(line, flush=True)


class Mailbox:
    def __init__(self, mode):
        self.answers = {"smtp-refuse": "550 No such user here", "smtp-busy": "451 Try later"}
        self.answer = self.answers.get(mode)

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if self.answer:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say(json.dumps({
            "from": envelope.mail_from, "to": envelope.rcpt_tos,
            "subject": mail["Subject"], "header_from": mail["From"], "id": mail["Message-ID"],
            "date": mail["Date"],
            "text": mail.get_content().replace("\r\n", "\n"), "tls": session.ssl is not None,
            "user": session.auth_data.decode() if session.auth_data else None}))
        return "250 OK"


def check_login(server, session, envelope, mechanism, data):
    good = getattr(data, "login", None) == USER and getattr(data, "password", None) == PASSWORD
    return AuthResult(success=good, auth_data=USER if good else None, handled=False)


def serve_mail(mode, certificate, key):
    options = {}
    if mode == "smtp-auth":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        options = {"tls_context": context, "require_starttls": True, "auth_required": True,
                   "authenticator": check_login}
    # aiosmtpd tries to reach itself at its configured port, so it cannot be told port 0.
    for port in range(20000, 60000, 37):
        controller = Controller(Mailbox(mode), hostname="127.0.0.1", port=port, **options)
        try:
            controller.start()
        except OSError:
            continue
        say(f"port {port}")
        sys.stdin.read()
        controller.stop()
        return


def serve_http(status):
    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            say(json.dumps({"path": self.path, "body": body,
                            "type": self.headers["Content-Type"],
                            "key": self.headers["Authorization"]}))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Gateway)
    Thread(target=server.serve_forever, daemon=True).start()
    say(f"port {server.server_port}")
    sys.stdin.read()


if sys.argv[1] == "http":
    serve_http(int(sys.argv[2]))
else:
    serve_mail(*sys.argv[1:4])
