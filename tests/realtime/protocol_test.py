#!/usr/bin/env python3
"""The Engine.IO 4 and Socket.IO 5 protocols, case by case, against the conformance program.

    protocol_test.py PROGRAM [CASE...]

Every row of the conformance contract is here: the cases of the two published suites, written anew
for plain sockets, and what the reference server does besides. Only a case that races with a
heartbeat of 300 ms may be tried again, at most twice more, and then it says so.
"""

import json
import sys
import threading
import time

from wire import Closed, Http, Refused, Server, WebSocket, http, query

INTERVAL = 0.3
TIMEOUT = 0.2
ENGINE = "/engine.io/"
SOCKET = "/socket.io/"
RS = b"\x1e"
BINARY_EVENT = '["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'

cases = []
port = 0


def case(function):
    cases.append(function)
    return function


def timed(function):
    function.is_timed = True
    return case(function)


def equal(found, wanted):
    assert found == wanted, f"{found!r} instead of {wanted!r}"


def polling(path=ENGINE, **parameters):
    return path + query(EIO=4, transport="polling", **parameters)


def websocket(path=ENGINE, **parameters):
    return WebSocket(port, path + query(EIO=4, transport="websocket", **parameters))


def open_polling(path=ENGINE):
    answer = http(port, "GET", polling(path))
    equal(answer.status, 200)
    return json.loads(answer.text[1:])["sid"]


def open_websocket(path=ENGINE):
    socket = websocket(path)
    assert socket.receive().startswith("0{")
    return socket


def poll(sid, path=ENGINE):
    return http(port, "GET", polling(path, sid=sid))


def post(sid, body, path=ENGINE, fields=()):
    return http(port, "POST", polling(path, sid=sid), body, fields)


def connected(path=SOCKET, packet="40"):
    socket = open_websocket(path)
    socket.send(packet)
    assert socket.receive(True).startswith("40")
    assert '["auth",' in socket.receive(True)
    return socket


