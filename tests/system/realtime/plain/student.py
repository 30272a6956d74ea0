"""What the documentation of python-socketio shows, and no more.

    student.py URL TOKEN COURSE VIDEO
"""

import sys

import socketio

url, token, course_id, video_id = sys.argv[1:]
sio = socketio.Client()


@sio.on("connected")
def connected(data):
    print("connected", data["status"], flush=True)
    sio.emit("join_course", {"course_id": course_id})


@sio.on("joined_course")
def joined_course(data):
    print("joined_course", data["course_id"], flush=True)
    sio.emit("video_progress", {"video_id": video_id, "course_id": course_id,
                                "progress": 50, "timestamp": 300})


@sio.on("new_enrollment")
def new_enrollment(data):
    print("new_enrollment", data["message"], flush=True)
    sio.disconnect()


@sio.on("error")
def error(data):
    print("error", data["message"], flush=True)


sio.connect(url, auth={"token": token})
sio.wait()
