#include "courseselect/repo/data_schema.hpp"

namespace courseselect::repo {
namespace {

constexpr storage::Migration data_steps[] = {
    {1, "courses, people, enrolments, decisions", R"sql(
CREATE TABLE courses (
    course_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    credit_hundredths INTEGER NOT NULL CHECK (credit_hundredths >= 0),
    type TEXT NOT NULL,
    teacher_id INTEGER NOT NULL CHECK (teacher_id >= 0),
    time_begin INTEGER,
    time_end INTEGER,
    schedule TEXT,
    location TEXT NOT NULL,
    capacity INTEGER NOT NULL CHECK (capacity >= 1),
    enrolled INTEGER NOT NULL DEFAULT 0 CHECK (enrolled >= 0 AND enrolled <= capacity),
    tags TEXT NOT NULL,
    notes TEXT NOT NULL,
    cost INTEGER NOT NULL CHECK (cost >= 0),
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    opens_at INTEGER,
    closes_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX courses_by_name ON courses (name);

CREATE TABLE students (
    student_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    tags TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE teachers (
    teacher_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE enrolments (
    student_id INTEGER NOT NULL REFERENCES students (student_id),
    course_id INTEGER NOT NULL REFERENCES courses (course_id),
    enrolled_at INTEGER NOT NULL,
    PRIMARY KEY (student_id, course_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('select', 'deselect', 'withdraw')),
    student_id INTEGER NOT NULL,
    course_id INTEGER NOT NULL,
    accepted INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    code TEXT NOT NULL,
    reasons TEXT NOT NULL,
    decided_at INTEGER NOT NULL
) STRICT;

CREATE TABLE available_tags (
    tag_name TEXT NOT NULL,
    tag_type TEXT NOT NULL CHECK (tag_type IN ('user', 'course')),
    usage_count INTEGER NOT NULL CHECK (usage_count >= 0),
    PRIMARY KEY (tag_name, tag_type)
) STRICT, WITHOUT ROWID;

CREATE TABLE reserved_ids (
    kind TEXT PRIMARY KEY CHECK (kind IN ('student', 'teacher')),
    next_id INTEGER NOT NULL CHECK (next_id >= 1)
) STRICT, WITHOUT ROWID;
INSERT INTO reserved_ids VALUES ('student', 1), ('teacher', 1);
)sql"},
    {2, "the classroom: reviews, videos, quizzes, progress, messages, and its events", R"sql(
CREATE TABLE reviews (
    course_id INTEGER NOT NULL REFERENCES courses (course_id) ON DELETE CASCADE,
    student_id INTEGER NOT NULL REFERENCES students (student_id) ON DELETE CASCADE,
    rating INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    comment TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (course_id, student_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reviews_by_student ON reviews (student_id);

CREATE TABLE videos (
    video_id INTEGER PRIMARY KEY AUTOINCREMENT,
    course_id INTEGER NOT NULL REFERENCES courses (course_id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    duration_seconds INTEGER NOT NULL CHECK (duration_seconds >= 0),
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX videos_by_course ON videos (course_id, position, video_id);

CREATE TABLE video_progress (
    video_id INTEGER NOT NULL REFERENCES videos (video_id) ON DELETE CASCADE,
    user_kind TEXT NOT NULL CHECK (user_kind IN ('student', 'teacher', 'admin')),
    user_id INTEGER NOT NULL,
    latest_percent REAL NOT NULL CHECK (latest_percent BETWEEN 0 AND 100),
    max_percent REAL NOT NULL CHECK (max_percent >= latest_percent AND max_percent <= 100),
    latest_seconds REAL NOT NULL CHECK (latest_seconds >= 0),
    max_seconds REAL NOT NULL CHECK (max_seconds >= latest_seconds),
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (video_id, user_kind, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE video_messages (
    message_id INTEGER PRIMARY KEY AUTOINCREMENT,
    video_id INTEGER NOT NULL REFERENCES videos (video_id) ON DELETE CASCADE,
    user_kind TEXT NOT NULL CHECK (user_kind IN ('student', 'teacher', 'admin')),
    user_id INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    message TEXT NOT NULL,
    client_time TEXT NOT NULL,
    sent_at INTEGER NOT NULL
) STRICT;
CREATE INDEX video_messages_by_video ON video_messages (video_id, message_id);

CREATE TABLE quizzes (
    quiz_id INTEGER PRIMARY KEY AUTOINCREMENT,
    course_id INTEGER NOT NULL REFERENCES courses (course_id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    questions TEXT NOT NULL,
    passing_score REAL NOT NULL CHECK (passing_score BETWEEN 0 AND 100),
    attempts_max INTEGER NOT NULL CHECK (attempts_max >= 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX quizzes_by_course ON quizzes (course_id, quiz_id);

CREATE TABLE quiz_attempts (
    quiz_id INTEGER NOT NULL REFERENCES quizzes (quiz_id) ON DELETE CASCADE,
    student_id INTEGER NOT NULL REFERENCES students (student_id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    answers TEXT NOT NULL,
    score REAL NOT NULL CHECK (score BETWEEN 0 AND 100),
    passed INTEGER NOT NULL CHECK (passed IN (0, 1)),
    submitted_at INTEGER NOT NULL,
    PRIMARY KEY (quiz_id, student_id, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX quiz_attempts_by_student ON quiz_attempts (student_id);

CREATE TABLE classroom_events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('review', 'course', 'quiz')),
    course_id INTEGER NOT NULL,
    student_id INTEGER,
    data TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
)sql"},
};

}  // namespace

std::span<const storage::Migration> data_migrations() { return data_steps; }

}  // namespace courseselect::repo
