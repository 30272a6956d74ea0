#include "curl_call.hpp"

#include <fmt/format.h>

#include <array>

namespace courseselect::notify {
namespace {

/// libcurl's global state, made once; C++ makes the initialisation thread-safe.
void start_curl() {
    [[maybe_unused]] static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

std::size_t drop(char*, std::size_t size, std::size_t count, void*) { return size * count; }

DeliveryResult answer_of_http(long status) {
    const std::string detail = fmt::format("the gateway answered {}", status);
    if (status >= 200 && status < 300) {
        return {Delivery::sent, detail};
    }
    const bool patience = status == 408 || status == 425 || status == 429 || status >= 500 ||
                          status == 401 || status == 403;  // a wrong key is ours to correct
    return {patience || status < 400 ? Delivery::try_again : Delivery::refused, detail};
}

/// RFC 5321 §4.2.1: 4yz may be tried again, 5yz not. 53x concerns our own login.
DeliveryResult failure_of_smtp(CURLcode code, long status, const char* text) {
    const bool refused = code != CURLE_LOGIN_DENIED && status >= 550 && status < 560;
    return {refused ? Delivery::refused : Delivery::try_again,
            status > 0 ? fmt::format("{} (SMTP status {})", text, status) : std::string(text)};
}

}  // namespace

bool append(CurlList& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) {
        return false;
    }
    static_cast<void>(list.release());  // the longer list owns it now
    list.reset(longer);
    return true;
}

CurlHandle new_handle(const char* protocols, const std::string& ca_file,
                      std::chrono::milliseconds timeout) {
    start_curl();
    CurlHandle handle(curl_easy_init());
    if (handle != nullptr) {
        CURL* raw = handle.get();
        curl_easy_setopt(raw, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(raw, CURLOPT_PROTOCOLS_STR, protocols);
        curl_easy_setopt(raw, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(raw, CURLOPT_PROXY, "");
        curl_easy_setopt(raw, CURLOPT_WRITEFUNCTION, drop);
        curl_easy_setopt(raw, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
        if (!ca_file.empty()) {
            curl_easy_setopt(raw, CURLOPT_CAINFO, ca_file.c_str());
        }
    }
    return handle;
}

DeliveryResult run_transfer(CURL* handle, bool is_http) {
    std::array<char, CURL_ERROR_SIZE> text{};
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, text.data());
    const CURLcode code = curl_easy_perform(handle);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    const char* said = text[0] != '\0' ? text.data() : curl_easy_strerror(code);
    if (is_http) {
        return code == CURLE_OK ? answer_of_http(status)
                                : DeliveryResult{Delivery::try_again, said};
    }
    return code == CURLE_OK ? DeliveryResult{Delivery::sent, "taken by the mail server"}
                            : failure_of_smtp(code, status, said);
}

}  // namespace courseselect::notify
