"use strict";
// The same rooms on npm socket.io 4: what room_server.cpp is compared with.
//
//     node room_server.cjs NODE_MODULES SECRET [PING_INTERVAL_MS]      prints its port

const crypto = require("node:crypto");
const http = require("node:http");
const { createRequire } = require("node:module");

const [modules, secret, pingInterval = "25000"] = process.argv.slice(2);
const { Server } = createRequire(`${modules}/`)("socket.io");

function verified(token) {
  const [head, body, tag] = String(token).split(".");
  const wanted = crypto.createHmac("sha256", secret).update(`${head}.${body}`).digest();
  const given = Buffer.from(tag ?? "", "base64url");
  if (given.length !== wanted.length || !crypto.timingSafeEqual(given, wanted)) return null;
  const claims = JSON.parse(Buffer.from(body, "base64url"));
  return claims.exp > Date.now() / 1000 ? claims : null;
}

const server = http.createServer();
const io = new Server(server, {
  perMessageDeflate: false,
  serveClient: false,
  pingInterval: Number(pingInterval),
});
io.use((socket, next) => {
  const claims = verified(socket.handshake.auth.token);
  socket.data.user = claims?.username;
  next(claims ? undefined : new Error("invalid token"));
});
io.on("connection", (socket) => {
  socket.on("join", (done) => {
    socket.join("room");
    done?.();
  });
  socket.on("enter", (done) => {
    socket.to("room").emit("entered", socket.data.user);
    socket.join("room");
    done?.();
  });
  socket.on("say", (message) => io.to("room").emit("said", { user: socket.data.user, message }));
  socket.on("ask", (value, done) => done(value));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
