#pragma once
/// A checked document in simdjson's terms, on buffers that the thread keeps.

#include <simdjson.h>

#include <memory>
#include <string>
#include <string_view>

#include "courseselect/json/reader.hpp"

namespace courseselect::json {

/// A parser with its padded copy of the text. Elements stay valid until the next `load`.
class DocumentBuffer {
  public:
    /// Returns false and fills `fault_offset`, `fault_text` when the document is refused.
    [[nodiscard]] bool load(std::string_view text, const ReadOptions& options,
                            simdjson::dom::element& root);

    [[nodiscard]] std::size_t fault_offset() const { return fault_offset_; }
    [[nodiscard]] const std::string& fault_text() const { return fault_text_; }

  private:
    [[nodiscard]] bool parse(std::string_view text, std::size_t depth_max,
                             simdjson::dom::element& root);
    bool fail(std::size_t offset, std::string text);

    simdjson::dom::parser parser_;
    std::unique_ptr<char[]> padded_;
    std::size_t padded_bytes_ = 0;
    std::size_t fault_offset_ = 0;
    std::string fault_text_;
};

/// Borrows the thread's buffer, or makes one for documents too large to keep memory for and for
/// a reader that runs inside another.
class BufferLease {
  public:
    explicit BufferLease(std::size_t document_bytes);
    ~BufferLease();
    BufferLease(const BufferLease&) = delete;
    BufferLease& operator=(const BufferLease&) = delete;

    DocumentBuffer& operator*() { return *buffer_; }

  private:
    std::unique_ptr<DocumentBuffer> own_;
    DocumentBuffer* buffer_;
};

/// What an error may repeat of a value.
struct Echo {
    std::size_t bytes_max;
    /// The request's type has secrets: containers that no declaration explains are not repeated.
    bool guarded;
};

/// What stands in an error in place of a secret.
inline constexpr std::string_view hidden_input = "\"**********\"";

/// Appends `value` as JSON: of described structs the declared fields without secrets, cut to
/// about `echo.bytes_max`. `type` may be null (nothing is declared).
void append_echo(std::string& out, simdjson::dom::element value, const TypeInfo* type,
                 const Echo& echo);
/// Appends `value` as JSON, whole.
void append_element(std::string& out, simdjson::dom::element value);
/// Appends a JSON string of at most about `bytes_max` bytes, an ellipsis where it was cut.
void append_cut_string(std::string& out, std::string_view text, std::size_t bytes_max);

/// Whether a type holds a secret field anywhere inside.
[[nodiscard]] bool has_secrets(const TypeInfo& type);

}  // namespace courseselect::json
