// Reads what Exposition wrote, as far as a program needs that shows some figures of it: samples by
// name and labels.
//
// Thread safety: values.
//
// Example:
//   const ExpositionReader metrics(text);
//   const auto calls = metrics.value("capstan_provider_calls_total", {{"plugin", "docker"}});
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace capstan {

class ExpositionReader {
 public:
  using Labels = std::map<std::string, std::string>;

  // Lines that are no samples are passed over.
  explicit ExpositionReader(std::string_view text);

  // The first sample of that name which has these labels, maybe among others.
  std::optional<double> value(const std::string& name, const Labels& labels) const;
  // The values of a label over all samples of that name with these labels, and the sample's value.
  std::map<std::string, double> by_label(const std::string& name, const Labels& labels,
                                         const std::string& label) const;
  // The upper bound of the bucket that the quantile lies in; nothing where nothing was observed,
  // infinity beyond the last bound.
  std::optional<double> quantile(const std::string& name, const Labels& labels, double q) const;

 private:
  struct Sample {
    Labels labels;
    double value = 0;
  };
  void read_line(std::string_view line);

  std::map<std::string, std::vector<Sample>> samples_;
};

}  // namespace capstan
