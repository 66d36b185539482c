// The forms of names, label keys and label values. Each check gives what is wrong in Kubernetes'
// words, or "" where nothing is.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace capstan {

std::string check_dns_subdomain(std::string_view text);   // RFC 1123, up to 253 characters
std::string check_dns_label(std::string_view text);       // RFC 1123, up to 63
std::string check_dns_1035_label(std::string_view text);  // starts with a letter, up to 63
std::string check_path_segment(std::string_view text);    // what fits between two slashes of a URL
std::string check_qualified_name(std::string_view text);  // keys of labels and annotations
std::string check_label_value(std::string_view text);

}  // namespace capstan
