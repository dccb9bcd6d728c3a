#pragma once
// A request as the audit log tells it: every line of text, number and yes or no of it by its name;
// of documents and bytes the digest alone.

#include <nlohmann/json.hpp>

#include "aggregation/base/digest.h"
#include "proto/message.h"

namespace tributary::service {

namespace audited {
inline nlohmann::json Of(const std::string& text) { return text; }
inline nlohmann::json Of(const RunId& run) { return run.value; }
inline nlohmann::json Of(const ClientId& client) { return client.value; }
inline nlohmann::json Of(bool value) { return value; }
inline nlohmann::json Of(Duration value) {
  return std::chrono::duration_cast<std::chrono::seconds>(value).count();
}
inline nlohmann::json Of(const std::vector<std::string>& texts) { return texts; }
inline nlohmann::json Of(const proto::Bytes& bytes) { return Sha256(bytes.value).Hex(); }
inline nlohmann::json Of(const proto::Text& text) { return Sha256(text.value).Hex(); }
}  // namespace audited

template <typename Request>
nlohmann::json ObjectOf(const Request& request) {
  nlohmann::json object = nlohmann::json::object();
  Request::Fields(request, [&](std::string_view name, const auto& value) {
    object[std::string(name)] = audited::Of(value);
  });
  return object;
}

}  // namespace tributary::service
