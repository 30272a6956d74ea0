#include "user_generator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <string_view>

#include "courseselect/core/encoding.hpp"

namespace courseselect::apps {
namespace {

constexpr std::string_view first_names[] = {
    "Alice",  "Bob",    "Carol",   "David",   "Emma",   "Frank",  "Grace",  "Henry", "Isabel",
    "Jack",   "Kate",   "Liam",    "Mary",    "Nathan", "Olivia", "Peter",  "Quinn", "Rachel",
    "Samuel", "Teresa", "Ursula",  "Victor",  "Wendy",  "Xavier", "Yvonne", "Wei",   "Fang",
    "Na",     "Min",    "Jing",    "Li",      "Qiang",  "Lei",    "Jun",    "Yang",  "Yong",
    "Yan",    "Jie",    "Tao",     "Ming",    "Chao",   "Xia",    "Ping",   "Gang",  "Hui",
    "Ling",   "Xin",    "Xiaoyan", "Zhiming", "Yuchen"};
constexpr std::string_view last_names[] = {
    "Smith", "Johnson", "Brown", "Taylor", "Wilson", "Davies", "Evans", "Walker", "Wright",
    "Hall",  "Green",   "Baker", "Carter", "Wang",   "Zhang",  "Liu",   "Chen",   "Yang",
    "Zhao",  "Huang",   "Zhou",  "Wu",     "Xu",     "Sun",    "Hu",    "Zhu",    "Gao",
    "Lin",   "He",      "Guo",   "Ma",     "Luo",    "Liang"};

std::string lower(std::string_view name) {
    std::string out(name);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

}  // namespace

UserGenerator::UserGenerator(crypto::RandomSource& random) : random_(random) {
    number_ = below(users_max);
    // Steps that share no factor with a million pass every number once.
    constexpr std::array<std::size_t, 4> last_digits{1, 3, 7, 9};
    number_step_ = 10 * below(users_max / 10) + last_digits[below(last_digits.size())];
}

std::size_t UserGenerator::below(std::size_t bound) {
    const auto bytes = random_.array<8>();
    std::uint64_t drawn = 0;
    std::memcpy(&drawn, bytes.data(), bytes.size());
    return static_cast<std::size_t>(drawn % bound);
}

std::string UserGenerator::password() {
    while (true) {
        std::string made = core::base64url_encode(random_.bytes(12));
        // A spreadsheet would take it for a formula.
        if (!made.starts_with('-')) {
            return made;
        }
    }
}

std::string UserGenerator::student_id() {
    number_ = (number_ + number_step_) % users_max;
    return fmt::format("S{:06}", number_);
}

MadeUpUser UserGenerator::next() {
    const std::string_view first = first_names[below(std::size(first_names))];
    const std::string_view last = last_names[below(std::size(last_names))];
    MadeUpUser user;
    user.name = fmt::format("{} {}", first, last);
    user.username = lower(first) + "." + lower(last);
    const std::size_t namesakes = taken_[user.username]++;
    if (namesakes > 0) {
        user.username += std::to_string(namesakes);
    }
    user.email = user.username + "@example.com";
    user.password = password();
    user.student_id = student_id();
    return user;
}

}  // namespace courseselect::apps
