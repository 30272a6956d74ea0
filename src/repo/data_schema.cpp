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
};

}  // namespace

std::span<const storage::Migration> data_migrations() { return data_steps; }

}  // namespace courseselect::repo
