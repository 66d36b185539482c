#include "runtime/scaffold/template_text.h"

#include <algorithm>

#include "runtime/base/text.h"

namespace capstan::scaffold {

std::string filled_in(std::string_view text, const Words& words) {
  std::string out;
  while (!text.empty()) {
    const size_t start = text.find('@');
    out += text.substr(0, start);
    if (start == std::string_view::npos) break;
    const size_t end = text.find('@', start + 1);
    const auto word = end == std::string_view::npos
                          ? words.end()
                          : words.find(std::string(text.substr(start + 1, end - start - 1)));
    if (word == words.end()) {
      out += '@';
      text.remove_prefix(start + 1);
    } else {
      out += word->second;
      text.remove_prefix(end + 1);
    }
  }
  return out;
}

Result<std::string> put_above(const std::string& text, const std::string& marker,
                              const std::string& more) {
  std::vector<std::string> lines = split(text, '\n');
  const auto at = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
    return trim(line).ends_with(marker);
  });
  if (at == lines.end()) return Error::not_found("no line ends in \"" + marker + "\"");
  std::vector<std::string> added;
  for (const std::string& line : split(more, '\n')) {
    const bool known = std::find(lines.begin(), lines.end(), line) != lines.end();
    if (!trim(line).empty() && !known) added.push_back(line);
  }
  lines.insert(at, added.begin(), added.end());
  return join(lines, "\n");
}

}  // namespace capstan::scaffold
