#pragma once
/// Compares a JSON value with a shape written as text, fields and types exactly.

#include <cctype>
#include <string>
#include <string_view>

#include "courseselect/json/value.hpp"

namespace courseselect::test {

/// A shape is one of
///
///     int  float  str  bool  any  ts    ts: ISO 8601 in UTC, ending in Z
///     T?                                T or null, but there
///     [T]                               a list of T
///     {a:T,b:T,c~:T}                    exactly these members; c may be left out
///     {*:T}                             a dictionary
///     "text"                            that string
///
/// A float is a number written with a point or exponent, so that typed clients read a float.
class AnswerShape {
  public:
    /// The first difference as "path: what is wrong"; empty when there is none.
    static std::string fault(const json::Value& value, std::string_view shape) {
        AnswerShape reader(shape);
        std::string found = reader.match(value, "$");
        if (found.empty() && !reader.rest_.empty()) {
            return "the shape itself does not end: " + std::string(reader.rest_);
        }
        return found;
    }

  private:
    explicit AnswerShape(std::string_view shape) : rest_(shape) {}

    bool eat(char wanted) {
        if (rest_.empty() || rest_.front() != wanted) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }
    std::string_view word() {
        std::size_t end = 0;
        while (end < rest_.size() &&
               (std::isalnum(static_cast<unsigned char>(rest_[end])) != 0 || rest_[end] == '_')) {
            ++end;
        }
        const std::string_view found = rest_.substr(0, end);
        rest_.remove_prefix(end);
        return found;
    }
    /// Reads over one shape, for values that are not there.
    void skip() { match(json::Value(), "skipped"); }

    std::string match(const json::Value& value, const std::string& path) {
        std::string found;
        if (rest_.starts_with('{')) {
            found = match_object(value, path);
        } else if (rest_.starts_with('[')) {
            found = match_list(value, path);
        } else if (eat('"')) {
            const std::string_view text = rest_.substr(0, rest_.find('"'));
            rest_.remove_prefix(text.size() + 1);
            if (value.string() != text) {
                found = path + ": not \"" + std::string(text) + "\" but " + value.text();
            }
        } else {
            found = match_scalar(value, path, word());
        }
        return eat('?') && value.exists() && value.is_null() ? "" : found;
    }

    static std::string match_scalar(const json::Value& value, const std::string& path,
                                    std::string_view type) {
        const std::string text = value.text();
        const bool quoted = value.string().has_value();
        const bool pointed = text.find_first_of(".eE") != std::string::npos;
        const bool fits = type == "int"     ? value.integer() && !pointed
                          : type == "float" ? value.number() && pointed
                          : type == "bool"  ? value.boolean().has_value()
                          : type == "str"   ? quoted
                          : type == "ts"    ? quoted && is_utc_time(*value.string())
                          : type == "any"   ? value.exists()
                                            : false;
        return fits ? "" : path + ": not " + std::string(type) + " but " + text;
    }

    /// `2026-11-21T04:33:53Z`, with or without a fraction of a second.
    static bool is_utc_time(std::string_view text) {
        constexpr std::string_view form = "0000-00-00T00:00:00";
        if (text.size() <= form.size() || !text.ends_with('Z')) {
            return false;
        }
        for (std::size_t i = 0; i < form.size(); ++i) {
            const bool digit = std::isdigit(static_cast<unsigned char>(text[i])) != 0;
            if (form[i] == '0' ? !digit : text[i] != form[i]) {
                return false;
            }
        }
        return text.size() == form.size() + 1 || text[form.size()] == '.';
    }

    std::string match_list(const json::Value& value, const std::string& path) {
        eat('[');
        const std::string_view item_shape = rest_;
        std::string found = value.is_array() ? "" : path + ": not a list but " + value.text();
        std::size_t index = 0;
        for (const json::Value& item : value.items()) {
            rest_ = item_shape;
            const std::string fault = match(item, path + "[" + std::to_string(index++) + "]");
            found = found.empty() ? fault : found;
        }
        if (index == 0) {
            skip();
        }
        return eat(']') ? found : "the shape lacks ]";
    }

    std::string match_object(const json::Value& value, const std::string& path) {
        eat('{');
        std::string found = value.is_object() ? "" : path + ": not an object but " + value.text();
        if (eat('*')) {
            eat(':');
            return match_dictionary(value, path, std::move(found));
        }
        std::size_t known = 0;
        while (!eat('}')) {
            const std::string name(word());
            const bool optional = eat('~');
            if (name.empty() || !eat(':')) {
                return "the shape is broken at: " + std::string(rest_);
            }
            const json::Value member = value[name];
            known += member.exists() ? 1 : 0;
            std::string fault = match(member, path + "." + name);
            if (!member.exists()) {
                fault = optional ? "" : path + "." + name + ": missing";
            }
            found = found.empty() ? fault : found;
            eat(',');
        }
        if (found.empty() && known != value.size()) {
            return path + ": more members than " + std::to_string(known) + " in " + value.text();
        }
        return found;
    }

    std::string match_dictionary(const json::Value& value, const std::string& path,
                                 std::string found) {
        const std::string_view item_shape = rest_;
        for (const auto& [name, member] : value.members()) {
            rest_ = item_shape;
            const std::string fault = match(member, path + "." + name);
            found = found.empty() ? fault : found;
        }
        if (value.size() == 0) {
            skip();
        }
        return eat('}') ? found : "the shape lacks }";
    }

    std::string_view rest_;
};

// The objects of contract §1.3, §2.2. ------------------------------------------------------------

inline const std::string course_members =
    "course_id:int,course_name:str,course_credit:float,course_type:str,course_teacher_id:int,"
    "course_time_begin:int?,course_time_end:int?,course_time_start:int?,"
    "course_time_end_legacy:int?,course_weekdays:[int],course_schedule:{*:[int]}?,"
    "course_location:str,course_capacity:int,course_selected:int,course_selected_count:int,"
    "course_left:int,course_tags:[str],course_notes:str,course_cost:int,is_active:bool,"
    "teacher_name~:str,course_opens_at:ts?,course_closes_at:ts?,created_at:ts,updated_at:ts";
inline const std::string course_shape = "{" + course_members + "}";
inline const std::string student_shape =
    "{student_id:int,student_name:str,student_courses:[int],student_tags:[str],created_at:ts,"
    "updated_at:ts}";
inline const std::string teacher_shape =
    "{teacher_id:int,teacher_name:str,teacher_courses:[int],created_at:ts,updated_at:ts}";
inline const std::string members_shape =
    "{students:[{student_id:int,name:str,user_id:int,username:str}],total:int}";
inline const std::string import_shape =
    "{success:bool,imported_count:int,error_count:int,imported:[{course_id:int,course_name:str}],"
    "errors:[{index:int,course_name:str,error:str}]}";

/// `{"success":true,"message":...}` with that message.
inline std::string done_shape(const std::string& message) {
    return "{success:bool,message:\"" + message + "\"}";
}

}  // namespace courseselect::test
