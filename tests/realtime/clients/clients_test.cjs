#!/usr/bin/env node
"use strict";
// Unmodified socket.io-client against the conformance program, on every way to travel.
//
//     clients_test.cjs PROGRAM NODE_MODULES

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { createRequire } = require("node:module");
const readline = require("node:readline");

const [program, modules] = process.argv.slice(2);
const { io } = createRequire(`${modules}/`)("socket.io-client");

const ways = [
  { name: "polling", transports: ["polling"] },
  { name: "websocket", transports: ["websocket"] },
  { name: "upgrade", transports: ["polling", "websocket"] },
];
const limit = 10_000; // milliseconds without which nothing here should be
let url = "";

function once(emitter, event) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no "${event}" in time`)), limit);
    emitter.once(event, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
}

function connect(way, options = {}, path = "/") {
  return io(url + path, { transports: way.transports, forceNew: true, reconnectionDelay: 10, ...options });
}

const cases = {
  async "connects with a token and gets it back"(way) {
    const socket = connect(way, { auth: { token: "a\u00e9\u{1f600}", n: 1.5 } });
    const [auth] = await once(socket, "auth");
    assert.deepEqual(auth, { token: "a\u00e9\u{1f600}", n: 1.5 });
    assert.ok(socket.connected && socket.id.length >= 20);
    assert.notEqual(socket.id, socket.io.engine.id);
    return socket;
  },

  async "messages come back, whatever is in them"(way) {
    const socket = connect(way);
    for (const args of [
      [],
      [1, "2", { 3: [true, null] }],
      ["", [], {}, -0.5, 1e300, "\u2028\u{1f600}\u0000\x1e"],
      [Buffer.from([1, 2, 3]), { deep: [Buffer.from(""), { x: Buffer.alloc(70_000, 7) }] }],
      ["x".repeat(900_000)],
    ]) {
      socket.emit("message", ...args);
      assert.deepEqual(await once(socket, "message-back"), args);
    }
    return socket;
  },

  async "acks carry the arguments, plain and binary"(way) {
    const socket = connect(way);
    const acked = (...args) =>
      new Promise((resolve) => socket.emit("message-with-ack", ...args, (...back) => resolve(back)));
    assert.deepEqual(await acked(1, "2", { 3: [false] }), [1, "2", { 3: [false] }]);
    assert.deepEqual(await acked(), []);
    assert.deepEqual(await acked(Buffer.from("abc"), "d"), [Buffer.from("abc"), "d"]);
    assert.equal(await socket.timeout(limit).emitWithAck("message-with-ack", 7), 7);
    await assert.rejects(socket.timeout(50).emitWithAck("nobody answers this"));
    return socket;
  },

  async "a thousand messages arrive once and in order, also across the upgrade"(way) {
    const socket = connect(way);
    const got = [];
    const all = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`only ${got.length} came`)), limit);
      socket.on("message-back", (number) => {
        got.push(number);
        if (got.length === 1000) {
          clearTimeout(timer);
          resolve();
        }
      });
    });
    let next = 0;
    const sender = setInterval(() => {
      for (let i = 0; i < 25 && next < 1000; i++) socket.emit("message", next++);
      if (next === 1000) clearInterval(sender);
    }, 2);
    await all;
    assert.deepEqual(got, [...Array(1000).keys()]);
    if (way.name === "upgrade") assert.equal(socket.io.engine.transport.name, "websocket");
    return socket;
  },

  async "namespaces share a connection and part from each other"(way) {
    const main = connect(way, { auth: { of: "main" } });
    await once(main, "auth");
    const custom = main.io.socket("/custom", { auth: { of: "custom" } });
    assert.deepEqual(await once(custom, "auth"), [{ of: "custom" }]);
    assert.notEqual(main.id, custom.id);
    custom.disconnect();
    main.emit("message", "still here");
    assert.deepEqual(await once(main, "message-back"), ["still here"]);
    custom.connect();
    assert.deepEqual(await once(custom, "auth"), [{ of: "custom" }]);
    return main;
  },

  async "an unknown namespace is an error with its message"(way) {
    const socket = connect(way, {}, "/random");
    const [error] = await once(socket, "connect_error");
    assert.equal(error.message, "Invalid namespace");
    return socket;
  },

  async "a lost connection comes back by itself"(way) {
    const socket = connect(way, { auth: { token: "again" } });
    await once(socket, "auth");
    if (way.name === "upgrade" && socket.io.engine.transport.name !== "websocket") {
      await once(socket.io.engine, "upgrade");
    }
    const id = socket.id;
    const lost = once(socket, "disconnect");  // told from within close()
    socket.io.engine.close();
    const [reason] = await lost;
    assert.equal(reason, "forced close");
    socket.connect();
    assert.deepEqual(await once(socket, "auth"), [{ token: "again" }]);
    assert.notEqual(socket.id, id);
    return socket;
  },

  async "it outlives many heartbeats"(way) {
    const socket = connect(way);
    await once(socket, "auth");
    let pings = 0;
    const reasons = [];
    socket.on("disconnect", (reason) => reasons.push(reason));
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no pings")), limit);
      socket.io.on("ping", () => {
        if (++pings === 5) {
          clearTimeout(timer);
          resolve();
        }
      });
    });
    assert.deepEqual(reasons, []);
    return socket;
  },

  async "disconnecting is heard as that"(way) {
    const socket = connect(way);
    await once(socket, "auth");
    const heard = once(socket, "disconnect");
    socket.disconnect();
    assert.deepEqual((await heard)[0], "io client disconnect");
    return socket;
  },

  async "fifty clients at once do not mix"(way) {
    const sockets = [...Array(50).keys()].map((n) => connect(way, { auth: { n } }));
    const auths = await Promise.all(sockets.map((socket) => once(socket, "auth")));
    assert.deepEqual(auths.map(([auth]) => auth.n), [...Array(50).keys()]);
    sockets.forEach((socket, n) => socket.emit("message", n));
    const backs = await Promise.all(sockets.map((socket) => once(socket, "message-back")));
    assert.deepEqual(backs.map(([n]) => n), [...Array(50).keys()]);
    sockets.slice(1).forEach((socket) => socket.disconnect());
    return sockets[0];
  },
};

async function main() {
  const server = spawn(program, ["--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(readline.createInterface({ input: server.stdout }), "line");
  url = line.slice(line.indexOf("http://"));
  let failed = 0;
  for (const way of ways) {
    for (const [name, run] of Object.entries(cases)) {
      try {
        (await run(way)).disconnect();
      } catch (error) {
        failed += 1;
        console.log(`${way.name}: ${name}: ${error.stack}`);
      }
    }
  }
  server.kill("SIGTERM");
  const [code] = await once(server, "exit");
  console.log(`${ways.length * Object.keys(cases).length} cases, ${failed} failed, server exit ${code}`);
  process.exit(failed === 0 && code === 0 ? 0 : 1);
}

main();
