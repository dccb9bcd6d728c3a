#include "tests/e2e/connect_proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>

#include "aggregation/base/status.h"

namespace tributary {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// The request's head; empty if it is none.
std::string Head(int fd) {
  std::string head;
  for (char byte = 0; head.size() < 8192 && !head.ends_with("\r\n\r\n"); head += byte)
    if (::recv(fd, &byte, 1, 0) != 1) return "";
  return head;
}

// Passes on what comes until one end closes.
void PassOn(int one, int other) {
  pollfd ends[] = {{one, POLLIN, 0}, {other, POLLIN, 0}};
  char block[16384];
  while (::poll(ends, 2, -1) > 0)
    for (int i : {0, 1}) {
      if (ends[i].revents == 0) continue;
      const ssize_t got = ::recv(ends[i].fd, block, sizeof block, 0);
      if (got <= 0) return;
      for (ssize_t sent = 0; sent < got;) {
        const auto left = static_cast<size_t>(got - sent);
        const ssize_t now = ::send(ends[1 - i].fd, block + sent, left, MSG_NOSIGNAL);
        if (now <= 0) return;
        sent += now;
      }
    }
}

}  // namespace

ConnectProxy::ConnectProxy() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  TRIBUTARY_CHECK(::bind(listener_.get(), any, size) == 0 && ::listen(listener_.get(), 64) == 0 &&
                      ::getsockname(listener_.get(), any, &size) == 0,
                  "loopback has a free port");
  port_ = ntohs(address.sin_port);
  accepting_ = std::jthread([this] { Accept(); });
}

ConnectProxy::~ConnectProxy() {
  stopping_ = true;
  ::shutdown(listener_.get(), SHUT_RDWR);
  accepting_.join();
  CutAll();
}

std::vector<std::string> ConnectProxy::asked() const {
  const std::scoped_lock lock(mutex_);
  return asked_;
}

void ConnectProxy::CutAll() {
  const std::scoped_lock lock(mutex_);
  for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
}

void ConnectProxy::Accept() {
  while (!stopping_) {
    const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    tunnels_.emplace_back([this, client] { Tunnel(client); });
  }
}

void ConnectProxy::Tunnel(int client) {
  const FileHandle here(client), there(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  {
    const std::scoped_lock lock(mutex_);
    open_.insert(open_.end(), {here.get(), there.get()});
  }
  const std::string head = Head(here.get());
  const size_t end = head.find(" HTTP/1.1\r\n"), colon = head.rfind(':', end);
  if (head.starts_with("CONNECT ") && end != head.npos && colon < end) {
    const sockaddr_in address = Loopback(std::atoi(head.c_str() + colon + 1));
    {
      const std::scoped_lock lock(mutex_);
      asked_.push_back(head.substr(8, end - 8));
    }
    const std::string answer = "HTTP/1.1 200 Connection established\r\n\r\n";
    if (::connect(there.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        ::send(here.get(), answer.data(), answer.size(), MSG_NOSIGNAL) > 0)
      PassOn(here.get(), there.get());
  }
  const std::scoped_lock lock(mutex_);
  std::erase_if(open_, [&](int fd) { return fd == here.get() || fd == there.get(); });
}

}  // namespace tributary
