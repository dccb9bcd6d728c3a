#include "coordinator/monitor/endpoints.h"

#include <future>

#include "coordinator/daemon/status.h"
#include "coordinator/monitor/assets.h"

namespace tributary::monitor {
namespace {

constexpr std::string_view kRuns = "/api/v1/runs";

const Asset* FindAsset(std::string_view path) {
  for (const Asset& asset : Assets())
    if (asset.path == path) return &asset;
  return nullptr;
}

}  // namespace

bool Endpoints::IsOpen(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || FindAsset(path) != nullptr;
}

Result<std::string> Endpoints::Ask(Make make) {
  if (!is_ready_) return MakeError(Code::kUnavailable, "the coordinator starts or stops");
  const auto promise = std::make_shared<std::promise<Result<std::string>>>();
  std::future<Result<std::string>> answer = promise->get_future();
  const bool posted = driver_.Post(
      [promise, make](daemon::Federation& federation) { promise->set_value(make(federation)); });
  if (!posted) return MakeError(Code::kUnavailable, "the coordinator stops");
  return http::AnswerOf(std::move(answer), "the coordinator's");
}

http::Answer Endpoints::Serve(std::string_view path) {
  if (path == "/readyz" || (path == "/healthz" && !is_ready_))
    return is_ready_
               ? http::Answer{200, "text/plain", "ready\n"}
               : http::Answer{path == "/readyz" ? 503 : 200, "text/plain", "starts or stops\n"};
  if (path == "/healthz") {
    const auto alive = Ask([](daemon::Federation&) { return "alive\n"; });
    return alive ? http::Answer{200, "text/plain", *alive} : http::AnswerOf(alive.error());
  }
  if (path == "/metrics") {
    auto text = Ask([this](daemon::Federation& f) { return metrics_.Render(f, read_()); });
    if (!text) return http::AnswerOf(text.error());
    return {200, "text/plain; version=0.0.4; charset=utf-8", *std::move(text)};
  }
  if (const Asset* asset = FindAsset(path))
    return {200, std::string(asset->type) + "; charset=utf-8", std::string(asset->body)};
  if (path.starts_with(kRuns)) return Document(path.substr(kRuns.size()));
  return {404, "text/plain", "there is no such page\n"};
}

// "", "/RUN", "/RUN/clients", "/RUN/rounds"
http::Answer Endpoints::Document(std::string_view path) {
  const size_t slash = path.find('/', 1);
  const std::string run(path.substr(0, slash)), what(slash == path.npos ? "" : path.substr(slash));
  auto json = Ask([this, run, what](daemon::Federation& f) -> Result<std::string> {
    if (run.empty()) return daemon::RunsJson(f, driver_.Now());
    ASSIGN_OR_RETURN(const daemon::Run* const found, f.RunOf(RunId{run.substr(1)}));
    if (what.empty()) return daemon::StatusJson(f, *found, driver_.Now());
    if (what == "/clients") return daemon::ClientsJson(f, *found);
    if (what == "/rounds") return daemon::RoundsJson(f, *found);
    return MakeError(Code::kNotFound, "there is no such page");
  });
  if (!json) return http::AnswerOf(json.error());
  return {200, "application/json", *std::move(json)};
}

}  // namespace tributary::monitor
