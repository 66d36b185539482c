#include "runtime/plugin/elf.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "runtime/system/file_descriptor.h"
#include "sdk/include/capstan/abi.h"

namespace capstan {
namespace {

// Bounds on what a file can make the reader allocate.
constexpr uint64_t kMaxTable = uint64_t{64} << 20;
constexpr size_t kMaxExported = 100'000;
constexpr size_t kMaxNeeded = 1000;  // of libraries, and of versions
constexpr size_t kMaxName = 4096;

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
constexpr uint16_t kMachine = EM_NONE;
#endif

// Where the bytes are. A file is read in ranges, so only the tables of a big library are touched,
// and one that shrinks meanwhile gives an error instead of a signal.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Nothing where the range is not wholly there.
  virtual std::optional<std::string> range(uint64_t offset, uint64_t size) const = 0;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  std::optional<std::string> range(uint64_t offset, uint64_t size) const override {
    if (offset > bytes_.size() || bytes_.size() - offset < size) return std::nullopt;
    return std::string(bytes_.substr(offset, size));
  }

 private:
  std::string_view bytes_;
};

class FileSource final : public ByteSource {
 public:
  FileSource(int fd, uint64_t size) : fd_(fd), size_(size) {}
  std::optional<std::string> range(uint64_t offset, uint64_t size) const override {
    if (offset > size_ || size_ - offset < size) return std::nullopt;
    std::string bytes(size, '\0');
    size_t done = 0;
    while (done < size) {
      const ssize_t count =
          ::pread(fd_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
      if (count <= 0) return std::nullopt;
      done += static_cast<size_t>(count);
    }
    return bytes;
  }

 private:
  int fd_;
  uint64_t size_;
};

// The record at an index of a table.
template <typename T>
std::optional<T> record(std::string_view table, uint64_t index) {
  if (index >= table.size() / sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, table.data() + index * sizeof(T), sizeof(T));
  return value;
}

// The record at an offset of a table, for tables whose records say where the next one is.
template <typename T>
std::optional<T> record_at(std::string_view table, uint64_t offset) {
  if (offset > table.size()) return std::nullopt;
  return record<T>(table.substr(offset), 0);
}

// Up to the terminating zero; "" where the offset is outside of the table.
std::string_view text_at(std::string_view table, uint64_t offset) {
  if (offset >= table.size()) return {};
  const std::string_view rest = table.substr(offset);
  return rest.substr(0, rest.find('\0'));
}

class ElfReader {
 public:
  explicit ElfReader(const ByteSource& source) : source_(source) {}

  Result<ElfFile> read() {
    TRY(read_header());
    TRY(read_sections());
    read_segments();
    return std::move(file_);
  }

 private:
  Result<void> read_header() {
    const auto bytes = source_.range(0, sizeof(Elf64_Ehdr));
    const auto header = record<Elf64_Ehdr>(bytes.value_or(""), 0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
      return Error::invalid("no ELF file");
    }
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB) {
      return Error::invalid("no 64-bit little-endian ELF file");
    }
    if (header->e_machine != kMachine) {
      return Error::invalid("built for another processor (ELF machine " +
                            std::to_string(header->e_machine) + ")");
    }
    if (header->e_type != ET_DYN) return Error::invalid("no shared library");
    header_ = *header;
    return {};
  }

  Result<void> read_sections() {
    if (header_.e_shnum == 0) return {};
    if (header_.e_shentsize != sizeof(Elf64_Shdr)) {
      return Error::invalid("section headers of an unknown size");
    }
    auto table = source_.range(header_.e_shoff, uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr));
    if (!table) return Error::invalid("the section headers lie outside of the file");
    sections_ = *std::move(table);
    const std::string names = content(header_.e_shstrndx).value_or("");
    for (uint16_t i = 0; i < header_.e_shnum; ++i) {
      TRY(read_section(*record<Elf64_Shdr>(sections_, i), text_at(names, name_of(i))));
    }
    return {};
  }

  uint32_t name_of(uint16_t index) const { return record<Elf64_Shdr>(sections_, index)->sh_name; }

  std::optional<std::string> content(uint64_t index) const {
    const auto header = record<Elf64_Shdr>(sections_, index);
    return header ? content(*header) : std::nullopt;
  }
  std::optional<std::string> content(const Elf64_Shdr& header) const {
    if (header.sh_type == SHT_NOBITS || header.sh_size > kMaxTable) return std::nullopt;
    return source_.range(header.sh_offset, header.sh_size);
  }

  Result<void> read_section(const Elf64_Shdr& header, std::string_view name) {
    if (name == CAPSTAN_MANIFEST_SECTION) {
      auto manifest = content(header);
      if (!manifest) {
        return Error::invalid("section " CAPSTAN_MANIFEST_SECTION " lies outside of the file");
      }
      file_.manifest = *std::move(manifest);
    } else if (header.sh_type == SHT_DYNSYM) {
      return read_symbols(header);
    } else if (header.sh_type == SHT_DYNAMIC) {
      return read_dynamic(header);
    } else if (header.sh_type == SHT_GNU_verneed) {
      return read_versions(header);
    }
    return {};
  }

