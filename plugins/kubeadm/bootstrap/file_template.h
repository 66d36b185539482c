// Files whose contentFormat is Template: the part of Go's text/template that they need. What it may
// hold: {{ .controlPlane.version }}, {{ if .controlPlane }} ... {{ else }} ... {{ end }} (also with
// .controlPlane.version), comments, and {{- and -}} to trim blanks. Anything else is an error that
// names it, rather than text that looks right.
//
// Thread safety: pure functions.
#pragma once

#include <capstan/status.h>

#include <string>
#include <string_view>

namespace capstan::kubeadm {

// `version` is the control plane's, "v1.34.2"; "" where it is not known: then .controlPlane is not
// there. Errors: kInvalid with the action that is not understood.
sdk::Expected<std::string> render_file_template(std::string_view text, const std::string& version);

}  // namespace capstan::kubeadm
