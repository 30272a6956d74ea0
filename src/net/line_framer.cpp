#include "courseselect/net/line_framer.hpp"

namespace courseselect::net {

void LineFramer::drop_taken() {
    if (start_ == buffer_.size()) {
        buffer_ = std::string();  // an idle connection keeps nothing
    } else {
        buffer_.erase(0, start_);
    }
    scanned_ -= start_;
    start_ = 0;
}

void LineFramer::put(std::string_view bytes) {
    if (start_ > 0) {
        drop_taken();
    }
    buffer_.append(bytes);
}

std::optional<std::string_view> LineFramer::next() {
    if (too_long_) {
        return std::nullopt;
    }
    const std::size_t end = buffer_.find('\n', scanned_);
    if (end == std::string::npos) {
        scanned_ = buffer_.size();
        const bool has_return = held() > 0 && buffer_.back() == '\r';
        too_long_ = held() > line_bytes_max_ + (has_return ? 1 : 0);
        drop_taken();
        return std::nullopt;
    }
    std::string_view line(buffer_.data() + start_, end - start_);
    start_ = scanned_ = end + 1;
    if (!line.empty() && line.back() == '\r') {
        line.remove_suffix(1);
    }
    if (line.size() > line_bytes_max_) {
        too_long_ = true;
        return std::nullopt;
    }
    return line;
}

}  // namespace courseselect::net
