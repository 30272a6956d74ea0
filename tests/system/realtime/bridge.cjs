// The npm client under remote control: commands come as lines of JSON on standard input, what it
// hears goes out as lines of JSON. It is used as its documentation shows, unmodified.
//
//   bridge.cjs URL OPTIONS      OPTIONS: JSON for io()

const { io } = require("socket.io-client");
const readline = require("node:readline");

const [url, options] = process.argv.slice(2);
const socket = io(url, JSON.parse(options));
const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

socket.on("connect", () =>
  tell({ own: "connect", args: [socket.io.engine.transport.name, socket.recovered === true] }));
socket.on("disconnect", (reason) => tell({ own: "disconnect", args: [reason] }));
socket.on("connect_error", (error) => tell({ own: "connect_error", args: [error.message] }));
socket.onAny((event, ...args) => tell({ event, args }));

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { emit, args, ask, close } = JSON.parse(line);
  if (close) {
    socket.disconnect();
    setTimeout(() => process.exit(0), 100);  // time for the last packet to leave
  } else if (ask !== undefined) {
    socket.emit(emit, ...args, (...answer) => tell({ answer: ask, args: answer }));
  } else {
    socket.emit(emit, ...args);
  }
});
