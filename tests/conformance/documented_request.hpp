#pragma once
/// The example requests of an OpenAPI document, as whoever reads only the document would send them.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "conformance/demo_term.hpp"
#include "courseselect/json/value.hpp"
#include "courseselect/net/http/message.hpp"

namespace courseselect::test {

/// What no document can know, by the name of the member or parameter: one-time codes, tokens, and
/// ids that are made at random.
using LiveValues = std::map<std::string, std::string>;

/// One operation with its example.
struct DocumentedRequest {
    net::http::Method method = net::http::Method::get;
    std::string path;    ///< as declared: "/courses/{id}"
    std::string access;  ///< `x-access`
    int success_status = 0;
    std::vector<std::pair<std::string, json::Value>> path_values;
    std::vector<std::pair<std::string, json::Value>> query_values;
    bool takes_body = false;
    json::Value body;
    bool is_form = false;  ///< the body's member is the file of a form

    /// The request without anybody's tokens. `in_target` replaces values of path and query,
    /// `in_body` texts among the body's members.
    [[nodiscard]] TermCall call(const LiveValues& in_target, const LiveValues& in_body) const;
    /// "POST /courses/{id}"
    [[nodiscard]] std::string name() const;
};

/// Every operation of the document.
[[nodiscard]] std::vector<DocumentedRequest> documented_requests(const json::Value& document);

}  // namespace courseselect::test
