#include "runtime/cli/table.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace capstan::cli {

std::string paint(std::string_view text, Color color, bool colors) {
  if (!colors || color == Color::kNone || text.empty()) return std::string(text);
  const char* code = "";
  switch (color) {
    case Color::kGray:
      code = "90";
      break;
    case Color::kRed:
      code = "31";
      break;
    case Color::kGreen:
      code = "32";
      break;
    case Color::kYellow:
      code = "33";
      break;
    case Color::kCyan:
      code = "36";
      break;
    case Color::kBold:
      code = "1";
      break;
    case Color::kNone:
      break;
  }
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

bool use_colors(int file_descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  return (no_color == nullptr || *no_color == '\0') && isatty(file_descriptor) == 1;
}

size_t visible_width(std::string_view text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == 0x1b) {
      while (i < text.size() && text[i] != 'm') ++i;
    } else if ((c & 0xc0) != 0x80) {
      ++width;
    }
  }
  return width;
}

std::string Table::text() const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    if (widths.size() < row.size()) widths.resize(row.size());
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], visible_width(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    size_t pending = 0;  // blanks owed before the next cell that has text
    for (size_t i = 0; i < row.size(); ++i) {
      if (!row[i].empty()) {
        line.append(pending, ' ');
        pending = 0;
        line += row[i];
      }
      pending += widths[i] - visible_width(row[i]) + 2;
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace capstan::cli