  Result<void> read_versions(const Elf64_Shdr& header) {
    const auto needs = content(header);
    const auto names = content(header.sh_link);
    if (!needs || !names) return Error::invalid("the needed versions lie outside of the file");
    // Each record leads forward to the next, so the table's end ends the walk.
    for (uint64_t at = 0;;) {
      const auto need = record_at<Elf64_Verneed>(*needs, at);
      if (!need) return {};
      read_version_names(*needs, at + need->vn_aux, *names);
      if (need->vn_next == 0) return {};
      at += need->vn_next;
    }
  }

  void read_version_names(std::string_view needs, uint64_t at, std::string_view names) {
    while (file_.required_versions.size() < kMaxNeeded) {
      const auto version = record_at<Elf64_Vernaux>(needs, at);
      if (!version) return;
      file_.required_versions.emplace_back(text_at(names, version->vna_name).substr(0, kMaxName));
      if (version->vna_next == 0) return;
      at += version->vna_next;
    }
  }

  Result<void> read_symbols(const Elf64_Shdr& header) {
    const auto symbols = content(header);
    const auto names = content(header.sh_link);
    if (!symbols || !names) {
      return Error::invalid("the dynamic symbol table lies outside of the file");
    }
    for (uint64_t i = 1; const auto symbol = record<Elf64_Sym>(*symbols, i); ++i) {
      const unsigned binding = ELF64_ST_BIND(symbol->st_info);
      const unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);
      if (symbol->st_shndx == SHN_UNDEF || binding == STB_LOCAL || visibility == STV_HIDDEN ||
          visibility == STV_INTERNAL) {
        continue;
      }
      if (file_.exported.size() == kMaxExported) return Error::invalid("too many exported symbols");
      // A name may overlap others, so a small table can give much text.
      file_.exported.emplace_back(text_at(*names, symbol->st_name).substr(0, kMaxName));
      if (binding == STB_GNU_UNIQUE) file_.unique.push_back(file_.exported.back());
    }
    return {};
  }

  Result<void> read_dynamic(const Elf64_Shdr& header) {
    const auto entries = content(header);
    const auto names = content(header.sh_link);
    if (!entries || !names) return Error::invalid("the dynamic section lies outside of the file");
    for (uint64_t i = 0; const auto entry = record<Elf64_Dyn>(*entries, i); ++i) {
      if (entry->d_tag == DT_NULL) break;
      const uint64_t value = entry->d_un.d_val;
      if (entry->d_tag == DT_NEEDED && file_.needed.size() < kMaxNeeded) {
        file_.needed.emplace_back(text_at(*names, value).substr(0, kMaxName));
      }
      if (entry->d_tag == DT_RUNPATH || entry->d_tag == DT_RPATH) {
        file_.run_path = std::string(text_at(*names, value).substr(0, kMaxName));
      }
      if (entry->d_tag == DT_INIT_ARRAYSZ) file_.initialisers = value / sizeof(uint64_t);
      if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (value & DF_TEXTREL) != 0)) {
        file_.text_relocations = true;
      }
    }
    return {};
  }

  void read_segments() {
    if (header_.e_phentsize != sizeof(Elf64_Phdr)) return;
    const auto table =
        source_.range(header_.e_phoff, uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr));
    for (uint64_t i = 0; const auto segment = record<Elf64_Phdr>(table.value_or(""), i); ++i) {
      if (segment->p_type == PT_GNU_STACK && (segment->p_flags & PF_X) != 0) {
        file_.executable_stack = true;
      }
    }
  }

  const ByteSource& source_;
  Elf64_Ehdr header_{};
  std::string sections_;
  ElfFile file_;
};

Error file_error(const std::string& path, const std::string& action) {
  const int code = errno;
  const std::string message = "cannot " + action + " " + path + ": " + std::strerror(code);
  if (code == ENOENT) return Error::not_found(message);
  return {Code::kPermissionDenied, message, {}, {}};
}

}  // namespace

Result<ElfFile> read_elf(std::string_view bytes) {
  return ElfReader(MemorySource(bytes)).read();
}

Result<ElfFile> read_elf_file(const std::string& path, size_t limit) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return file_error(path, "open");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return file_error(path, "stat");
  if (!S_ISREG(status.st_mode)) return Error::invalid(path + " is no regular file");
  if (status.st_size <= 0) return Error::invalid(path + " is empty");
  if (static_cast<size_t>(status.st_size) > limit) {
    return Error::invalid(path + " is too big for a plugin");
  }
  const FileSource source(file.get(), static_cast<uint64_t>(status.st_size));
  auto result = ElfReader(source).read();
  if (!result.ok()) return std::move(result).error().with_context(path);
  return result;
}

}  // namespace capstan
