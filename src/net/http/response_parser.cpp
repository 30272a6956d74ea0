#include "response_parser.hpp"

#include <utility>

namespace courseselect::net::http {
namespace {

ResponseParser& parser_of(llhttp_t* parser) { return *static_cast<ResponseParser*>(parser->data); }

}  // namespace

ResponseParser::ResponseParser(ResponseLimits limits) : limits_(limits) {}

const llhttp_settings_t& ResponseParser::settings() {
    static const llhttp_settings_t table = [] {
        llhttp_settings_t made;
        llhttp_settings_init(&made);
        made.on_header_field = on_field;
        made.on_header_value = on_value;
        made.on_headers_complete = on_head;
        made.on_body = on_body;
        made.on_message_complete = on_complete;
        return made;
    }();
    return table;
}

void ResponseParser::start(Method method) {
    llhttp_init(&parser_, HTTP_RESPONSE, &settings());
    parser_.data = this;
    is_head_request_ = method == Method::head;
    head_bytes_ = 0;
    problem_ = {};
    has_begun_ = false;
    is_complete_ = false;
    may_reuse_ = false;
    expect_head();
}

void ResponseParser::expect_head() {
    response_ = ClientResponse();
    in_value_ = true;
    head_done_ = false;
    is_interim_ = false;
}

ResponseParser::Status ResponseParser::refuse(std::string_view problem) {
    if (problem_.empty()) {  // otherwise a callback has said more
        problem_ = problem;
    }
    return Status::malformed;
}

ResponseParser::Status ResponseParser::feed(std::string_view bytes) {
    has_begun_ = has_begun_ || !bytes.empty();
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (true) {  // llhttp pauses behind each head and each message
        const bool in_head = !head_done_;
        const llhttp_errno_t error =
            llhttp_execute(&parser_, at, static_cast<std::size_t>(end - at));
        const char* const stop = error == HPE_OK ? end : llhttp_get_error_pos(&parser_);
        if (in_head) {
            head_bytes_ += static_cast<std::size_t>(stop - at);
        }
        if (error != HPE_OK && error != HPE_PAUSED) {
            return refuse(llhttp_get_error_reason(&parser_));
        }
        if (head_bytes_ > limits_.header_bytes_max) {
            return refuse("the header is too large");
        }
        if (is_complete_) {
            may_reuse_ = may_reuse_ && stop == end;  // bytes behind the answer belong to nobody
            return Status::complete;
        }
        if (error == HPE_OK) {
            return Status::need_more;
        }
        at = stop;
        if (is_interim_) {
            expect_head();
            llhttp_reset(&parser_);
        } else {
            llhttp_resume(&parser_);
        }
    }
}

ResponseParser::Status ResponseParser::end() {
    if (has_begun_) {
        llhttp_finish(&parser_);  // completes an answer that lasts until the end
    }
    return is_complete_ ? Status::complete : refuse("the answer breaks off");
}

int ResponseParser::on_field(llhttp_t* parser, const char* at, std::size_t size) {
    ResponseParser& self = parser_of(parser);
    if (self.head_done_) {
        return 0;  // trailers are dropped
    }
    auto& headers = self.response_.headers;
    if (self.in_value_) {
        if (headers.size() >= self.limits_.header_count_max) {
            self.problem_ = "there are too many header fields";
            return -1;
        }
        headers.emplace_back();
        self.in_value_ = false;
    }
    headers.back().name.append(at, size);
    return 0;
}

int ResponseParser::on_value(llhttp_t* parser, const char* at, std::size_t size) {
    ResponseParser& self = parser_of(parser);
    if (!self.head_done_) {
        self.in_value_ = true;
        self.response_.headers.back().value.append(at, size);
    }
    return 0;
}

int ResponseParser::on_head(llhttp_t* parser) {
    ResponseParser& self = parser_of(parser);
    self.head_done_ = true;
    self.response_.status = parser->status_code;
    if (!self.check_head()) {
        return -1;
    }
    parser->upgrade = 0;
    const int status = self.response_.status;
    if (self.is_head_request_ || status < 200 || status == 204 || status == 304) {
        parser->flags |= F_SKIPBODY;  // RFC 9112 §6.3: no body, whatever the fields say
    }
    return HPE_PAUSED;
}

bool ResponseParser::check_head() {
    const int status = response_.status;
    if (parser_.http_major != 1 || parser_.http_minor > 1) {
        problem_ = "the version is neither HTTP/1.1 nor HTTP/1.0";
    } else if (status < 100 || status > 599) {
        problem_ = "the status is not in 100 to 599";
    } else if (status == 101) {
        problem_ = "it switches to a protocol that nobody asked for";
    } else if (!is_head_request_ && status != 304 &&
               parser_.content_length > limits_.body_bytes_max) {
        problem_ = "the body is too large";
    } else {
        return check_encoding();
    }
    return false;
}

bool ResponseParser::check_encoding() {
    std::size_t codings = 0;
    bool is_chunked = false;
    for (const Header& field : response_.headers) {
        if (same_field_name(field.name, "transfer-encoding")) {
            ++codings;
            is_chunked = same_field_name(field.value, "chunked");
        }
    }
    if (codings == 0 || (codings == 1 && is_chunked && parser_.http_minor == 1)) {
        return true;
    }
    problem_ = "the transfer coding is not exactly chunked";
    return false;
}

int ResponseParser::on_body(llhttp_t* parser, const char* at, std::size_t size) {
    ResponseParser& self = parser_of(parser);
    if (self.response_.body.size() + size > self.limits_.body_bytes_max) {
        self.problem_ = "the body is too large";
        return -1;
    }
    self.response_.body.append(at, size);
    return 0;
}

int ResponseParser::on_complete(llhttp_t* parser) {
    ResponseParser& self = parser_of(parser);
    self.is_interim_ = self.response_.status < 200;
    self.is_complete_ = !self.is_interim_;
    self.may_reuse_ = self.is_complete_ && llhttp_should_keep_alive(parser) != 0;
    return HPE_PAUSED;
}

}  // namespace courseselect::net::http
