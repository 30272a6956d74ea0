#pragma once
/// Which addresses and telephone numbers are taken, wherever somebody gives one.

#include "courseselect/auth/email.hpp"
#include "courseselect/json/describe.hpp"
#include "courseselect/notify/message.hpp"

namespace courseselect::nodes::wire {

inline constexpr auto email_rules = [](json::FieldInfo& field) {
    json::pattern("a practical RFC 5321 address, e.g. alice@example.org",
                  &courseselect::auth::is_email)(field);
    json::example("\"alice@example.org\"")(field);
};
inline constexpr auto phone_rules = [](json::FieldInfo& field) {
    json::pattern("^\\+[0-9]{5,15}$", &notify::is_phone_number)(field);
    json::example("\"+4912345678\"")(field);
};

}  // namespace courseselect::nodes::wire
