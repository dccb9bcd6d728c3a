// What a client tells people and programs at its site: `status --client`, and pages over HTTP.

#include <future>

#include "aggregation/base/version.h"
#include "client/edge/edge.h"
#include "proto/rpc/enrol.h"

namespace tributary::edge {
namespace {

double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

std::string_view StateOf(client::Phase phase, std::string_view step) {
  if (phase == client::Phase::kWorking) return step.empty() ? "waiting" : step;
  return phase == client::Phase::kUploading ? "uploading" : "reporting";
}

}  // namespace

View Edge::Look() const {
  View view;
  view.name = name_;
  view.coordinator = address_;
  view.project = project_;
  view.version = self_.program;
  view.numerics = self_.numerics;
  view.device = self_.device;
  view.is_connected = link_ != nullptr;
  view.connected_seconds = Seconds(Now() - link_changed_);
  if (renewal_ != nullptr)
    if (const auto own = rpc::OwnCredentials(IdentityDirectory(settings_)))
      view.certificate_expires = own->leaf.not_after;
  view.bytes_sent = traffic_.sent;
  view.bytes_received = traffic_.received;
  for (const auto& [id, run] : runs_) {
    if (id == kLink) continue;
    const client::TaskInHand& in_hand = run.session->in_hand();
    RunView& shown = view.runs.emplace_back();
    shown = {id, run.session->standing(), in_hand.task, "idle", 0, in_hand.round, run.last, ""};
    shown.detail = DetailOf(run);
    if (!in_hand.task) continue;
    shown.state = uploading_.contains(id) ? "uploading" : StateOf(run.session->phase(), run.step);
    shown.seconds = Seconds(Now() - run.since);
  }
  return view;
}

// Any thread but the driver's.
Result<std::string> Edge::Ask(std::function<std::string()> make) {
  const auto promise = std::make_shared<std::promise<Result<std::string>>>();
  std::future<Result<std::string>> answer = promise->get_future();
  Post([promise, make = std::move(make)] { promise->set_value(make()); });
  return http::AnswerOf(std::move(answer), "the client's");
}

http::Answer Edge::Serve(std::string_view path) {
  const auto serve = [this](const char* type, std::function<std::string()> make) -> http::Answer {
    auto text = Ask(std::move(make));
    if (!text) return http::AnswerOf(text.error());
    return {200, type, *std::move(text)};
  };
  if (path == "/healthz") return serve("text/plain", [] { return "alive\n"; });
  if (path == "/readyz") {
    const auto ready = Ask([this] { return link_ == nullptr ? "" : "connected\n"; });
    if (ready && !ready->empty()) return {200, "text/plain", *ready};
    return {503, "text/plain", "not connected to the coordinator\n"};
  }
  if (path == "/metrics")
    return serve("text/plain; version=0.0.4; charset=utf-8",
                 [this] { return metrics_.Render(Look()); });
  if (path == "/api/v1/status") return serve("application/json", [this] { return ToJson(Look()); });
  return {404, "text/plain", "there is no such page\n"};
}

Status Edge::OpenHttp() {
  if (settings_.http_listen.empty()) return {};
  http::Options options;
  options.listen = settings_.http_listen;
  options.token_file = settings_.http_token_file;
  options.is_open = [](std::string_view path) { return path == "/healthz" || path == "/readyz"; };
  options.handle = [this](std::string_view path) { return Serve(path); };
  ASSIGN_OR_RETURN(http_, http::Server::Start(std::move(options)));
  return {};
}

std::optional<int> Edge::http_port() const {
  return http_ == nullptr ? std::nullopt : std::optional(http_->port());
}

}  // namespace tributary::edge
