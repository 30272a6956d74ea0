#include "courseselect/notify/templates.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "../support/temp_dir.hpp"

namespace courseselect::notify {
namespace {

void write_file(const std::string& path, std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
}

std::string refusal_of(const char* name, std::string_view content) {
    const test::TempDir directory;
    write_file(directory.file(name), content);
    const auto loaded = Templates::load(directory.path().string());
    return loaded ? "" : loaded.error().detail();
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("notify/templates") {
    TEST_CASE("every event has a template for every channel, and all its fields may be used") {
        const Templates templates = Templates::built_in();
        for (const EventInfo& event : events()) {
            CHECK(find_event(event.name) == &event);
            for (const Channel channel : {Channel::email, Channel::sms}) {
                const auto rendered = templates.render(event.name, channel, {{"username", "ann"}});
                REQUIRE(rendered.has_value());
                CHECK_FALSE(rendered->text.empty());
                CHECK(rendered->subject.empty() == (channel == Channel::sms));
                CHECK_FALSE(contains(rendered->text + rendered->subject, "{{"));
            }
        }
        CHECK(find_event("nothing") == nullptr);
        CHECK_FALSE(templates.render("nothing", Channel::email, {}).has_value());
    }

    TEST_CASE("values are filled in; missing ones are left empty") {
        const test::TempDir directory;
        write_file(directory.file("test.email.txt"),
                   "Subject: Hi {{ username }}!\n\n{{username}}/{{name}}/{{username}}\n");
        const auto templates = Templates::load(directory.path().string());
        REQUIRE(templates.has_value());
        const auto rendered = templates->render("test", Channel::email, {{"username", "Zoë"}});
        REQUIRE(rendered.has_value());
        CHECK(rendered->subject == "Hi Zoë!");
        CHECK(rendered->text == "Zoë//Zoë\n");
    }

    TEST_CASE("a value cannot start a header, nor be a template itself") {
        const auto rendered = Templates::built_in().render(
            "selection_accepted", Channel::email,
            {{"course_name", "A\r\nBcc: b@c {{username}}"}, {"username", "u"}});
        REQUIRE(rendered.has_value());
        CHECK(rendered->subject == "You have a seat in A  Bcc: b@c {{username}}");
    }

    TEST_CASE("a file takes the place of one built-in template and of no other") {
        const test::TempDir directory;
        write_file(directory.file("test.sms.txt"), "ours");
        write_file(directory.file(".swp"), "an editor's");
        const auto templates = Templates::load(directory.path().string());
        REQUIRE(templates.has_value());
        CHECK(templates->render("test", Channel::sms, {})->text == "ours");
        CHECK(templates->render("test", Channel::email, {})->text ==
              Templates::built_in().render("test", Channel::email, {})->text);
    }

    TEST_CASE("what is wrong with a file is said with its name and the remedy") {
        CHECK(contains(refusal_of("other.email.txt", "x"), "<event>.<channel>.txt"));
        CHECK(contains(refusal_of("test.post.txt", "x"), "test.post.txt"));
        CHECK(contains(refusal_of("test.txt", "x"), "name it"));
        CHECK(contains(refusal_of("test.sms", "x"), "name it"));
        CHECK(contains(refusal_of("test.sms.txt", "{{course_name}}"), "test has: username, name"));
        CHECK(contains(refusal_of("test.sms.txt", "{{}}"), "no field (nothing)"));
        CHECK(contains(refusal_of("test.sms.txt", "a {{username"), "has no }}"));
        CHECK(contains(refusal_of("test.sms.txt", ""), "no text"));
        CHECK(contains(refusal_of("test.email.txt", "Hello"), "Subject: ..."));
        CHECK(contains(refusal_of("test.email.txt", "Subject: \n\nx"), "Subject: ..."));
        CHECK(contains(refusal_of("test.email.txt", "Subject: x\nx"), "an empty line"));
    }

    TEST_CASE("a file may have 64 KiB and not one byte more") {
        const std::string most(64 * 1024, 'x');
        CHECK(refusal_of("test.sms.txt", most).empty());
        CHECK(contains(refusal_of("test.sms.txt", most + "x"), "over 65536 bytes"));
    }

    TEST_CASE("a directory that is not there is an error") {
        CHECK_FALSE(Templates::load("/nonexistent/templates").has_value());
    }
}

}  // namespace courseselect::notify
