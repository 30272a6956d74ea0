#!/usr/bin/env python3
"""Tests the checks themselves: each rule on a line that breaks it and on one that does not."""

import sys
import unittest

import house_test
from cpp_source import Source, functions
from coroutine_rule import check_awaits, check_lambdas


def rules(findings):
    return [finding.rule for finding in findings]


def awaits(statement):
    return list(check_awaits(Source("src/net/a.cpp", "Task<> f() {\n" + statement + "\n}\n")))


def lambdas(statement):
    return list(check_lambdas(Source("src/net/a.cpp", "void f() {\n" + statement + "\n}\n")))


class CoAwait(unittest.TestCase):
    def test_the_three_places_are_accepted(self):
        for good in (
            "co_await f();",
            "if (ok) co_await f();",
            "else co_await f();",
            "const auto rows = co_await db.query(std::move(query), 3, \"{[?\");",
            "auto [a, b] = co_await f<A, B>(x);",
            "value = co_await list[2]->call();",
            "co_return co_await g(h(a), std::move(b));",
            "COURSESELECT_CO_TRY(const Seats seats, co_await courses_.seats(course));",
            "COURSESELECT_CO_TRY_OK(co_await f(std::chrono::hours(1)));",
            "const auto r = co_await asio::async_read(s, b, async::use_result);",
        ):
            self.assertEqual(awaits(good), [], good)

    def test_other_places_are_refused(self):
        for bad in (
            "if (co_await f()) { g(); }",
            "while (auto x = co_await f()) { g(); }",
            "switch (co_await f()) {}",
            "const int x = c ? co_await f() : 2;",
            "const bool x = a && co_await f();",
            "const int x = 1 + co_await f();",
            "const int x = co_await f() + 1;",
            "const auto x = (co_await f()).value();",
            "v.push_back(co_await f());",
            "P p{co_await f(), 1};",
            "P p = P{.a = co_await f()};",
            "COURSESELECT_CO_TRY(const int n, 1 + co_await f());",
        ):
            self.assertEqual(len(awaits(bad)), 1, bad)

    def test_operands_with_braces_lambdas_or_choices_are_refused(self):
        for bad in (
            "co_await f({1, 2});",
            "co_await f(P{.a = 1});",
            "co_await f([] { return 1; });",
            "co_await f(c ? a : b);",
            "COURSESELECT_CO_TRY_OK(co_await f(P{}));",
        ):
            self.assertEqual(len(awaits(bad)), 1, bad)

    def test_comments_and_strings_are_no_code(self):
        self.assertEqual(awaits("// if (co_await f())\ng(\"f(co_await x)\");"), [])
        self.assertEqual(awaits('g(R"(if (co_await f()))");'), [])

    def test_the_line_is_that_of_the_co_await(self):
        self.assertEqual([line for line, _ in awaits("a();\nf(co_await g());")], [3])


class Lambdas(unittest.TestCase):
    def test_a_capturing_coroutine_is_refused(self):
        for bad in (
            "g([s] { co_await s->run(); });",
            "auto x = [&](int n) mutable -> Task<> { co_return; };",
            "g([this] { h([] {}); co_await f(); });",
        ):
            self.assertEqual(len(lambdas(bad)), 1, bad)

    def test_captures_or_coroutines_alone_are_accepted(self):
        for good in (
            "g([](int n) -> Task<> { co_await f(n); });",
            "g([s] { return s->run(); });",
            "g([s] { return [](S* p) -> Task<> { co_await p->run(); }; });",
            "const auto& [a, b] = pair; { co_await f(); }",
            "x[n] = 1;",
        ):
            self.assertEqual(lambdas(good), [], good)


class Layers(unittest.TestCase):
    USES = {"net": ["core", "async"], "core": []}

    def check(self, path, include):
        source = Source(path, f'#include "{include}"\n')
        return rules(house_test.check_layers(source, self.USES))

    def test_only_declared_modules_are_included(self):
        path = "include/courseselect/net/a.hpp"
        self.assertEqual(self.check(path, "courseselect/async/task.hpp"), [])
        self.assertEqual(self.check(path, "courseselect/net/b.hpp"), [])
        self.assertEqual(self.check(path, "courseselect/api/route.hpp"), ["layers"])
        self.assertEqual(self.check("src/core/a.cpp", "courseselect/net/b.hpp"), ["layers"])

    def test_detail_headers_stay_in_their_module(self):
        detail = "courseselect/net/detail/a.hpp"
        self.assertEqual(self.check("src/net/a.cpp", detail), [])
        self.assertEqual(self.check("tests/net/a_test.cpp", detail), [])
        self.assertEqual(self.check("tests/api/a_test.cpp", detail), ["detail"])

    def test_uses_keep_to_the_table(self):
        def table(text):
            return rules(house_test.check_module_tables({"src/auth/CMakeLists.txt": text}))

        self.assertEqual(table("courseselect_module(auth\n  USES core json\n  LINKS x)"), [])
        self.assertEqual(table("courseselect_module(auth USES core net)"), ["layers"])


