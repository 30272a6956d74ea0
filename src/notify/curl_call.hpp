#pragma once
/// One transfer with libcurl: the handle, and what came of it.

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <string>

#include "courseselect/notify/sender.hpp"

namespace courseselect::notify {

struct CurlDeleter {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlHandle = std::unique_ptr<CURL, CurlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlDeleter>;

/// Adds a line to a list; false when memory is short.
bool append(CurlList& list, const std::string& line);

/// A handle that never signals, follows nothing and drops what the other side says.
[[nodiscard]] CurlHandle new_handle(const char* protocols, const std::string& ca_file,
                                    std::chrono::milliseconds timeout);

/// Runs the transfer and reads status classes: `first_permanent` to 599 are refusals but for those
/// that ask for patience (408, 425, 429); 2xx is success.
[[nodiscard]] DeliveryResult run_transfer(CURL* handle, bool is_http);

}  // namespace courseselect::notify
