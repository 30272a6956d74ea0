#pragma once
/// What notifications say: templates in files, one for an event and a channel.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "courseselect/core/result.hpp"
#include "courseselect/notify/message.hpp"

namespace courseselect::notify {

/// Something that people are told about, and the values its templates may use.
struct EventInfo {
    std::string_view name;
    std::string_view summary;
    std::span<const std::string_view> fields;
};

/// Every event there is.
[[nodiscard]] std::span<const EventInfo> events();
/// Null: there is no such event.
[[nodiscard]] const EventInfo* find_event(std::string_view name);

using Values = std::map<std::string, std::string, std::less<>>;

/// Subject (mail only) and text of a message.
struct Rendered {
    std::string subject;
    std::string text;
};

/// A template is a text with `{{field}}` in it; one for mail begins with a line `Subject: …` and an
/// empty line. The program carries one for every event and channel; files named
/// `<event>.<channel>.txt` in a directory take their place.
/// Immutable. Thread-safety: any thread.
class Templates {
  public:
    /// Only the templates the program carries.
    [[nodiscard]] static Templates built_in();
    /// With those in `directory` in the place of built-in ones.
    /// Errors: invalid_argument `template` (unreadable or over 64 KiB, an event or field that does
    /// not exist, `{{` without end, no subject); the detail names file and remedy.
    [[nodiscard]] static core::Result<Templates> load(const std::string& directory);

    /// Fills in the values; one that is missing is left empty. Line breaks within a value become
    /// blanks, so that no value starts a header of its own.
    /// Errors: not_found `event` (no such event).
    [[nodiscard]] core::Result<Rendered> render(std::string_view event, Channel channel,
                                                const Values& values) const;

  private:
    struct Template {
        std::string subject;
        std::string text;
    };
    using Key = std::pair<std::string, Channel>;

    [[nodiscard]] core::Result<> add(std::string_view file_name, std::string_view content);

    std::map<Key, Template> templates_;
};

}  // namespace courseselect::notify
