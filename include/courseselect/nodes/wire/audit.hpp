#pragma once
/// The audit as administrators read it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "courseselect/core/clock.hpp"
#include "courseselect/json/describe.hpp"

namespace courseselect::nodes::wire {

/// Query of `GET /audit`.
struct AuditQuery {
    std::optional<std::string> actor;
    std::optional<std::string> action;
    std::optional<std::string> target;
    std::optional<core::WallTime> since;
    std::optional<core::WallTime> until;
    std::optional<std::int64_t> before;
    int page_size = 50;
};
struct AuditLine {
    std::int64_t sequence = 0;
    core::WallTime time;
    std::string actor;
    std::string action;
    std::string target;
    std::string source_address;
    std::string request_id;
    std::string outcome;
};
struct AuditPage {
    std::vector<AuditLine> entries;
    std::optional<std::int64_t> next_before;  ///< null: these were the last
};

}  // namespace courseselect::nodes::wire

namespace courseselect::json {

template <>
struct Describe<nodes::wire::AuditQuery> {
    static constexpr auto fields() {
        using Q = nodes::wire::AuditQuery;
        return object(
            "AuditQuery", "All that is given must fit.",
            field<&Q::actor>("actor", length_max(100), empty_is_absent, example("\"admin:1\"")),
            field<&Q::action>("action", length_max(100), empty_is_absent, example("\"login\"")),
            field<&Q::target>("target", length_max(256), empty_is_absent),
            field<&Q::since>("since", empty_is_absent),
            field<&Q::until>("until", empty_is_absent, doc("This moment is not included.")),
            field<&Q::before>("before", at_least(1), empty_is_absent,
                              doc("`next_before` of the page before.")),
            field<&Q::page_size>("page_size", between(1, 1'000), optional_with_default));
    }
};
template <>
struct Describe<nodes::wire::AuditLine> {
    static constexpr auto fields() {
        using L = nodes::wire::AuditLine;
        return object(
            "AuditLine", "One security event.", field<&L::sequence>("sequence"),
            field<&L::time>("time"), field<&L::actor>("actor", doc("Empty: nobody known.")),
            field<&L::action>("action"), field<&L::target>("target"),
            field<&L::source_address>("source_address"), field<&L::request_id>("request_id"),
            field<&L::outcome>("outcome", doc("\"ok\", or the class of the reason.")));
    }
};
template <>
struct Describe<nodes::wire::AuditPage> {
    static constexpr auto fields() {
        using P = nodes::wire::AuditPage;
        return object("AuditPage", "Newest first.", field<&P::entries>("entries"),
                      field<&P::next_before>("next_before"));
    }
};

}  // namespace courseselect::json
