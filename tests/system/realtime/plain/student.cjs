// What the documentation of socket.io-client shows, and no more.
//
//   student.cjs URL TOKEN COURSE VIDEO

const { io } = require("socket.io-client");

const [url, token, courseId, videoId] = process.argv.slice(2);
const socket = io(url, { auth: { token } });

socket.on("connected", (data) => {
  console.log("connected", data.status);
  socket.emit("join_course", { course_id: courseId });
});

socket.on("joined_course", (data) => {
  console.log("joined_course", data.course_id);
  socket.emit("video_progress", {
    video_id: videoId,
    course_id: courseId,
    progress: 50,
    timestamp: 300,
  });
});

socket.on("new_enrollment", (data) => {
  console.log("new_enrollment", data.message);
  socket.disconnect();
});

socket.on("error", (data) => console.log("error", data.message));
socket.on("connect_error", (error) => console.log("connect_error", error.message));
