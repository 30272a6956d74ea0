#include "courseselect/json/type_info.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "json/sample_types.hpp"

using namespace courseselect;
using json::Kind;
using json::Rules;
using json::type_of;

namespace {

/// The keys of a dictionary in the order in which its table visits them.
std::string keys_of(const json::TypeInfo& type, const void* dictionary) {
    std::string keys;
    type.visit(dictionary, &keys, [](void* context, std::string_view key, const void* value) {
        static_cast<std::string*>(context)->append(key).append("=").append(
            std::to_string(*static_cast<const int*>(value)) + " ");
    });
    return keys;
}

}  // namespace

TEST_SUITE("json/type_info") {
    TEST_CASE("a rule without bounds has none, and zero is a bound") {
        Rules rules;
        CHECK_FALSE(rules.has_at_least());
        CHECK_FALSE(rules.has_at_most());
        CHECK(rules.length_max == json::no_limit);
        CHECK(rules.items_max == json::no_limit);
        rules.at_least = 0;
        rules.at_most = 0;
        CHECK(rules.has_at_least());
        CHECK(rules.has_at_most());
        rules.at_least = std::numeric_limits<double>::lowest();
        CHECK(rules.has_at_least());
    }

    TEST_CASE("every C++ type has its kind") {
        CHECK(type_of<bool>().kind == Kind::boolean);
        CHECK(type_of<int>().kind == Kind::integer);
        CHECK(type_of<double>().kind == Kind::number);
        CHECK(type_of<std::string>().kind == Kind::string);
        CHECK(type_of<core::WallTime>().kind == Kind::time);
        CHECK(type_of<json::Raw>().kind == Kind::raw);
        CHECK(type_of<test::Role>().kind == Kind::choice);
        CHECK(type_of<std::optional<int>>().kind == Kind::nullable);
        CHECK(type_of<json::Patch<int>>().kind == Kind::nullable);
        CHECK(type_of<std::vector<int>>().kind == Kind::list);
        CHECK(type_of<std::map<std::string, int>>().kind == Kind::dictionary);
        CHECK(type_of<test::Page>().kind == Kind::object);
    }

    TEST_CASE("ids and secrets are marked among the integers and strings") {
        CHECK(type_of<core::CourseId>().kind == Kind::integer);
        CHECK(type_of<core::CourseId>().is_id);
        CHECK_FALSE(type_of<std::int64_t>().is_id);
        CHECK(type_of<core::Secret>().kind == Kind::string);
        CHECK(type_of<core::Secret>().is_secret);
        CHECK_FALSE(type_of<std::string>().is_secret);
    }

    TEST_CASE("an integer knows the bounds of its own width and is stored and read back") {
        CHECK(type_of<int>().int_min == std::numeric_limits<int>::min());
        CHECK(type_of<int>().int_max == std::numeric_limits<int>::max());
        CHECK(type_of<std::int64_t>().int_max == std::numeric_limits<std::int64_t>::max());
        int number = 0;
        type_of<int>().store_int(&number, -7);
        CHECK(number == -7);
        CHECK(type_of<int>().load_int(&number) == -7);
        core::StudentId id;
        type_of<core::StudentId>().store_int(&id, 42);
        CHECK(id == core::StudentId(42));
    }

    TEST_CASE("a choice is stored as the place of its name") {
        const auto& role = type_of<test::Role>();
        REQUIRE(role.names.size() == 2);
        for (std::int64_t place = 0; place < 2; ++place) {
            test::Role stored{};
            role.store_int(&stored, place);
            CHECK(role.load_int(&stored) == place);
        }
    }

    TEST_CASE("text is stored and read back, secrets too") {
        std::string text;
        type_of<std::string>().store_text(&text, "a\"b");
        CHECK(type_of<std::string>().load_text(&text) == "a\"b");
        core::Secret secret;
        type_of<core::Secret>().store_text(&secret, "hidden");
        CHECK(secret.reveal() == "hidden");
    }

    TEST_CASE("an optional is made, looked into and emptied") {
        const auto& type = type_of<std::optional<int>>();
        CHECK(type.item == &type_of<int>());
        CHECK_FALSE(type.is_patch);
        std::optional<int> maybe;
        CHECK(type.peek(&maybe) == nullptr);
        type_of<int>().store_int(type.engage(&maybe), 5);
        CHECK(maybe == 5);
        CHECK(type.peek(&maybe) == &*maybe);
        type.clear(&maybe);
        CHECK_FALSE(maybe);
    }

    TEST_CASE("a patch tells absent from null") {
        const auto& type = type_of<json::Patch<int>>();
        CHECK(type.is_patch);
        json::Patch<int> patch;
        CHECK(type.is_absent(&patch));
        type.clear(&patch);
        CHECK_FALSE(type.is_absent(&patch));
        CHECK(type.peek(&patch) == nullptr);
        type_of<int>().store_int(type.engage(&patch), 6);
        CHECK(*static_cast<const int*>(type.peek(&patch)) == 6);
    }

    TEST_CASE("a list grows at its end and is emptied") {
        const auto& type = type_of<std::vector<int>>();
        std::vector<int> list;
        for (int number = 1; number <= 3; ++number) {
            type_of<int>().store_int(type.append(&list), number);
        }
        CHECK(list == std::vector<int>{1, 2, 3});
        CHECK(type.size(&list) == 3);
        CHECK(type.at(&list, 1) == &list[1]);
        type.clear(&list);
        CHECK(list.empty());
    }

    TEST_CASE("a dictionary finds or makes a slot and is visited in the order of its keys") {
        const auto& type = type_of<std::map<std::string, int>>();
        std::map<std::string, int> dictionary;
        type_of<int>().store_int(type.slot(&dictionary, "b"), 2);
        type_of<int>().store_int(type.slot(&dictionary, "a"), 1);
        type_of<int>().store_int(type.slot(&dictionary, "b"), 3);
        CHECK(type.size(&dictionary) == 2);
        CHECK(keys_of(type, &dictionary) == "a=1 b=3 ");
    }

    TEST_CASE("an object has a prototype with the values of its initialisers") {
        const auto& type = type_of<test::Page>();
        const auto* const page = static_cast<const test::Page*>(type.prototype());
        REQUIRE(page != nullptr);
        CHECK(page->page_size == 20);
        CHECK_FALSE(type.fields.empty());
        CHECK_FALSE(type.name.empty());
    }
}
