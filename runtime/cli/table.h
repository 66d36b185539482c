// Aligned columns for a terminal. Widths count what is seen: colour codes take no place, and a
// character of several bytes takes one.
//
// Thread safety: none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace capstan::cli {

enum class Color { kNone, kGray, kRed, kGreen, kYellow, kCyan, kBold };

// The text in a colour, or as it is where colours are off.
std::string paint(std::string_view text, Color color, bool colors);

// Whether to use colours: not with NO_COLOR set, and only on a terminal.
bool use_colors(int file_descriptor);

size_t visible_width(std::string_view text);

class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // Each line ends in a newline; columns are two blanks apart; no trailing blanks.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace capstan::cli
