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
    response_ = ClientResponse();
    head_bytes_ = 0;
    is_head_request_ = method == Method::head;
    in_value_ = true;
    head_done_ = false;
    has_begun_ = false;
    is_complete_ = false;
    may_reuse_ = false;
}

ResponseParser::Status ResponseParser::feed(std::string_view bytes) {
    has_begun_ = has_begun_ || !bytes.empty();
    const llhttp_errno_t error = llhttp_execute(&parser_, bytes.data(), bytes.size());
    if (is_complete_) {
        const bool at_end =
            error == HPE_PAUSED && llhttp_get_error_pos(&parser_) == bytes.data() + bytes.size();
        may_reuse_ = may_reuse_ && at_end;  // bytes behind the answer belong to nobody
        return Status::complete;
    }
    return error == HPE_OK ? Status::need_more : Status::malformed;
}

ResponseParser::Status ResponseParser::end() {
    if (has_begun_) {
        llhttp_finish(&parser_);  // completes an answer that lasts until the end
    }
    return is_complete_ ? Status::complete : Status::malformed;
}

bool ResponseParser::within_head(std::size_t more) {
    head_bytes_ += more;
    return head_bytes_ <= limits_.header_bytes_max;
}

int ResponseParser::on_field(llhttp_t* parser, const char* at, std::size_t size) {
    ResponseParser& self = parser_of(parser);
    if (self.head_done_) {
        return 0;  // trailers are dropped
    }
    auto& headers = self.response_.headers;
    if (self.in_value_) {
        if (headers.size() >= self.limits_.header_count_max) {
            return -1;
        }
        headers.emplace_back();
        self.in_value_ = false;
    }
    headers.back().name.append(at, size);
    return self.within_head(size) ? 0 : -1;
}

int ResponseParser::on_value(llhttp_t* parser, const char* at, std::size_t size) {
    ResponseParser& self = parser_of(parser);
    if (self.head_done_) {
        return 0;
    }
    self.in_value_ = true;
    self.response_.headers.back().value.append(at, size);
    return self.within_head(size) ? 0 : -1;
}

int ResponseParser::on_head(llhttp_t* parser) {
    ResponseParser& self = parser_of(parser);
    self.head_done_ = true;
    self.response_.status = parser->status_code;
    parser->upgrade = 0;
    return self.is_head_request_ ? 1 : 0;  // 1: there is no body, whatever the fields say
}

int ResponseParser::on_body(llhttp_t* parser, const char* at, std::size_t size) {
    ResponseParser& self = parser_of(parser);
    if (self.response_.body.size() + size > self.limits_.body_bytes_max) {
        return -1;
    }
    self.response_.body.append(at, size);
    return 0;
}

int ResponseParser::on_complete(llhttp_t* parser) {
    ResponseParser& self = parser_of(parser);
    if (self.response_.status >= 100 && self.response_.status < 200) {
        self.response_ = ClientResponse();
        self.head_done_ = false;
        self.in_value_ = true;
        return 0;
    }
    self.is_complete_ = true;
    self.may_reuse_ = llhttp_should_keep_alive(parser) != 0;
    return HPE_PAUSED;
}

}  // namespace courseselect::net::http
