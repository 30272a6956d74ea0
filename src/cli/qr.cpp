#include "courseselect/cli/qr.hpp"

#include <qrencode.h>

#include <memory>

namespace courseselect::cli {
namespace {

constexpr int quiet_modules = 4;  // ISO/IEC 18004 §9.1

struct FreeCode {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

bool is_light(const QRcode& code, int x, int y) {
    if (x < 0 || y < 0 || x >= code.width || y >= code.width) {
        return true;
    }
    return (code.data[y * code.width + x] & 1U) == 0;  // the lowest bit: a dark module
}

std::string_view block(bool upper_is_light, bool lower_is_light) {
    if (upper_is_light) {
        return lower_is_light ? "█" : "▀";
    }
    return lower_is_light ? "▄" : " ";
}

}  // namespace

core::Result<std::string> draw_qr(std::string_view text, bool with_colours) {
    const std::unique_ptr<QRcode, FreeCode> code(
        QRcode_encodeString8bit(std::string(text).c_str(), 0, QR_ECLEVEL_L));
    if (code == nullptr) {
        return core::Error(core::Errc::invalid_argument, "qr_too_long",
                           "The text does not fit into a QR code");
    }
    std::string out;
    for (int y = -quiet_modules; y < code->width + quiet_modules; y += 2) {
        out += with_colours ? "\x1b[40;97m" : "";
        for (int x = -quiet_modules; x < code->width + quiet_modules; ++x) {
            out += block(is_light(*code, x, y), is_light(*code, x, y + 1));
        }
        out += with_colours ? "\x1b[0m\n" : "\n";
    }
    return out;
}

}  // namespace courseselect::cli
