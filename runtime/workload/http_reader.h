// Reads one HTTP/1.1 response out of bytes as they come, from whatever connection.
//
// Thread safety: none.
//
// Example:
//   std::string body;
//   HttpReader reader([&](std::string_view part) { body += part; });
//   while (!reader.done()) TRY(reader.put(read_more()));
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace capstan {

class HttpReader {
 public:
  // `on_body` gets the body without its transfer coding, part by part.
  explicit HttpReader(std::function<void(std::string_view)> on_body);
  ~HttpReader();

  // Called with the status before the body's first part.
  void on_header(std::function<void(int status)> callback);

  // Takes the next bytes of the connection. Errors: kUnavailable where they are no HTTP.
  Result<void> put(std::string_view bytes);
  // The connection ended. Errors: kUnavailable where the response is not complete.
  Result<void> end();

  bool has_header() const;
  bool done() const;
  int status() const;                                      // 0 before the header
  const std::string& header(std::string_view name) const;  // lower-case name; "" where absent
  // What came after the response.
  std::string_view rest() const { return pending_; }

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
  std::string pending_;
};

}  // namespace capstan
