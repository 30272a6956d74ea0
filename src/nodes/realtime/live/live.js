// The page: courses on the left, one course in the middle, the chat of its videos on the right.

import { Socket } from "./socket.js";

const LINES_MAX = 200;
const $ = (id) => document.getElementById(id);

const socket = new Socket();
const courses = new Map();  // by id, as text
let token = "";
let chosen = null;   // the course shown
let joined = null;   // the course whose room we are in
let watched = null;  // the video whose room we are in

function say(problem) {
  $("problem").textContent = problem ?? "";
  $("problem").hidden = !problem;
}

function showState(state, text) {
  $("state").dataset.state = state;
  $("state").textContent = text;
  $("connect").hidden = state !== "off";
  $("token").hidden = state !== "off";
  $("leave").hidden = state === "off";
}

/** Adds a line to a list, newest first or last; the oldest lines go. */
function addLine(list, parts, { last = false, id } = {}) {
  const line = document.createElement("li");
  line.append(...parts);
  if (id) {
    line.dataset.id = id;
  }
  list[last ? "append" : "prepend"](line);
  while (list.children.length > LINES_MAX) {
    (last ? list.firstChild : list.lastChild).remove();
  }
  if (last) {
    list.scrollTop = list.scrollHeight;
  }
  return line;
}

function bold(text) {
  const element = document.createElement("b");
  element.textContent = text;
  return element;
}

async function call(path, options = {}) {
  const response = await fetch(path, {
    ...options,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
  });
  const body = await response.json();
  if (!response.ok) {
    throw new Error(typeof body.detail === "string" ? body.detail : `status ${response.status}`);
  }
  return body;
}

/** Runs a step and shows what went wrong. */
async function attempt(step) {
  try {
    await step();
    say();
  } catch (error) {
    say(error.message);
  }
}

// --- courses ---

async function loadCourses() {
  const answer = await call("/live/courses");
  courses.clear();
  for (const course of answer.courses) {
    courses.set(String(course.course_id), course);
  }
  $("no-courses").hidden = courses.size > 0;
  $("no-courses").textContent = "There are no courses yet.";
  showCourses();
  showCourse();
}

function showCourses() {
  const rows = [...courses].map(([id, course]) => {
    const name = document.createElement("span");
    name.textContent = course.course_name;
    const free = document.createElement("span");
    free.className = "free";
    free.textContent = `${course.course_left} / ${course.course_capacity}`;
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.id = id;
    button.setAttribute("aria-pressed", String(id === chosen));
    button.append(name, free);
    button.onclick = () => attempt(() => choose(id));
    const row = document.createElement("li");
    row.append(button);
    return row;
  });
  $("courses").replaceChildren(...rows);
}

function showCourse() {
  const course = courses.get(chosen);
  $("course").hidden = !course;
  if (!course) {
    return;
  }
  $("course-title").textContent = course.course_name;
  $("left").value = course.course_left;
  $("capacity").textContent = course.course_capacity;
  $("gauge").max = course.course_capacity;
  $("gauge").value = course.course_capacity - course.course_left;
  $("membership").textContent =
    joined === chosen ? "You are in this course." : "Seats and chat are live for its members.";
  $("select").hidden = joined === chosen;
}

async function choose(id) {
  if (joined && joined !== id) {
    await socket.ask("leave_course", { course_id: joined });
    joined = null;
  }
  chosen = id;
  watched = null;
  $("feed").replaceChildren();
  $("chat").replaceChildren();
  $("room").hidden = true;
  showCourses();
  showCourse();
  await enter();
}

/** Joins the course's room, if we may; who may not still sees the course. */
async function enter() {
  const id = chosen;
  if (!id) {
    return;
  }
  const answer = await socket.ask("join_course", { course_id: id });
  if (id !== chosen) {
    return;
  }
  joined = answer.status === "ok" ? id : null;
  showCourse();
  if (joined) {
    await showVideos(id);
  }
}

// --- videos and their chat ---

async function showVideos(course) {
  const { videos } = await call(`/live/videos?course_id=${course}`);
  $("room").hidden = videos.length === 0;
  const options = videos.map((video) => new Option(video.title, video.video_id));
  $("videos").replaceChildren(...options);
  if (videos.length > 0) {
    await watch($("videos").value);
  }
}

async function watch(video) {
  const answer = await socket.ask("join_video", { video_id: video });
  if (answer.status !== "ok") {
    throw new Error(answer.message);
  }
  watched = video;
  const { messages } = await call(`/live/messages?video_id=${video}`);
  $("chat").replaceChildren();
  for (const { user_name: name, message, message_id: id } of messages) {
    addLine($("chat"), [bold(name), message], { last: true, id: String(id) });
  }
}

// --- what the server tells ---

socket.on("open", () => {
  showState("on", "live");
  attempt(async () => {
    await loadCourses();
    await enter();
  });
});
socket.on("lost", (comesBack) => {
  joined = null;
  watched = null;
  showState(comesBack ? "lost" : "off", comesBack ? "connecting again …" : "not connected");
});
socket.on("refused", (message) => say(message));
socket.on("error", ({ message }) => {
  if (!message.startsWith("forbidden")) {
    say(message);
  }
});
socket.on("course_updated", ({ course_id: id, ...changes }) => {
  const course = courses.get(id);
  if (course) {
    Object.assign(course, changes);
    showCourses();
    showCourse();
  }
});
socket.on("new_enrollment", ({ message }) => addLine($("feed"), [message]));
socket.on("new_review", ({ user_email: who, rating, comment }) =>
  addLine($("feed"), [bold(`${"★".repeat(rating)} ${who}`), " ", comment]));
socket.on("quiz_submission", ({ user_id: id, score, passed }) =>
  addLine($("feed"), [`Student ${id}: ${score} %, ${passed ? "passed" : "not passed"}`]));
socket.on("user_joined_video", ({ user_email: who }) => addLine($("feed"), [`${who} is watching`]));
socket.on("new_chat_message", ({ user_email: who, message, video_id: video, message_id: id }) => {
  const shown = $("chat").querySelector(`[data-id="${id}"]`);
  if (video === watched && !shown) {
    addLine($("chat"), [bold(who), message], { last: true, id });
  }
});
socket.on("queue_update", ({ task_id: id, status, position, reason }) => {
  const text = { pending: `waiting at place ${position}`, completed: "you have the seat",
                 failed: `refused: ${reason}` }[status] ?? status;
  const line = $("queue").querySelector(`[data-id="${id}"]`) ?? addLine($("queue"), [], { id });
  line.dataset.status = status;
  line.textContent = text;
  if (status === "completed") {
    attempt(enter);
  }
});

// --- what the user does ---

$("entry").onsubmit = (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  say();
  showState("lost", "connecting …");
  socket.connect(token);
};
$("leave").onclick = () => socket.close();
$("select").onclick = () => attempt(async () => {
  const body = JSON.stringify({ course_id: Number(chosen) });
  await call("/live/select", { method: "POST", body });
});
$("videos").onchange = () => attempt(() => watch($("videos").value));
$("say").onsubmit = (event) => {
  event.preventDefault();
  attempt(async () => {
    const message = $("message").value;
    const timestamp = new Date().toISOString();
    const answer = await socket.ask("send_chat_message", { video_id: watched, message, timestamp });
    if (answer.status !== "ok") {
      throw new Error(answer.message);
    }
    $("message").value = "";
  });
};

document.documentElement.dataset.ready = "yes";
