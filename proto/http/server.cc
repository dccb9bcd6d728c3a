#include "proto/http/server.h"

#include <civetweb.h>

#include <algorithm>
#include <array>

#include "privacy/crypto/hmac.h"
#include "privacy/crypto/private_file.h"
#include "proto/rpc/loopback.h"

namespace tributary::http {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr size_t kLeastToken = 16;

// Scripts, styles and data come from this server and from nowhere else; nobody may frame it.
constexpr std::string_view kHeaders =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors "
    "'none'\r\n"
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n"
    "Connection: close\r\n";

std::string_view Header(const mg_connection* connection, const char* name) {
  const char* const value = mg_get_header(connection, name);
  return value == nullptr ? std::string_view() : value;
}

std::string_view Phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

bool IsLoopbackHost(std::string_view host) {
  return rpc::IsLoopback(host) || host == "[::1]";  // with a port or without
}

}  // namespace

Answer AnswerOf(const Error& why) {
  const int status = why.code == Code::kNotFound ? 404 : why.code == Code::kUnavailable ? 503 : 500;
  return {status, "text/plain; charset=utf-8", why.message + "\n"};
}

Result<std::string> AnswerOf(std::future<Result<std::string>> answer, std::string_view whose) {
  constexpr std::chrono::seconds kPatience{5};
  if (answer.wait_for(kPatience) != std::future_status::ready)
    return MakeError(Code::kUnavailable, "{} thread has not answered for {} s", whose,
                     kPatience.count());
  return answer.get();
}

Result<privacy::Secret> ReadToken(const std::filesystem::path& file) {
  ASSIGN_OR_RETURN(const privacy::Secret content, privacy::ReadPrivateFile(file));
  const std::string_view text = content.text();
  const std::string_view token = text.substr(0, text.find_first_of("\r\n"));
  const bool is_printable =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 127; });
  if (token.size() < kLeastToken || !is_printable)
    return InvalidArgument(
        "{}: its first line must be a token of at least {} printable characters without spaces",
        file.string(), kLeastToken);
  return privacy::Secret::CopyOf(token);
}

Result<std::unique_ptr<Server>> Server::Start(Options options) {
  privacy::Secret token;
  if (!options.token_file.empty()) {
    ASSIGN_OR_RETURN(token, ReadToken(options.token_file));
  }
  const std::string listen = options.listen;
  if (!rpc::IsLoopback(listen))
    return InvalidArgument(
        "http.listen = \"{}\": only loopback addresses are served, such as 127.0.0.1:7342; for "
        "others put a proxy with TLS in front of it and set http.token_file",
        listen);
  auto server = std::unique_ptr<Server>(new Server(std::move(options), std::move(token)));
  mg_init_library(0);
  const std::string address =
      listen.starts_with("localhost:") ? "127.0.0.1" + listen.substr(9) : listen;
  const std::array<const char*, 13> settings = {"listening_ports",
                                                address.c_str(),
                                                "num_threads",
                                                "4",
                                                "request_timeout_ms",
                                                "10000",
                                                "enable_keep_alive",
                                                "no",
                                                "max_request_size",
                                                "16384",
                                                "tcp_nodelay",
                                                "1",
                                                nullptr};
  mg_callbacks callbacks{};
  callbacks.begin_request = &Server::OnRequest;
  callbacks.log_message = [](const mg_connection*, const char*) { return 1; };
  server->context_ = mg_start(&callbacks, server.get(), const_cast<const char**>(settings.data()));
  mg_server_port bound{};
  if (server->context_ == nullptr || mg_get_server_ports(server->context_, 1, &bound) < 1)
    return MakeError(Code::kUnavailable, "http.listen = \"{}\": cannot listen there; is it taken?",
                     listen);
  server->port_ = bound.port;
  return server;
}

Server::~Server() {
  if (context_ != nullptr) mg_stop(context_);
  mg_exit_library();
}

int Server::OnRequest(mg_connection* connection) {
  const mg_request_info* const request = mg_get_request_info(connection);
  const auto* const self = static_cast<const Server*>(request->user_data);
  const std::string_view path = request->local_uri == nullptr ? "" : request->local_uri;
  const std::string_view method = request->request_method;
  const Answer answer = method == "GET" || method == "HEAD"
                            ? self->AnswerTo(connection, path)
                            : Answer{405, "text/plain", "only GET and HEAD\n"};
  std::string text =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}{}\r\n",
                  answer.status, Phrase(answer.status), answer.type, answer.body.size(), kHeaders,
                  answer.status == 401 ? "WWW-Authenticate: Bearer\r\n" : "");
  if (method != "HEAD") text += answer.body;
  mg_write(connection, text.data(), text.size());
  return answer.status;
}

Answer Server::AnswerTo(const mg_connection* connection, std::string_view path) const {
  if (token_.size() == 0 && !IsLoopbackHost(Header(connection, "Host")))
    return {403, "text/plain", "without a token the host must be a loopback address\n"};
  if (!options_.is_open(path) && !HasToken(connection))
    return {401, "text/plain", "the token of http.token_file is needed: Authorization: Bearer\n"};
  return options_.handle(path);
}

bool Server::HasToken(const mg_connection* connection) const {
  if (token_.size() == 0) return true;
  const std::string_view given = Header(connection, "Authorization");
  if (!given.starts_with(kBearer)) return false;
  return privacy::EqualInConstantTime(std::as_bytes(std::span(given.substr(kBearer.size()))),
                                      token_.bytes());
}

}  // namespace tributary::http
