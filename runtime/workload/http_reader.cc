#include "runtime/workload/http_reader.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <map>

#include "runtime/base/text.h"

namespace capstan {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

class HttpReader::Parser final : public http::basic_parser<false> {
 public:
  explicit Parser(std::function<void(std::string_view)> on_body) : on_body_(std::move(on_body)) {
    eager(true);
    body_limit(boost::none);
    header_limit(64 * 1024);
  }

  int status = 0;
  std::function<void(int)> on_header;
  std::map<std::string, std::string, std::less<>> headers;

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view, int, error_code&) override { status = code; }
  void on_field_impl(http::field, string_view name, string_view value, error_code&) override {
    headers[to_lower(std::string_view(name.data(), name.size()))] = std::string(value);
  }
  void on_header_impl(error_code&) override {
    if (on_header) on_header(status);
  }
  void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
  size_t on_body_impl(string_view body, error_code&) override {
    on_body_(std::string_view(body.data(), body.size()));
    return body.size();
  }
  void on_chunk_header_impl(uint64_t, string_view, error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, string_view body, error_code&) override {
    on_body_(std::string_view(body.data(), body.size()));
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  std::function<void(std::string_view)> on_body_;
};

HttpReader::HttpReader(std::function<void(std::string_view)> on_body)
    : parser_(std::make_unique<Parser>(std::move(on_body))) {}

HttpReader::~HttpReader() = default;

void HttpReader::on_header(std::function<void(int)> callback) {
  parser_->on_header = std::move(callback);
}

Result<void> HttpReader::put(std::string_view bytes) {
  pending_ += bytes;
  size_t taken = 0;
  error_code failure;
  while (taken < pending_.size() && !parser_->is_done()) {
    const size_t count = parser_->put(
        boost::asio::buffer(pending_.data() + taken, pending_.size() - taken), failure);
    taken += count;
    if (failure == http::error::need_more || (!failure && count == 0)) break;
    if (failure) return Error::unavailable("the answer is no HTTP: " + failure.message());
  }
  pending_.erase(0, taken);
  return {};
}

Result<void> HttpReader::end() {
  error_code failure;
  if (!parser_->is_done()) {
    if (parser_->got_some()) {
      parser_->put_eof(failure);
    } else {
      failure = http::error::end_of_stream;
    }
  }
  if (failure) return Error::unavailable("the answer was cut: " + failure.message());
  return {};
}

bool HttpReader::has_header() const {
  return parser_->is_header_done();
}
bool HttpReader::done() const {
  return parser_->is_done();
}
int HttpReader::status() const {
  return parser_->status;
}

const std::string& HttpReader::header(std::string_view name) const {
  static const std::string kNone;
  const auto found = parser_->headers.find(name);
  return found == parser_->headers.end() ? kNone : found->second;
}

}  // namespace capstan
