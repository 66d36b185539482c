#include "runtime/package/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>
#include <set>

#include "runtime/base/text.h"
#include "runtime/trust/package_index.h"

namespace capstan {
namespace {

constexpr size_t kBlock = size_t{64} << 10;
constexpr int kOwnFilters = 2;  // gzip, and libarchive's own "none" below it

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Reader = std::unique_ptr<archive, Deleter<archive_read_free>>;
using Writer = std::unique_ptr<archive, Deleter<archive_write_free>>;
using Entry = std::unique_ptr<archive_entry, Deleter<archive_entry_free>>;

std::string words(archive* object) {
  const char* text = archive_error_string(object);
  return text == nullptr ? "damaged" : text;
}

la_ssize_t append(archive*, void* out, const void* data, size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

// Checks names as they come.
class Names {
 public:
  Result<void> add(const std::string& path) {
    if (!is_package_path(path)) {
      return Error::invalid("member \"" + path + "\" is no path inside a package");
    }
    // Two files that differ in case only are one file on some file systems.
    if (!seen_.insert(to_lower(path)).second) {
      return Error::invalid("member \"" + path + "\" is there twice");
    }
    return {};
  }
  size_t size() const { return seen_.size(); }

 private:
  std::set<std::string> seen_;
};

Result<void> write_member(archive* out, const ArchiveMember& member) {
  const Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), member.path.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.content.size()));
  if (archive_write_header(out, entry.get()) != ARCHIVE_OK ||
      archive_write_data(out, member.content.data(), member.content.size()) !=
          static_cast<la_ssize_t>(member.content.size())) {
    return Error::invalid("cannot pack " + member.path + ": " + words(out));
  }
  return {};
}

class ArchiveReader {
 public:
  ArchiveReader(std::string_view bytes, const ArchiveLimits& limits)
      : bytes_(bytes), limits_(limits), in_(archive_read_new()) {}

  Result<void> read(const ArchiveVisitor& visit) {
    archive_read_support_filter_gzip(in_.get());
    archive_read_support_format_tar(in_.get());
    if (archive_read_open_memory(in_.get(), bytes_.data(), bytes_.size()) != ARCHIVE_OK) {
      return Error::invalid("is no package archive: " + words(in_.get()));
    }
    for (;;) {
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(in_.get(), &entry);
      if (status == ARCHIVE_EOF) return {};
      // Warnings as well: what this library is not sure of, others may read otherwise.
      if (status != ARCHIVE_OK) {
        return Error::invalid("is no package archive: " + words(in_.get()));
      }
      if (archive_filter_count(in_.get()) > kOwnFilters) {
        return Error::invalid("is compressed more than once");
      }
      TRY(check(entry));
      std::string path = archive_entry_pathname(entry);
      std::string content = TRY(content_of(path, archive_entry_size(entry)));
      if (!TRY(visit(std::move(path), std::move(content)))) return {};
    }
  }

 private:
  Result<void> check(archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    const std::string path = name == nullptr ? "" : name;
    TRY(names_.add(path));
    if (names_.size() > limits_.members) {
      return Error::invalid("has more than " + std::to_string(limits_.members) + " members");
    }
    const bool plain =
        archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == nullptr &&
        archive_entry_symlink(entry) == nullptr && archive_entry_sparse_count(entry) == 0;
    if (!plain) return Error::invalid("member " + path + " is no plain file");
    if (archive_entry_size_is_set(entry) == 0 || archive_entry_size(entry) < 0) {
      return Error::invalid("member " + path + " has no size");
    }
    const auto size = static_cast<uint64_t>(archive_entry_size(entry));
    if (size > limits_.member_size) {
      return Error::invalid("member " + path + " is too big (" + std::to_string(size) + " bytes)");
    }
    total_ += size;
    if (total_ > limits_.total_size) {
      return Error::invalid("would be more than " + std::to_string(limits_.total_size >> 20) +
                            " MiB unpacked");
    }
    return {};
  }

  // Grows with what is there, not with what the header promises.
  Result<std::string> content_of(const std::string& path, la_int64_t size) {
    std::string content;
    while (content.size() < static_cast<uint64_t>(size)) {
      const size_t have = content.size();
      const size_t wanted = std::min(static_cast<size_t>(size) - have, kBlock);
      content.resize(have + wanted);
      const la_ssize_t count = archive_read_data(in_.get(), content.data() + have, wanted);
      if (count <= 0) {
        return Error::invalid("member " + path + " is cut off or damaged: " + words(in_.get()));
      }
      content.resize(have + static_cast<size_t>(count));
    }
    return content;
  }

  std::string_view bytes_;
  const ArchiveLimits limits_;
  Reader in_;
  Names names_;
  uint64_t total_ = 0;
};

}  // namespace

Result<std::string> write_archive(const std::vector<ArchiveMember>& members) {
  Names names;
  for (const ArchiveMember& member : members) TRY(names.add(member.path));
  std::string bytes;
  const Writer out(archive_write_new());
  archive_write_add_filter_gzip(out.get());
  archive_write_set_filter_option(out.get(), "gzip", "timestamp", nullptr);  // none in the bytes
  archive_write_set_filter_option(out.get(), "gzip", "compression-level", "9");
  archive_write_set_format_ustar(out.get());
  archive_write_set_bytes_in_last_block(out.get(), 1);
  if (archive_write_open(out.get(), &bytes, nullptr, &append, nullptr) != ARCHIVE_OK) {
    return Error::internal("cannot make an archive: " + words(out.get()));
  }
  for (const ArchiveMember& member : members) TRY(write_member(out.get(), member));
  if (archive_write_close(out.get()) != ARCHIVE_OK) {
    return Error::internal("cannot finish an archive: " + words(out.get()));
  }
  return bytes;
}

Result<void> read_archive(std::string_view bytes, const ArchiveVisitor& visit,
                          const ArchiveLimits& limits) {
  return ArchiveReader(bytes, limits).read(visit);
}

}  // namespace capstan
