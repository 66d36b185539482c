#include "runtime/resource/version_converter.h"

namespace capstan {

Result<std::shared_ptr<const Converter>> VersionConverter::converter_of(const Kind& kind) {
  const std::scoped_lock lock(mutex_);
  Entry& entry = converters_[kind.conversion.get()];
  // An address may have been given to other rules since.
  if (entry.converter == nullptr || entry.rules.lock() != kind.conversion) {
    entry.converter = std::make_shared<const Converter>(TRY(Converter::create(*kind.conversion)));
    entry.rules = kind.conversion;
  }
  return entry.converter;
}

Result<Json> VersionConverter::convert(const Kind& kind, Json object, const std::string& version) {
  const std::string api_version = GroupVersion{kind.id.group, version}.text();
  if (kind.conversion == nullptr) {
    object["apiVersion"] = api_version;
    return object;
  }
  const auto converter = TRY(converter_of(kind));
  return converter->convert(
      std::move(object), api_version, [this](std::string_view group, std::string_view name) {
        const KindPtr found = kinds_.find({std::string(group), std::string(name)});
        return found == nullptr ? "" : found->storage_version().name;
      });
}

}  // namespace capstan
