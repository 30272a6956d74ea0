#include "document.hpp"

#include <cstring>

#include "courseselect/json/writer.hpp"
#include "syntax.hpp"

namespace courseselect::json {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kept_bytes_max = 256UL * 1024;
constexpr std::size_t first_buffer_bytes = 4UL * 1024;
constexpr int secret_search_depth = 8;

struct ThreadBuffer {
    DocumentBuffer buffer;
    bool is_lent = false;
};

ThreadBuffer& thread_buffer() {
    thread_local ThreadBuffer instance;
    return instance;
}

bool has_secrets_within(const TypeInfo& type, int depth) {
    if (type.is_secret) {
        return true;
    }
    if (depth == 0) {
        return false;
    }
    if (type.item != nullptr) {
        return has_secrets_within(*type.item, depth - 1);
    }
    for (const FieldInfo& field : type.fields) {
        if (field.secret || has_secrets_within(*field.type, depth - 1)) {
            return true;
        }
    }
    return false;
}

/// Writes an element under a size limit, leaving out what must not be repeated.
class EchoWriter {
  public:
    EchoWriter(std::string& out, const Echo& echo)
        : out_(out), echo_(echo), end_(limit(out.size(), echo.bytes_max)) {}

    void write(dom::element value, const TypeInfo* type) {
        while (type != nullptr && type->kind == Kind::nullable) {
            type = type->item;
        }
        switch (value.type()) {
            case dom::element_type::OBJECT: object(value, type); return;
            case dom::element_type::ARRAY: list(value, type); return;
            case dom::element_type::STRING: scalar_string(value, type); return;
            default: scalar(value);
        }
    }

  private:
    static std::size_t limit(std::size_t start, std::size_t bytes) {
        return bytes > no_limit - start ? no_limit : start + bytes;
    }
    [[nodiscard]] bool is_full() const { return out_.size() >= end_; }
    [[nodiscard]] std::size_t room() const { return is_full() ? 0 : end_ - out_.size(); }

    void object(dom::element value, const TypeInfo* type) {
        const bool is_described = type != nullptr && type->kind == Kind::object;
        const bool is_dictionary = type != nullptr && type->kind == Kind::dictionary;
        if (!is_described && !is_dictionary && echo_.guarded) {
            out_.append(hidden_input);
            return;
        }
        out_ += '{';
        bool first = true;
        for (const dom::key_value_pair member : dom::object(value)) {
            const FieldInfo* field = is_described ? find(*type, member.key) : nullptr;
            if (is_described && field == nullptr) {
                continue;
            }
            if (is_full()) {
                break;
            }
            if (!first) {
                out_ += ',';
            }
            first = false;
            append_cut_string(out_, member.key, room());
            out_ += ':';
            if (field != nullptr && (field->secret || field->type->is_secret)) {
                out_.append(hidden_input);
            } else if (field != nullptr) {
                write(member.value, field->type);
            } else {
                write(member.value, is_dictionary ? type->item : nullptr);
            }
        }
        out_ += '}';
    }

    void list(dom::element value, const TypeInfo* type) {
        const bool is_list = type != nullptr && type->kind == Kind::list;
        if (!is_list && echo_.guarded) {
            out_.append(hidden_input);
            return;
        }
        out_ += '[';
        bool first = true;
        for (const dom::element item : dom::array(value)) {
            if (is_full()) {
                break;
            }
            if (!first) {
                out_ += ',';
            }
            first = false;
            write(item, is_list ? type->item : nullptr);
        }
        out_ += ']';
    }

    void scalar_string(dom::element value, const TypeInfo* type) {
        const bool is_misplaced =
            type != nullptr && (type->kind == Kind::object || type->kind == Kind::list ||
                                type->kind == Kind::dictionary);
        if (type != nullptr && (type->is_secret || (is_misplaced && has_secrets(*type)))) {
            out_.append(hidden_input);
            return;
        }
        append_cut_string(out_, std::string_view(value), room());
    }

    void scalar(dom::element value) {
        switch (value.type()) {
            case dom::element_type::INT64: append_integer(out_, std::int64_t(value)); return;
            case dom::element_type::UINT64:
                out_.append(std::to_string(std::uint64_t(value)));
                return;
            case dom::element_type::DOUBLE: append_number(out_, double(value)); return;
            case dom::element_type::BOOL: out_.append(bool(value) ? "true" : "false"); return;
            default: out_.append("null");
        }
    }

    static const FieldInfo* find(const TypeInfo& type, std::string_view name) {
        for (const FieldInfo& field : type.fields) {
            if (field.name == name) {
                return &field;
            }
        }
        return nullptr;
    }

    std::string& out_;
    Echo echo_;
    std::size_t end_;
};

}  // namespace

bool DocumentBuffer::fail(std::size_t offset, std::string text) {
    fault_offset_ = offset;
    fault_text_ = std::move(text);
    return false;
}

bool DocumentBuffer::parse(std::string_view text, std::size_t depth_max, dom::element& root) {
    const std::size_t needed = text.size() + simdjson::SIMDJSON_PADDING;
    if (padded_bytes_ < needed) {
        padded_bytes_ = std::max(needed + needed / 2, first_buffer_bytes);
        padded_ = std::make_unique<char[]>(padded_bytes_);
    }
    if (parser_.max_depth() != depth_max + 1 || parser_.capacity() < text.size()) {
        // The parser's limit counts one more than the containers that may be open.
        const auto error = parser_.allocate(std::max(text.size(), padded_bytes_), depth_max + 1);
        if (error != simdjson::SUCCESS) {
            throw std::bad_alloc();
        }
    }
    std::memcpy(padded_.get(), text.data(), text.size());
    return parser_.parse(padded_.get(), text.size(), false).get(root) == simdjson::SUCCESS;
}

bool DocumentBuffer::load(std::string_view text, const ReadOptions& options, dom::element& root) {
    if (text.size() > options.document_bytes_max) {
        return fail(
            options.document_bytes_max,
            "Document longer than " + std::to_string(options.document_bytes_max) + " bytes");
    }
    if (!text.empty() && parse(text, options.depth_max, root)) {
        return true;
    }
    const Diagnosis diagnosis = diagnose(text, options.depth_max);
    if (diagnosis.is_faulty) {
        return fail(diagnosis.offset, diagnosis.message);
    }
    return parse(diagnosis.repaired, options.depth_max, root) || fail(0, "Invalid JSON");
}

BufferLease::BufferLease(std::size_t document_bytes) {
    ThreadBuffer& shared = thread_buffer();
    if (shared.is_lent || document_bytes > kept_bytes_max) {
        own_ = std::make_unique<DocumentBuffer>();
        buffer_ = own_.get();
    } else {
        shared.is_lent = true;
        buffer_ = &shared.buffer;
    }
}

BufferLease::~BufferLease() {
    if (own_ == nullptr) {
        thread_buffer().is_lent = false;
    }
}

void append_cut_string(std::string& out, std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) {
        append_string(out, text);
        return;
    }
    std::size_t length = bytes_max;
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) {
        --length;
    }
    append_string(out, text.substr(0, length));
    out.insert(out.size() - 1, "\xE2\x80\xA6");
}

void append_echo(std::string& out, dom::element value, const TypeInfo* type, const Echo& echo) {
    EchoWriter(out, echo).write(value, type);
}

void append_element(std::string& out, dom::element value) {
    EchoWriter(out, Echo{.bytes_max = no_limit, .guarded = false}).write(value, nullptr);
}

bool has_secrets(const TypeInfo& type) { return has_secrets_within(type, secret_search_depth); }

}  // namespace courseselect::json
