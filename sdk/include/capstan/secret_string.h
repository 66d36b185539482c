// A secret's value, overwritten before its memory is given back. Move only, so that it is in one
// place; its bytes are never in a std::string, whose short values are copied when it is moved.
//
// Thread safety: as a value.
//
// Example:
//   const SecretString token = CAPSTAN_TRY(host.secrets().get("token"));
//   request.header("Authorization", std::string("Bearer ").append(token.reveal()));
#pragma once

#include <string.h>  // explicit_bzero

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace capstan::sdk {

class SecretString {
 public:
  SecretString() = default;
  explicit SecretString(std::string_view value) { append(value); }
  SecretString(SecretString&& other) noexcept { swap(other); }
  SecretString& operator=(SecretString&& other) noexcept {
    SecretString old(std::move(*this));
    swap(other);
    return *this;
  }
  SecretString(const SecretString&) = delete;
  SecretString& operator=(const SecretString&) = delete;
  ~SecretString() { wipe(); }

  // Lifetime: until this changes or ends. Copies are the caller's to wipe; never log it.
  std::string_view reveal() const { return {data_.get(), size_}; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // A value that outgrows its memory is moved, and overwritten where it was.
  void append(std::string_view more) {
    if (more.empty()) return;
    if (more.size() > capacity_ - size_) grow(size_ + more.size());
    std::copy(more.begin(), more.end(), data_.get() + size_);
    size_ += more.size();
  }

  // Overwrites the value; it is empty then.
  void wipe() noexcept {
    if (data_ != nullptr) explicit_bzero(data_.get(), capacity_);
    size_ = 0;
  }

 private:
  void grow(size_t needed) {
    const size_t capacity = std::max<size_t>(needed, std::max<size_t>(64, capacity_ * 2));
    auto data = std::make_unique<char[]>(capacity);
    std::copy(data_.get(), data_.get() + size_, data.get());
    const size_t size = size_;
    wipe();
    data_ = std::move(data);
    capacity_ = capacity;
    size_ = size;
  }
  void swap(SecretString& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  std::unique_ptr<char[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace capstan::sdk