class Files(unittest.TestCase):
    def check(self, path, text):
        return rules(house_test.check_source(Source(path, text), {}, lambda _: True))

    def test_hidden_libraries(self):
        self.assertEqual(self.check("src/storage/a.cpp", "#include <sqlite3.h>\n"), [])
        self.assertEqual(self.check("src/repo/a.cpp", "#include <sqlite3.h>\n"),
                         ["hidden-library"])
        header = "#pragma once\n#include <asio/io_context.hpp>\n"
        self.assertEqual(self.check("include/courseselect/net/a.hpp", header), [])
        self.assertEqual(self.check("include/courseselect/auth/a.hpp", header),
                         ["hidden-library"])

    def test_banned_calls(self):
        for call in ("std::getenv(\"A\")", "std::rand()", "std::chrono::system_clock::now()",
                     "g(asio::detached)"):
            text = f"void f() {{ {call}; }}\n"
            self.assertEqual(self.check("src/net/a.cpp", text), ["banned-call"], call)
        self.assertEqual(self.check("src/net/a.cpp", "void f() { random.rand(); }\n"), [])

    def test_headers(self):
        path = "include/courseselect/core/a.hpp"
        self.assertEqual(self.check(path, "#pragma once\n#define COURSESELECT_A 1\n"), [])
        for bad in ("", "#pragma once\nusing namespace std;\n", "#pragma once\nnamespace {}\n",
                    "#pragma once\n#define A 1\n"):
            self.assertEqual(self.check(path, bad), ["header"], bad)

    def test_sizes_at_their_bounds(self):
        self.assertEqual(self.check("src/core/a.cpp", "\n" * 500), [])
        self.assertEqual(self.check("src/core/a.cpp", "\n" * 501), ["size"])
        self.assertEqual(self.check("apps/a/main.cpp", "\n" * 59), [])
        self.assertEqual(self.check("apps/a/main.cpp", "\n" * 60), ["size"])
        self.assertEqual(self.check("src/core/a.cpp", "//" + "a" * 98 + "\n"), [])
        self.assertEqual(self.check("src/core/a.cpp", "//" + "a" * 99 + "\n"), ["size"])
        body = "namespace a {\nvoid f() {\n" + "g();\n" * 68 + "}\n}\n"
        self.assertEqual(self.check("src/core/a.cpp", body), [])
        self.assertEqual(self.check("src/core/a.cpp", body.replace("f() {", "f() {\n")), ["size"])

    def test_functions_are_found(self):
        text = ("template <class T>\nclass A {\n  A() : b_{1}, c_(2) {\n  }\n};\n"
                "TEST_SUITE(\"a\") {\nTEST_CASE(\"b\") {\n  if (x) {\n  }\n}\n}\n")
        self.assertEqual([tuple(f) for f in functions(Source("a.cpp", text))][-2:],
                         [(3, 2), (7, 4)])

    def test_a_public_header_needs_a_test(self):
        def check(path):
            return rules(house_test.check_test_exists(Source(path, ""), lambda _: False))

        self.assertEqual(check("include/courseselect/net/new.hpp"), ["test"])
        self.assertEqual(check("include/courseselect/net/detail/new.hpp"), [])

    def test_text(self):
        def check(line):
            return rules(house_test.check_text("src/core/a.cpp", [line]))

        self.assertEqual(check("// TO" + "DO: later"), ["unfinished"])
        self.assertEqual(check('open("/wo' + 'rk/main");'), ["machine-path"])
        self.assertEqual(check("// return value + 1;"), ["commented-code"])
        self.assertEqual(check("// Refused; the caller tries again."), [])

    def test_every_header_is_named_in_its_guide(self):
        def findings(readme, *headers):
            return rules(house_test.check_guide("net", readme, headers))

        self.assertEqual(findings("Read `tls.hpp`.", "tls.hpp"), [])
        self.assertEqual(findings("`http/` has HTTP/1.1", "http/server.hpp"), [])
        self.assertEqual(findings("`http/server.hpp` is one", "http/server.hpp"), [])
        self.assertEqual(findings("`http/server.hpp` is one", "http/url.hpp"), ["guide"])
        self.assertEqual(findings("Read `my_tls.hpp`.", "tls.hpp"), ["guide"])
        self.assertEqual(findings("", "tls.hpp", "lines.hpp"), ["guide", "guide"])

    def test_headers_begin_with_their_sentence(self):
        def findings(text, path="include/courseselect/net/tls.hpp"):
            return rules(house_test.check_first_sentence(Source(path, text)))

        self.assertEqual(findings("#pragma once\n/// TLS.\n"), [])
        self.assertEqual(findings("#pragma once\n\n#include <string>\n"), ["guide"])
        self.assertEqual(findings("#pragma once\n", "include/courseselect/net/detail/x.hpp"), [])
        self.assertEqual(findings("#pragma once\n", "src/net/x.hpp"), [])

    def test_readmes(self):
        self.assertEqual(rules(house_test.check_readme("net", None)), ["readme"])
        self.assertEqual(rules(house_test.check_readme("net", ["a"] * 60)), [])
        self.assertEqual(rules(house_test.check_readme("net", ["a"] * 61)), ["readme"])


if __name__ == "__main__":
    sys.exit(unittest.main())
