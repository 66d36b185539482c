#include "runtime/object/cel/lexer.h"

#include <array>
#include <cctype>
#include <charconv>

namespace capstan::cel {
namespace {

constexpr std::array<std::string_view, 27> kSymbols = {
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*",  "/",  "%", "!",
    "?",  ":",  ".",  ",",  "(",  ")",  "[", "]", "{", "}", "?.", "[?", "="};

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 63));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 63));
    out += static_cast<char>(0x80 | (code & 63));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 63));
    out += static_cast<char>(0x80 | ((code >> 6) & 63));
    out += static_cast<char>(0x80 | (code & 63));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> all() {
    std::vector<Token> tokens;
    while (true) {
      skip_blank();
      if (at_ == text_.size()) break;
      tokens.push_back(TRY(next()));
    }
    tokens.push_back({.text = {}, .position = at_});
    return tokens;
  }

 private:
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  Error error(const std::string& message) const {
    return Error::invalid(message + " at position " + std::to_string(at_));
  }

  void skip_blank() {
    while (at_ < text_.size()) {
      if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
        ++at_;
      } else if (text_.substr(at_, 2) == "//") {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  // A quote, or a prefix and a quote: r'', b"", rb''.
  size_t string_prefix() const {
    size_t length = 0;
    while (length < 2 && std::string_view("rRbB").find(peek(length)) != std::string_view::npos &&
           peek(length) != '\0') {
      ++length;
    }
    return peek(length) == '\'' || peek(length) == '"' ? length : std::string_view::npos;
  }

  Result<Token> next() {
    Token token{.kind = Token::Kind::kSymbol, .text = {}, .position = at_};
    const size_t prefix = string_prefix();
    if (prefix != std::string_view::npos) return string(prefix);
    if (is_digit(peek()) || (peek() == '.' && is_digit(peek(1)))) return number();
    if (is_name(peek())) {
      while (is_name(peek())) token.text += text_[at_++];
      token.kind = Token::Kind::kName;
      return token;
    }
    for (const std::string_view symbol : kSymbols) {
      // "?." and "[?" belong to optionals, which are named in the parser's error.
      if (text_.substr(at_, symbol.size()) == symbol && symbol.size() >= token.text.size()) {
        token.text = symbol;
      }
    }
    if (token.text.empty()) return error("unexpected character");
    at_ += token.text.size();
    return token;
  }

  Result<Token> number() {
    Token token{.kind = Token::Kind::kInt, .text = {}, .position = at_};
    const char* begin = text_.data() + at_;
    const char* end = text_.data() + text_.size();
    const bool hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
    if (hex) begin += 2;
    uint64_t value = 0;
    auto parsed = std::from_chars(begin, end, value, hex ? 16 : 10);
    const bool fraction = !hex && parsed.ptr < end &&
                          (*parsed.ptr == 'e' || *parsed.ptr == 'E' ||
                           (*parsed.ptr == '.' && parsed.ptr + 1 < end && is_digit(parsed.ptr[1])));
    if (fraction) {
      parsed = std::from_chars(begin, end, token.number);
      token.kind = Token::Kind::kDouble;
    }
    if (parsed.ec != std::errc()) return error("the number is malformed or does not fit");
    at_ = static_cast<size_t>(parsed.ptr - text_.data());
    token.unsigned_integer = value;
    if (token.kind == Token::Kind::kInt) {
      if (peek() == 'u' || peek() == 'U') {
        ++at_;
        token.kind = Token::Kind::kUint;
      } else if (value > static_cast<uint64_t>(INT64_MAX) + 1) {
        return error("the number does not fit");
      }
      // 2^63 is kept as the lowest integer: it only makes sense after a minus.
      token.integer = static_cast<int64_t>(value);
    }
    if (is_name(peek())) return error("unexpected character after a number");
    return token;
  }

  Result<Token> string(size_t prefix) {
    Token token{.kind = Token::Kind::kString, .text = {}, .position = at_};
    bool raw = false;
    for (size_t i = 0; i < prefix; ++i) {
      const char c = static_cast<char>(text_[at_ + i] | 0x20);
      raw = raw || c == 'r';
      if (c == 'b') token.kind = Token::Kind::kBytes;
    }
    at_ += prefix;
    std::string quote(1, text_[at_]);
    if (text_.substr(at_, 3) == std::string(3, text_[at_])) quote = std::string(3, text_[at_]);
    at_ += quote.size();
    while (text_.substr(at_, quote.size()) != quote) {
      if (at_ >= text_.size() || (quote.size() == 1 && text_[at_] == '\n')) {
        return error("the text is not closed");
      }
      if (text_[at_] == '\\' && !raw) {
        TRY(escape(token.text));
      } else {
        token.text += text_[at_++];
      }
    }
    at_ += quote.size();
    return token;
  }

  Result<void> escape(std::string& out) {
    static constexpr std::string_view kPlain = "\\'\"`?";
    static constexpr std::string_view kNames = "abfnrtv";
    static constexpr std::string_view kValues = "\a\b\f\n\r\t\v";
    ++at_;
    const char c = peek();
    ++at_;
    if (c != '\0' && kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else if (c != '\0' && kNames.find(c) != std::string_view::npos) {
      out += kValues[kNames.find(c)];
    } else if (c == 'x' || c == 'X') {
      append_utf8(out, TRY(digits(2, 16)));
    } else if (c == 'u') {
      append_utf8(out, TRY(digits(4, 16)));
    } else if (c == 'U') {
      append_utf8(out, TRY(digits(8, 16)));
    } else if (c >= '0' && c <= '3') {
      --at_;
      append_utf8(out, TRY(digits(3, 8)));
    } else {
      return error("unknown escape");
    }
    return {};
  }

  Result<uint32_t> digits(size_t count, int base) {
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i) {
      const int digit = hex_value(peek());
      if (digit < 0 || digit >= base) return error("a digit is missing in an escape");
      value = value * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit);
      ++at_;
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
      return error("an escape names no character");
    }
    return value;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view text) {
  return Lexer(text).all();
}

}  // namespace capstan::cel
