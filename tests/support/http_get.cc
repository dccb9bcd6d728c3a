#include "tests/support/http_get.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace tributary {

HttpReply HttpGet(int port, const std::string& path, const std::vector<std::string>& headers,
                  const std::string& method) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
    return close(fd), HttpReply();
  std::string text = method + " " + path + " HTTP/1.1\r\n";
  for (const std::string& header : headers) text += header + "\r\n";
  const bool names_host = std::any_of(headers.begin(), headers.end(), [](const std::string& line) {
    return line.starts_with("Host:");
  });
  text += names_host ? "\r\n" : "Host: localhost\r\n\r\n";
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t n = send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) break;
    sent += static_cast<size_t>(n);
  }
  std::string reply;
  char buffer[4096];
  for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) > 0;)
    reply.append(buffer, static_cast<size_t>(n));
  close(fd);
  const size_t end = reply.find("\r\n\r\n");
  if (!reply.starts_with("HTTP/1.1 ") || end == std::string::npos) return {};
  return {std::stoi(reply.substr(9)), reply.substr(0, end), reply.substr(end + 4)};
}

}  // namespace tributary
