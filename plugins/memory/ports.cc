#include "plugins/memory/ports.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "runtime/base/text.h"

namespace capstan::memory {
namespace {

bool can_listen(const std::string& address, uint16_t port) {
  namespace asio = boost::asio;
  asio::io_context context(1);
  asio::ip::tcp::acceptor acceptor(context);
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address), port);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::ip::tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  // Only this tells of a socket that is bound and does not listen yet.
  if (!error) acceptor.listen(1, error);
  return !error;
}

}  // namespace

std::string loopback_address(const std::string& owner) {
  const uint64_t hash = fnv1a(owner);
  return "127." + std::to_string(1 + (hash >> 32) % 254) + "." + std::to_string(hash >> 40 & 255) +
         "." + std::to_string(1 + (hash >> 48) % 254);
}

void Ports::set_range(PortRange range) {
  const std::scoped_lock lock(mutex_);
  range_ = range;
}

Result<uint16_t> Ports::take(const std::string& owner) {
  const std::scoped_lock lock(mutex_);
  if (const auto own = by_owner_.find(owner); own != by_owner_.end()) return own->second;
  const uint32_t count = range_.last - range_.first + 1U;
  // Starts where the owner's name says, so that few are tried even when many are taken.
  const uint32_t start = static_cast<uint32_t>(fnv1a(owner) % count);
  const std::string address = loopback_address(owner);
  for (uint32_t i = 0; i < count; ++i) {
    const auto port = static_cast<uint16_t>(range_.first + (start + i) % count);
    if (by_port_.contains(port) || !can_listen(address, port)) continue;
    by_owner_[owner] = port;
    by_port_[port] = owner;
    return port;
  }
  return Error{Code::kResourceExhausted,
               "all ports from " + std::to_string(range_.first) + " to " +
                   std::to_string(range_.last) +
                   " are taken; give the memory plugin a wider range by its settings firstPort "
                   "and lastPort",
               {},
               {}};
}

void Ports::keep(const std::string& owner, uint16_t port) {
  const std::scoped_lock lock(mutex_);
  by_owner_[owner] = port;
  by_port_[port] = owner;
}

void Ports::release(const std::string& owner) {
  const std::scoped_lock lock(mutex_);
  const auto own = by_owner_.find(owner);
  if (own == by_owner_.end()) return;
  const auto port = by_port_.find(own->second);
  if (port != by_port_.end() && port->second == owner) by_port_.erase(port);
  by_owner_.erase(own);
}

}  // namespace capstan::memory
