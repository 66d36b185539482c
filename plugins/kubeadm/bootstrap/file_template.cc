#include "plugins/kubeadm/bootstrap/file_template.h"

#include <algorithm>
#include <vector>

namespace capstan::kubeadm {
namespace {

using sdk::Error;
using sdk::Expected;
using sdk::Status;

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

class Renderer {
 public:
  explicit Renderer(const std::string& version) : version_(version) {}

  Expected<std::string> render(std::string_view text) {
    bool trims = false;  // blanks before the next text
    for (;;) {
      const size_t open = text.find("{{");
      std::string_view plain = text.substr(0, open);
      const bool ends = open == std::string_view::npos;
      if (trims) {
        plain.remove_prefix(std::min(plain.find_first_not_of(kBlanks), plain.size()));
      }
      if (!ends && text.substr(open + 2).starts_with("-")) {
        plain = plain.substr(0, plain.find_last_not_of(kBlanks) + 1);
      }
      write(plain);
      if (ends) break;
      const size_t close = text.find("}}", open);
      if (close == std::string_view::npos) return Error::invalid("an action {{ has no end }}");
      std::string_view action = text.substr(open + 2, close - open - 2);
      trims = action.ends_with('-');
      if (trims) action.remove_suffix(1);
      if (action.starts_with('-')) action.remove_prefix(1);
      CAPSTAN_TRY(run(trimmed(action)));
      text.remove_prefix(close + 2);
    }
    if (!branches_.empty()) return Error::invalid("an {{ if }} has no {{ end }}");
    return std::move(out_);
  }

 private:
  // One {{ if }}: whether what stands here is written, and whether its {{ else }} has come.
  struct Branch {
    bool active;
    bool otherwise = false;
  };

  bool active() const {
    for (const Branch& branch : branches_) {
      if (!branch.active) return false;
    }
    return true;
  }
  void write(std::string_view text) {
    if (active()) out_ += text;
  }

  Status run(std::string_view action) {
    if (action.starts_with("/*") && action.ends_with("*/")) return {};
    if (action == ".controlPlane.version") {
      if (active() && version_.empty()) {
        return Error::invalid(
            "the control plane's version is not known; put {{ if .controlPlane }} around "
            "{{ .controlPlane.version }}");
      }
      write(version_);
      return {};
    }
    if (action == "else" && !branches_.empty() && !branches_.back().otherwise) {
      branches_.back() = {!branches_.back().active, true};
      return {};
    }
    if (action == "end" && !branches_.empty()) {
      branches_.pop_back();
      return {};
    }
    if (action.starts_with("if ")) {
      const std::string_view what = trimmed(action.substr(3));
      if (what == ".controlPlane" || what == ".controlPlane.version") {
        branches_.push_back({!version_.empty()});
        return {};
      }
    }
    return Error::invalid("the action {{ " + std::string(action) +
                          " }} is not supported: there are {{ .controlPlane.version }}, "
                          "{{ if .controlPlane }}, {{ else }} and {{ end }}");
  }

  const std::string& version_;
  std::string out_;
  std::vector<Branch> branches_;
};

}  // namespace

Expected<std::string> render_file_template(std::string_view text, const std::string& version) {
  return Renderer(version).render(text);
}

}  // namespace capstan::kubeadm
