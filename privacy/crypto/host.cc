#include "privacy/crypto/host.h"

#include <arpa/inet.h>

#include <algorithm>

namespace tributary::privacy {
namespace {

constexpr size_t kMaxHost = 253;
constexpr size_t kMaxLabel = 63;

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

bool IsLabel(std::string_view text) {
  return !text.empty() && text.size() <= kMaxLabel && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), IsHostCharacter);
}

}  // namespace

bool IsIpAddress(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  if (text.find('\0') != text.npos) return false;  // where inet_pton would stop
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

bool IsHostName(std::string_view text) {
  if (text.size() > kMaxHost || IsIpAddress(std::string(text))) return false;
  for (std::string_view rest = text;;) {
    const size_t dot = rest.find('.');
    if (!IsLabel(rest.substr(0, dot))) return false;
    if (dot == rest.npos) return true;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace tributary::privacy
