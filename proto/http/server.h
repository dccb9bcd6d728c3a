#pragma once
// A small HTTP server for people and programs that only read: GET and HEAD, loopback only. Whoever
// may use it is decided here, what it says is the handler's affair.
//
// Without a token everybody on this machine may read, so a browser must not be led here by a name
// of somebody else's choice (DNS rebinding): the Host header must be a loopback address. With one,
// every page but the open ones needs "Authorization: Bearer TOKEN". There are no cookies, so a
// foreign page cannot borrow a reader's rights.

#include <filesystem>
#include <functional>
#include <future>
#include <memory>

#include "aggregation/base/status.h"
#include "privacy/crypto/secret.h"

struct mg_connection;
struct mg_context;

namespace tributary::http {

struct Answer {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
};

struct Options {
  std::string listen;                // "host:port"; port 0: any
  std::filesystem::path token_file;  // as ReadToken has it; empty: no token is asked for
  // Pages that need no token, since they say nothing about the project.
  std::function<bool(std::string_view path)> is_open;
  // Called from several threads at once.
  std::function<Answer(std::string_view path)> handle;
};

class Server {
 public:
  // Errors of ReadToken, INVALID_ARGUMENT where the address is not a loopback one, UNAVAILABLE
  // where it is taken.
  static Result<std::unique_ptr<Server>> Start(Options options);
  ~Server();  // waits for answers under way

  int port() const { return port_; }

 private:
  Server(Options options, privacy::Secret token)
      : options_(std::move(options)), token_(std::move(token)) {}
  static int OnRequest(mg_connection* connection);
  Answer AnswerTo(const mg_connection* connection, std::string_view path) const;
  bool HasToken(const mg_connection* connection) const;

  const Options options_;
  const privacy::Secret token_;
  mg_context* context_ = nullptr;
  int port_ = 0;
};

// What another thread says, which is given five seconds; `whose` it is stands in the error.
Result<std::string> AnswerOf(std::future<Result<std::string>> answer, std::string_view whose);

// What a question that failed is answered with.
Answer AnswerOf(const Error& why);

// The token of a private file: its first line. At least 16 printable characters, so that guessing
// it is hopeless.
Result<privacy::Secret> ReadToken(const std::filesystem::path& file);

}  // namespace tributary::http
