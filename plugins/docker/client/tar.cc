#include "plugins/docker/client/tar.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace capstan::docker {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kChecksumAt = 148;
constexpr size_t kChecksumSize = 8;

using Header = std::array<char, kBlock>;

void put(Header& header, size_t at, size_t size, std::string_view text) {
  std::memcpy(header.data() + at, text.data(), std::min(size, text.size()));
}
void put_octal(Header& header, size_t at, int digits, uint64_t value) {
  char text[24];
  const int size =
      std::snprintf(text, sizeof(text), "%0*llo", digits, static_cast<unsigned long long>(value));
  put(header, at, static_cast<size_t>(digits), {text, static_cast<size_t>(size)});
}

Header header_of(const TarEntry& entry) {
  Header header{};
  put(header, 0, 100, entry.name);
  put_octal(header, 100, 7, static_cast<uint64_t>(entry.mode));
  put_octal(header, 108, 7, 0);  // owner and group: root
  put_octal(header, 116, 7, 0);
  put_octal(header, 124, 11, entry.folder ? 0 : entry.content.size());
  put_octal(header, 136, 11, 0);
  header[156] = entry.folder ? '5' : '0';
  put(header, 257, 8, std::string_view("ustar\00000", 8));
  // The sum is made as if its own field held spaces.
  std::memset(header.data() + kChecksumAt, ' ', kChecksumSize);
  uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put_octal(header, kChecksumAt, 6, sum);
  header[kChecksumAt + 6] = '\0';
  return header;
}

std::string_view text_field(std::string_view header, size_t at, size_t size) {
  const std::string_view field = header.substr(at, size);
  return field.substr(0, field.find('\0'));
}

}  // namespace

std::string tar_archive(const std::vector<TarEntry>& entries) {
  std::string out;
  for (const TarEntry& entry : entries) {
    const Header header = header_of(entry);
    out.append(header.data(), header.size());
    if (entry.folder) continue;
    out += entry.content;
    out.append((kBlock - entry.content.size() % kBlock) % kBlock, '\0');
  }
  out.append(2 * kBlock, '\0');
  return out;
}

std::vector<TarEntry> read_tar(std::string_view tar) {
  std::vector<TarEntry> out;
  while (tar.size() >= kBlock && tar[0] != '\0') {
    const std::string_view header = tar.substr(0, kBlock);
    const std::string_view digits = text_field(header, 124, 12);
    uint64_t size = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), size, 8);
    tar.remove_prefix(kBlock);
    if (size > tar.size()) break;
    const char type = header[156];
    TarEntry entry;
    entry.name = text_field(header, 0, 100);
    entry.folder = type == '5';
    while (entry.name.ends_with('/')) entry.name.pop_back();
    if (type == '0' || type == '\0') entry.content = tar.substr(0, size);
    if (type == '0' || type == '\0' || type == '5') out.push_back(std::move(entry));
    const size_t whole = (size + kBlock - 1) / kBlock * kBlock;
    tar.remove_prefix(std::min<size_t>(whole, tar.size()));
  }
  return out;
}

}  // namespace capstan::docker
