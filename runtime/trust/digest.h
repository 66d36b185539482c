// SHA-256 as digests of files are written: 64 lower-case hexadecimal digits.
//
// Thread safety: one Sha256 is of one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace capstan {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  void add(std::string_view bytes);
  std::string hex();  // once, at the end

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string sha256_hex(std::string_view bytes);

// Whether the text is a digest.
bool is_sha256(std::string_view text);

}  // namespace capstan