def check_open_packet(text, upgrades):
    equal(text[0], "0")
    value = json.loads(text[1:])
    equal(set(value), {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"})
    assert isinstance(value["sid"], str) and len(value["sid"]) >= 20
    equal(value["upgrades"], upgrades)
    equal((value["pingInterval"], value["pingTimeout"]), (300, 200))
    equal(value["maxPayload"], 1000000)


def check_error(answer, code, message):
    equal(answer.status, 400)
    equal(json.loads(answer.text), {"code": code, "message": message})
    equal(answer.fields["content-type"], "application/json")
    equal(answer.fields["access-control-allow-origin"], "*")


def refused(target):
    try:
        WebSocket(port, target)
    except Refused as refusal:
        return refusal.answer
    raise AssertionError("the WebSocket was accepted")


# ---- Engine.IO: handshake (on both endpoints) ------------------------------------------------------


@case
def polling_opens_a_session():
    for path in (ENGINE, SOCKET):
        answer = http(port, "GET", polling(path))
        equal(answer.status, 200)
        check_open_packet(answer.text, ["websocket"])
        equal(answer.fields["content-type"].lower(), "text/plain; charset=utf-8")
        equal(int(answer.fields["content-length"]), len(answer.body))
        equal(answer.fields["cache-control"], "no-store")
        equal(answer.fields["access-control-allow-origin"], "*")
        assert "set-cookie" not in answer.fields


@case
def websocket_opens_a_session():
    for path in (ENGINE, SOCKET):
        socket = websocket(path)
        assert "sec-websocket-extensions" not in socket.handshake.fields
        check_open_packet(socket.receive(), [])
        socket.close()


@case
def extensions_are_not_agreed_on():
    offer = [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]
    socket = WebSocket(port, ENGINE + query(EIO=4, transport="websocket"), offer)
    assert "sec-websocket-extensions" not in socket.handshake.fields
    assert socket.receive().startswith("0")
    socket.close()


@case
def the_version_must_be_four():
    for path in (ENGINE, SOCKET):
        for parameters in ({}, {"EIO": "abc"}, {"EIO": "3"}):
            plain = path + query(transport="polling", **parameters)
            check_error(http(port, "GET", plain), 5, "Unsupported protocol version")
            equal(refused(path + query(transport="websocket", **parameters)).status, 400)


@case
def the_transport_must_be_known():
    for path in (ENGINE, SOCKET):
        for parameters in ({}, {"transport": "abc"}):
            target = path + query(EIO=4, **parameters)
            check_error(http(port, "GET", target), 0, "Transport unknown")
            equal(refused(target).status, 400)


@case
def the_first_request_must_be_get():
    for path in (ENGINE, SOCKET):
        for method in ("POST", "PUT"):
            answer = http(port, method, polling(path), b"")
            check_error(answer, 2, "Bad handshake method")


@case
def other_bad_requests():
    check_error(http(port, "GET", polling(sid="unknown")), 1, "Session ID unknown")
    plain = ENGINE + query(EIO=4, transport="websocket")
    check_error(http(port, "GET", plain), 3, "Bad request")
    equal(refused(ENGINE + query(EIO=4, transport="websocket", sid="unknown")).status, 400)
    sid = open_polling()
    assert http(port, "PUT", polling(sid=sid), b"4x").status >= 400
    answer = post(sid, b"4x", fields=[("Content-Type", "application/octet-stream")])
    equal(answer.status, 400)
    equal(post(sid, b"4" + b"x" * 1000000).status, 413)
    equal(post(sid, b"4" + b"x" * 999999).status, 200)  # at the bound, and the session lives


@case
def the_checks_have_an_order():
    check_error(http(port, "POST", ENGINE + query(transport="x", sid="y")), 0, "Transport unknown")
    check_error(http(port, "POST", ENGINE + query(transport="polling", sid="y"), b""), 1,
                "Session ID unknown")
    check_error(http(port, "POST", ENGINE + query(transport="polling"), b""), 2,
                "Bad handshake method")


@case
def a_preflight_is_allowed():
    answer = http(port, "OPTIONS", polling(), None,
                  [("Origin", "http://elsewhere"), ("Access-Control-Request-Method", "POST"),
                   ("Access-Control-Request-Headers", "x-one, x-two")])
    equal(answer.status, 204)
    equal(answer.fields["access-control-allow-origin"], "*")
    assert "POST" in answer.fields["access-control-allow-methods"]
    equal(answer.fields["access-control-allow-headers"], "x-one, x-two")


# ---- Engine.IO: messages --------------------------------------------------------------------------


@case
def polling_echoes_payloads():
    for body in (b"4hello", b"4test1" + RS + b"4test2" + RS + b"4test3",
                 b"4hello" + RS + b"bAQIDBA==", "4h\u00e9llo \U0001f600".encode()):
        sid = open_polling()
        answer = post(sid, body)
        equal((answer.status, answer.text), (200, "ok"))
        answer = poll(sid)
        equal((answer.status, answer.body), (200, body))
        equal(answer.fields["cache-control"], "no-store")


@case
def a_waiting_poll_is_answered_by_a_message():
    sid = open_polling()
    waiting = Http(port)
    waiting.send("GET", polling(sid=sid))
    equal(post(sid, b"4now").text, "ok")
    equal(waiting.receive().text, "4now")
    waiting.close()


@case
def bad_packets_end_a_polling_session():
    for body in (b"abc", b"", b"4a" + RS, b"b!", b"2", b"7", b"4\xff", b"4ok" + RS + b"x"):
        sid = open_polling()
        equal(post(sid, body).status, 400)
        equal(poll(sid).status, 400)


@case
def two_polls_end_the_session():
    sid = open_polling()
    first = Http(port)
    first.send("GET", polling(sid=sid))
    time.sleep(0.02)
    second = http(port, "GET", polling(sid=sid, t="burst"))
    equal(second.status, 400)
    answer = first.receive()
    equal((answer.status, answer.text), (200, "1"))
    first.close()
    equal(poll(sid).status, 400)


@case
def a_cancelled_poll_ends_the_session():
    sid = open_polling()
    first = Http(port)
    first.send("GET", polling(sid=sid))
    time.sleep(0.02)
    first.close()
    equal(poll(sid).status, 400)


@case
def websocket_echoes_messages():
    socket = open_websocket()
    for message in ("4hello", b"\x01\x02\x03\x04", "4" + "x" * 70000, b"", "4"):
        socket.send(message)
        equal(socket.receive(True), message)
    socket.close()


@case
def bad_packets_close_a_websocket():
    for message in ("abc", "", "2", "2probe", "7"):
        socket = open_websocket()
        socket.send(message)
        assert socket.wait_closed() is not None
        socket.close()


# ---- Engine.IO: heartbeat and close ---------------------------------------------------------------


@timed
def polling_is_pinged():
    sid = open_polling()
    for _ in range(3):
        answer = poll(sid)
        equal((answer.status, answer.text), (200, "2"))
        equal(post(sid, b"3").status, 200)


@timed
def a_silent_polling_session_ends_on_time():
    for path in (ENGINE, SOCKET):
        connection = Http(port)
        connection.send("GET", polling(path))
        sid = json.loads(connection.receive().text[1:])["sid"]
        time.sleep(INTERVAL + TIMEOUT)
        connection.send("GET", polling(path, sid=sid))
        equal(connection.receive().status, 400)
        connection.close()


@timed
def a_polling_session_lives_until_then():
    sid = open_polling()
    time.sleep(INTERVAL + TIMEOUT - 0.08)
    answer = poll(sid)
    equal((answer.status, answer.text), (200, "2"))


@timed
def websocket_is_pinged():
    socket = open_websocket()
    for _ in range(3):
        begun = time.monotonic()
        equal(socket.receive(), "2")
        assert time.monotonic() - begun < INTERVAL + 0.1
        socket.send("3")
    socket.close()


@case
def a_silent_websocket_is_closed():
    for path in (ENGINE, SOCKET):
        socket = open_websocket(path)
        assert socket.wait_closed() is not None
        socket.close()


@case
def polling_is_closed_by_a_packet():
    for path in (ENGINE, SOCKET):
        sid = open_polling(path)
        waiting = Http(port)
        waiting.send("GET", polling(path, sid=sid))
        time.sleep(0.02)
        equal(post(sid, b"1", path).status, 200)
        answer = waiting.receive()
        equal((answer.status, answer.text), (200, "6"))
        waiting.close()
        equal(poll(sid, path).status, 400)


@case
def websocket_is_closed_by_a_packet():
    for path in (ENGINE, SOCKET):
        socket = open_websocket(path)
        begun = time.monotonic()
        socket.send("1")
        assert socket.wait_closed() is not None
        assert time.monotonic() - begun < 2
        socket.close()


# ---- Engine.IO: upgrade ---------------------------------------------------------------------------


@case
def polling_becomes_websocket():
    for path in (ENGINE, SOCKET):
        sid = open_polling(path)
        socket = websocket(path, sid=sid)
        socket.send("2probe")
        equal(socket.receive(), "3probe")
        answer = poll(sid, path)
        equal((answer.status, answer.text), (200, "6"))
        socket.send("5")
        if path == ENGINE:
            socket.send("4hello")
            equal(socket.receive(True), "4hello")
        socket.close()


@case
def a_waiting_poll_ends_for_the_upgrade():
    sid = open_polling()
    waiting = Http(port)
    waiting.send("GET", polling(sid=sid))
    time.sleep(0.02)
    socket = websocket(sid=sid)
    socket.send("2probe")
    begun = time.monotonic()
    equal(waiting.receive().text, "6")
    assert time.monotonic() - begun < 0.1
    waiting.close()
    socket.close()


@case
def messages_during_an_upgrade_arrive_once_in_order():
    sid = open_polling()
    equal(post(sid, b"4a" + RS + b"4b").text, "ok")
    socket = websocket(sid=sid)
    socket.send("2probe")
    equal(socket.receive(), "3probe")
    equal(poll(sid).text, "4a\x1e4b")  # what is buffered goes out instead of the noop
    equal(post(sid, b"4c" + RS + b"bAQ==").text, "ok")
    socket.send("5")
    equal(socket.receive(True), "4c")
    equal(socket.receive(True), b"\x01")
    socket.send("4d")
    equal(socket.receive(True), "4d")
    socket.close()


@case
def plain_requests_are_refused_after_the_upgrade():
    for path in (ENGINE, SOCKET):
        for pipelined in (False, True):
            sid = open_polling(path)
            early = Http(port)  # its handshake is over before the upgrade
            socket = websocket(path, sid=sid)
            if pipelined:
                socket.raw(WebSocket.frame(1, b"2probe") + WebSocket.frame(1, b"5"))
            else:
                socket.send("2probe")
                equal(socket.receive(), "3probe")
                socket.send("5")
            early.send("GET", polling(path, sid=sid))
            check_error(early.receive(), 3, "Bad request")
            early.close()
            check_error(post(sid, b"4x", path), 3, "Bad request")
            if path == ENGINE:
                socket.send("4hello")
                answer = socket.receive(True)
                equal(answer if not pipelined else socket.receive(True), "4hello")
            socket.close()


@case
def a_second_websocket_is_closed_and_harmless():
    for path in (ENGINE, SOCKET):
        sid = open_polling(path)
        first = websocket(path, sid=sid)
        first.raw(WebSocket.frame(1, b"2probe") + WebSocket.frame(1, b"5"))
        second = websocket(path, sid=sid)  # 101, and then a close
        assert second.wait_closed() is not None
        second.close()
        equal(first.receive(), "3probe")
        if path == ENGINE:
            first.send("4hello")
            equal(first.receive(True), "4hello")
        first.close()


@case
def a_second_upgrade_while_one_runs_is_closed():
    sid = open_polling()
    first = websocket(sid=sid)
    second = websocket(sid=sid)
    assert second.wait_closed() is not None
    second.close()
    first.send("2probe")
    equal(first.receive(), "3probe")
    first.close()
    equal(post(sid, b"4still here").text, "ok")


@case
def nonsense_on_a_probing_websocket_leaves_the_session_alone():
    for message in ("4hello", "5", "abc", b"\x01", "2"):
        sid = open_polling()
        socket = websocket(sid=sid)
        socket.send(message)
        assert socket.wait_closed() is not None
        socket.close()
        equal(post(sid, b"4hello").text, "ok")
        equal(poll(sid).text, "4hello")
        again = websocket(sid=sid)  # and it may be tried again
        again.send("2probe")
        equal(again.receive(), "3probe")
        again.close()


# ---- Socket.IO: connect ---------------------------------------------------------------------------


@case
def connecting_to_namespaces():
    for packet, prefix, auth in (
        ("40", "40", '42["auth",{}]'),
        ('40{"token":"123"}', "40", '42["auth",{"token":"123"}]'),
        ("40/custom,", "40/custom,", '42/custom,["auth",{}]'),
        ("40/custom", "40/custom,", '42/custom,["auth",{}]'),
        ('40/custom,{"token":"abc"}', "40/custom,", '42/custom,["auth",{"token":"abc"}]'),
        ('40{ "b" : 1.0, "a" : [ 1e2 ] }', "40", '42["auth",{"b":1.0,"a":[1e2]}]'),
    ):
        socket = open_websocket(SOCKET)
        socket.send(packet)
        answer = socket.receive(True)
        assert answer.startswith(prefix)
        handshake = json.loads(answer[len(prefix):])
        equal(list(handshake), ["sid"])
        assert isinstance(handshake["sid"], str) and len(handshake["sid"]) >= 20
        equal(socket.receive(True), auth)
        socket.close()


@case
def an_unknown_namespace_is_refused_and_the_connection_stays():
    socket = open_websocket(SOCKET)
    socket.send("40/random")
    equal(socket.receive(True), '44/random,{"message":"Invalid namespace"}')
    socket.send("40")
    assert socket.receive(True).startswith('40{"sid":')
    socket.close()


@case
def who_joins_nothing_is_closed():
    socket = open_websocket(SOCKET)
    begun = time.monotonic()
    try:
        while True:
            socket.receive(True)
    except Closed:
        assert 0.8 < time.monotonic() - begun < 2
    socket.close()


@case
def the_two_ids_of_a_client_differ():
    socket = websocket(SOCKET)
    engine_id = json.loads(socket.receive()[1:])["sid"]
    socket.send("40")
    assert json.loads(socket.receive(True)[2:])["sid"] != engine_id
    socket.close()


@case
def packets_that_close_the_connection():
    for packet in ("4abc", "42{}", '42abc["message-with-ack",1]', "42", "42[]", "42[{}]", "48",
                   '40{"again":1}', '42/custom,["message"]', '43/custom,1[]', "44{}",
                   '42["disconnect"]', '42["connect"]', '42["connect_error"]',
                   '42["disconnecting"]', '42["newListener"]', '42["removeListener"]',
                   '4511-["message"]', '451-["m",{"_placeholder":true,"num":1}]',
                   b"\x01\x02", "41x", "42[\"message\",1", '42["message",01]'):
        socket = connected()
        socket.send(packet)
        try:
            while True:
                answer = socket.receive(True)
                assert False, f"{packet!r} was answered with {answer!r}"
        except Closed as closed:
            assert closed.code is not None
        socket.close()


@case
def anything_but_connect_first_closes_the_connection():
    for packet in ('42["message",1]', "41", '431[]', b"\x01"):
        socket = open_websocket(SOCKET)
        socket.send(packet)
        assert socket.wait_closed() is not None
        socket.close()


@case
def text_when_bytes_are_due_closes_the_connection():
    socket = connected()
    socket.send("452-" + BINARY_EVENT)
    socket.send(b"\x01")
    socket.send('42["message",1]')
    assert socket.wait_closed() is not None
    socket.close()


# ---- Socket.IO: disconnect, messages, acks --------------------------------------------------------


@timed
def leaving_the_main_namespace_keeps_the_connection():
    socket = connected()
    socket.send("41")
    equal(socket.receive(), "2")
    socket.send("3")
    socket.send("40")
    assert socket.receive(True).startswith('40{"sid":')
    socket.close()


@case
def leaving_a_custom_namespace_leaves_the_others():
    socket = connected()
    socket.send("40/custom")
    assert socket.receive(True).startswith("40/custom,")
    equal(socket.receive(True), '42/custom,["auth",{}]')
    socket.send("41/custom")
    socket.send('42["message","message to main namespace"]')
    equal(socket.receive(True), '42["message-back","message to main namespace"]')
    socket.close()


@case
def messages_come_back_value_for_value():
    socket = connected()
    for sent in ('1,"2",{"3":[true]}', '1.0,-0,1e400,12345678901234567890.5', '"\\u00e9 \\ud83d"',
                 '{"b":1,"a":2,"b":3}', '"\u00e9\U0001f600"', "null,[],{}", '""'):
        socket.send(f'42["message",{sent}]')
        equal(socket.receive(True), f'42["message-back",{sent}]')
    socket.send('42["message"]')
    equal(socket.receive(True), '42["message-back"]')
    socket.send('42["message", 1 , { "a" : [ 2 ] } ]')
    equal(socket.receive(True), '42["message-back",1,{"a":[2]}]')
    socket.send('42["unheard of",1]')
    socket.send('42["message","next"]')
    equal(socket.receive(True), '42["message-back","next"]')
    socket.close()


@case
def binary_messages_come_back():
    socket = connected()
    socket.send("452-" + BINARY_EVENT)
    socket.send(b"\x01\x02\x03")
    socket.send(b"\x04\x05\x06")
    equal(socket.receive(True), "452-" + BINARY_EVENT.replace("message", "message-back"))
    equal(socket.receive(True), b"\x01\x02\x03")
    equal(socket.receive(True), b"\x04\x05\x06")
    socket.send('450-["message","no attachments"]')
    equal(socket.receive(True), '42["message-back","no attachments"]')
    socket.close()


@case
def acks_carry_the_arguments():
    socket = connected()
    socket.send('42456["message-with-ack",1,"2",{"3":[false]}]')
    equal(socket.receive(True), '43456[1,"2",{"3":[false]}]')
    socket.send('420["message-with-ack"]')
    equal(socket.receive(True), "430[]")
    socket.send("452-789" + BINARY_EVENT.replace("message", "message-with-ack"))
    socket.send(b"\x01\x02\x03")
    socket.send(b"\x04\x05\x06")
    equal(socket.receive(True),
          '462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    equal(socket.receive(True), b"\x01\x02\x03")
    equal(socket.receive(True), b"\x04\x05\x06")
    socket.close()


@timed
def everything_on_polling_too():
    sid = open_polling(SOCKET)
    equal(post(sid, b'40{"token":"123"}', SOCKET).text, "ok")
    received = poll(sid, SOCKET).text
    while '42["auth",{"token":"123"}]' not in received:
        more = poll(sid, SOCKET).text
        if more == "2":
            post(sid, b"3", SOCKET)
        received += "\x1e" + more
    assert received.startswith('40{"sid":')
    body = RS.join([b'42["message",1.0]', b'421["message-with-ack"]',
                    ("451-2" + '["message-with-ack",{"_placeholder":true,"num":0}]').encode(),
                    b"bAQID"])
    equal(post(sid, body, SOCKET).text, "ok")
    equal(poll(sid, SOCKET).text,
          '42["message-back",1.0]\x1e431[]\x1e461-2[{"_placeholder":true,"num":0}]\x1ebAQID')


# ---- WebSocket itself (RFC 6455) ------------------------------------------------------------------


@case
def the_websocket_handshake_is_checked():
    target = ENGINE + query(EIO=4, transport="websocket")
    for arguments, status in (({"version": "8"}, 426), ({"key": "c2hvcnQ="}, 400),
                              ({"key": "not base64 at all!!!!!!!"}, 400)):
        try:
            WebSocket(port, target, **arguments)
            raise AssertionError("accepted")
        except Refused as refusal:
            equal(refusal.answer.status, status)
            if status == 426:
                equal(refusal.answer.fields["sec-websocket-version"], "13")


@case
def frames_may_be_fragmented_with_pings_between():
    socket = open_websocket()
    frame = WebSocket.frame
    socket.raw(frame(1, b"4h\xc3", final=False) + frame(9, b"are you there"))
    final, opcode, payload = socket.receive_frame()
    equal((final, opcode, payload), (True, 10, b"are you there"))
    socket.raw(frame(0, b"\xa9", final=False) + frame(10, b"") + frame(0, b"", final=False))
    socket.raw(frame(0, b"llo"))
    equal(socket.receive(True), "4h\u00e9llo")
    for byte in frame(2, b"bytes"):
        socket.raw(bytes([byte]))
    equal(socket.receive(True), b"bytes")
    socket.close()


@case
def broken_frames_are_closed_with_their_code():
    frame = WebSocket.frame
    for data, code in (
        (frame(1, b"4x", masked=False), 1002),
        (frame(1, b"4x", reserved=0x40), 1002),
        (frame(3, b""), 1002),
        (frame(11, b""), 1002),
        (frame(0, b"4x"), 1002),
        (frame(1, b"4x", final=False) + frame(1, b"4x"), 1002),
        (frame(9, b"x", final=False), 1002),
        (frame(9, b"x" * 126), 1002),
        (frame(1, b"4x", length=2), 1002),
        (frame(1, b"4x", length=8), 1002),
        (b"\x81\xff" + b"\xff" * 8 + b"mask", 1002),
        (frame(8, b"\x03"), 1002),
        (frame(8, b"\x03\xed"), 1002),
        (frame(8, b"\x03\xe8\xff"), 1007),
        (frame(1, b"4\xff"), 1007),
        (frame(1, b"4\xed\xa0\x80"), 1007),
        (frame(1, b"4\xc3"), 1007),
        (frame(1, b"4\xc3", final=False) + frame(0, b"x"), 1007),
        (frame(2, b"x" * 1000001), 1009),
        (b"\x81\xff" + (1000001).to_bytes(8, "big") + b"mask", 1009),
        (frame(8, b"\x03\xe8bye"), 1000),
        (frame(8, b""), 1005),
        (frame(8, b"\x0f\xa0"), 4000),
    ):
        socket = open_websocket()
        try:
            socket.raw(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        equal(socket.wait_closed(), code)
        socket.close()


@case
def the_largest_message_is_accepted():
    socket = open_websocket()
    message = bytes(1000) * 1000
    socket.raw(WebSocket.frame(2, message))
    equal(socket.receive(True), message)
    socket.close()


# ---- many at once ---------------------------------------------------------------------------------


@case
def many_clients_do_not_mix():
    failures = []

    def client(number):
        try:
            socket = connected(packet=f'40{{"n":{number}}}')
            for i in range(20):
                socket.send(f'42{i}["message-with-ack",{number},{i}]')
                equal(socket.receive(True), f"43{i}[{number},{i}]")
            socket.close()
        except Exception as failure:  # told by the main thread
            failures.append(failure)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


def run(function):
    tries = 3 if getattr(function, "is_timed", False) else 1
    for number in range(1, tries + 1):
        try:
            function()
            if number > 1:
                print(f"{function.__name__}: passed at try {number}")
            return True
        except Exception as failure:
            print(f"{function.__name__}: {type(failure).__name__}: {failure}")
    return False


def main():
    global port
    chosen = [c for c in cases if len(sys.argv) < 3 or c.__name__ in sys.argv[2:]]
    failed = 0
    with Server(sys.argv[1]) as server:
        port = server.port
        for function in chosen:
            failed += not run(function)
    print(f"{len(chosen)} cases, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
