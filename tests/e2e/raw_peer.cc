#include "tests/e2e/raw_peer.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>

#include "aggregation/base/status.h"
#include "tests/coordinator/command/program.h"

namespace tributary {

RawPeer::RawPeer(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  TRIBUTARY_CHECK(
      ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
      "somebody listens");
}

bool RawPeer::Send(const std::string& bytes) const {
  return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

bool RawPeer::IsClosed() const {
  pollfd poll{fd_.get(), POLLIN, 0};
  char block[4096];
  while (::poll(&poll, 1, 60'000) > 0)
    if (::recv(fd_.get(), block, sizeof block, 0) <= 0) return true;
  return false;
}

bool RawPeer::IsOpen() const {
  pollfd poll{fd_.get(), POLLIN, 0};
  return ::poll(&poll, 1, 0) == 0;
}

bool HasOpensslProgram() {
  return std::system("command -v openssl > /dev/null 2>&1") == 0;  // NOLINT
}

std::string SayInTls(int port, const std::filesystem::path& identity, const std::string& bytes) {
  const ScratchDirectory scratch;
  const std::string file = (scratch.path() / "bytes").string();
  WriteText(file, bytes);
  const std::string tls = (identity / "tls.pem").string();
  const std::string command = fmt::format(
      "timeout 5 openssl s_client -quiet -alpn h2 -connect 127.0.0.1:{1} -cert {2} -key {2} "
      "-cert_chain {2} < {0} 2> /dev/null",
      file, port, tls);
  FILE* pipe = ::popen(command.c_str(), "r");
  TRIBUTARY_CHECK(pipe != nullptr, "a shell can be started");
  std::string heard;
  char block[4096];
  for (size_t got; (got = std::fread(block, 1, sizeof block, pipe)) > 0;) heard.append(block, got);
  ::pclose(pipe);
  return heard;
}

std::string Http2Preface() { return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Http2Frame(4, 0, 0, ""); }

std::string Http2Frame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload) {
  const auto size = static_cast<uint32_t>(payload.size());
  std::string frame;
  for (const int shift : {16, 8, 0}) frame += static_cast<char>(size >> shift & 0xff);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(stream >> shift & 0xff);
  return frame + payload;
}

}  // namespace tributary
