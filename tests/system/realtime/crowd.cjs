// Many clients enter one video room at once while another one measures how long its answers take.
//
//   crowd.cjs URL TOKEN VIDEO COUNT OTHER_TOKEN OTHER_COURSE
//
// Each client speaks the protocol over a bare WebSocket: a thousand whole client libraries would
// measure this program, not the server. Ends with 1 when an event is missing.

const { fork } = require("node:child_process");
const WebSocket = require("ws");

const [url, token, video, countText, otherToken, otherCourse] = process.argv.slice(2);
const count = Number(countText);
const address = `${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;

/** Opens one connection and waits until its token was taken. */
function enter(bearer, onEvent) {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(address, { perMessageDeflate: false });
    ws.on("error", reject);
    ws.on("message", (data) => {
      const text = data.toString();
      if (text[0] === "0") {
        ws.send(`40${JSON.stringify({ token: bearer })}`);
      } else if (text === "2") {
        ws.send("3");
      } else if (text.startsWith("40")) {
        resolve(ws);
      } else {
        onEvent(text);
      }
    });
  });
}

/** The same answer again and again, one after the other, in a process of its own: this one is busy
 * with what it receives. Prints the times in milliseconds when it is told to stop. */
async function measure() {
  let answered;
  const times = [];
  let isOver = false;
  process.on("message", () => { isOver = true; });
  const ws = await enter(token, (text) => {
    if (text.startsWith("43")) {
      answered();
    }
  });
  process.send("ready");
  for (let id = 0; !isOver; ++id) {
    const started = process.hrtime.bigint();
    const answer = new Promise((resolve) => { answered = resolve; });
    ws.send(`42${id}["join_course",{"course_id":${video}}]`);
    await answer;
    times.push(Number(process.hrtime.bigint() - started) / 1e6);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  process.send(times.sort((a, b) => a - b), () => process.exit(0));
}

/** Waits for the next message of a child process. */
function said(child) {
  return new Promise((resolve) => child.once("message", resolve));
}

async function main() {
  let joined = 0;
  let others = 0;
  const crowd = [];
  for (let first = 0; first < count; first += 50) {
    crowd.push(...await Promise.all(Array.from({ length: Math.min(50, count - first) }, () =>
      enter(token, (text) => {
        if (text.startsWith('42["joined_video"')) {
          ++joined;
        } else if (text.startsWith('42["user_joined_video"')) {
          ++others;
        }
      }))));
  }
  const other = fork(__filename, [url, otherToken, otherCourse, "measure"]);
  await said(other);
  // Each tells all who are there already: 0 + 1 + ... + (count - 1).
  const expected = (count * (count - 1)) / 2;
  const isComplete = () => joined === count && others === expected;
  const end = Date.now() + 120_000;
  const started = Date.now();
  for (const ws of crowd) {
    ws.send(`42["join_video",{"video_id":${video}}]`);
  }
  while (!isComplete() && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const milliseconds = Date.now() - started;
  other.send("stop");
  const times = await said(other);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
  console.log(`crowd of ${count}: ${others} of ${expected} deliveries in ${milliseconds} ms; ` +
    `answers to another client meanwhile: ${times.length}, p50 ${at(0.5).toFixed(1)} ms, ` +
    `p99 ${at(0.99).toFixed(1)} ms, max ${at(1).toFixed(1)} ms`);
  process.exit(isComplete() ? 0 : 1);
}

const role = countText === "measure" ? measure : main;
role().catch((error) => {
  console.error(error);
  process.exit(1);
});
