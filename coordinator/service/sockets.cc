#include "coordinator/service/sockets.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace tributary::service {
namespace {

void Set(int fd, int level, int option, int value) {
  (void)::setsockopt(fd, level, option, &value, sizeof value);  // each is an improvement only
}

int PortOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

// `port` 0: the address' own.
Result<FileHandle> Bind(const addrinfo& where, int port, const std::string& listen) {
  sockaddr_storage address{};
  std::memcpy(&address, where.ai_addr, where.ai_addrlen);
  if (port != 0 && where.ai_family == AF_INET)
    reinterpret_cast<sockaddr_in&>(address).sin_port = htons(static_cast<uint16_t>(port));
  if (port != 0 && where.ai_family == AF_INET6)
    reinterpret_cast<sockaddr_in6&>(address).sin6_port = htons(static_cast<uint16_t>(port));
  FileHandle fd(::socket(where.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  Set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (fd.get() < 0 ||
      ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), where.ai_addrlen) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0)
    return MakeError(Code::kUnavailable, "cannot listen on {}: {}{}", listen, std::strerror(errno),
                     errno == EADDRINUSE ? "; is another coordinator running?" : "");
  return fd;
}

}  // namespace

Result<Listeners> ListenOn(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int fault = colon == std::string::npos || host.empty()
                        ? EAI_NONAME
                        : ::getaddrinfo(host.c_str(), listen.c_str() + colon + 1, &wanted, &found);
  if (fault != 0)
    return InvalidArgument("cannot listen on \"{}\": {}, expected host:port", listen,
                           ::gai_strerror(fault));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  Listeners listeners;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    ASSIGN_OR_RETURN(FileHandle fd, Bind(*at, listeners.port, listen));
    if (listeners.port == 0) listeners.port = PortOf(fd.get());
    listeners.sockets.push_back(std::move(fd));
  }
  return listeners;
}

PeerName PeerOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {fmt::format("ipv4:{}:{}", text, ntohs(v4.sin_port)), text};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  const int port = ntohs(v6.sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    ::inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text, sizeof text);
    return {fmt::format("ipv4:{}:{}", text, port), text};
  }
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  PeerName name{fmt::format("ipv6:%5B{}%5D:{}", text, port), {}};
  in6_addr network = v6.sin6_addr;
  std::memset(network.s6_addr + 8, 0, 8);
  ::inet_ntop(AF_INET6, &network, text, sizeof text);
  name.address = text;
  return name;
}

void Tune(int fd, Duration unanswered) {
  Set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  Set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(unanswered).count()));
}

}  // namespace tributary::service
