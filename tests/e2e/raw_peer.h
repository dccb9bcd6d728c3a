#pragma once
// Peers that do not speak gRPC: bare TCP, and bare bytes inside TLS.

#include <filesystem>
#include <string>

#include "aggregation/base/file_handle.h"

namespace tributary {

class RawPeer {
 public:
  explicit RawPeer(int port);  // of 127.0.0.1; connects at once
  bool Send(const std::string& bytes) const;
  // Reads until the other end closes or resets; false if it does not within a minute.
  bool IsClosed() const;
  bool IsOpen() const;  // nothing came, and no end, until now

 private:
  FileHandle fd_;
};

// Bytes for the other end of a TLS connection with that identity's certificate, by the program
// `openssl`; what came back. It ends when the other end closes, or after 5 seconds.
std::string SayInTls(int port, const std::filesystem::path& identity, const std::string& bytes);
bool HasOpensslProgram();

// HTTP/2 (RFC 9113): the client's preface, and one frame.
std::string Http2Preface();
std::string Http2Frame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload);

}  // namespace tributary
