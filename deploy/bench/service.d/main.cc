// The clients' side of the benchmarks of the service, and its rival. See deploy/bench/service.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>

#include "deploy/bench/service.d/bare_stream.h"
#include "deploy/bench/service.d/peer.h"
#include "deploy/bench/service.d/sites.h"

namespace tributary::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

struct Options {
  std::filesystem::path config, sites, directory, model_config, identity, file, replies, ready;
  std::string insecure;
  int64_t count = 1, first = 0, salt = 0;
  double beat = 0, time = 0, since = 0;
  bool fetches = true, offers = true, together = false;
  int port = 0;
};

struct Sum {
  int64_t accepted = 0, dismissed = 0, lost = 0, ended = 0;
  std::vector<Duration> replies, uploads;
};

Sum Add(const std::vector<std::unique_ptr<Peer>>& peers) {
  Sum sum;
  for (const auto& peer : peers) {
    const PeerFigures figures = peer->figures();
    sum.accepted += figures.accepted;
    sum.dismissed += figures.dismissed;
    sum.lost += figures.is_lost;
    sum.ended += figures.has_ended;
    sum.replies.insert(sum.replies.end(), figures.replies.begin(), figures.replies.end());
    sum.uploads.insert(sum.uploads.end(), figures.uploads.begin(), figures.uploads.end());
  }
  return sum;
}

// Beats are spread evenly over the period, until it is time or every peer's run has ended.
void KeepTime(const Options& options, const std::vector<std::unique_ptr<Peer>>& peers) {
  const auto began = Clock::now();
  const auto is_over = [&](const Sum& sum) {
    const auto done =
        sum.lost + (options.offers ? sum.ended : static_cast<int64_t>(sum.uploads.size()));
    return options.time > 0 ? Clock::now() - began >= Seconds(options.time)
                            : done >= static_cast<int64_t>(peers.size());
  };
  const auto count = static_cast<double>(peers.size());
  auto look = began;
  for (size_t next = 0;; next = (next + 1) % peers.size()) {
    if (Clock::now() >= look) {
      if (is_over(Add(peers))) return;
      look = Clock::now() + std::chrono::milliseconds(100);
    }
    const auto step = Seconds(options.beat > 0 ? options.beat / count : 0.02);
    if (options.beat > 0) peers[next]->Beat();
    std::this_thread::sleep_for(step);
  }
}

Result<int> Peers(const Options& options) {
  std::barrier together(options.count);
  std::vector<std::unique_ptr<Peer>> peers;
  const auto began = Clock::now();
  for (int64_t i = 0; i < options.count; ++i) {
    PeerOptions peer{options.sites / SiteName(options.first + i),
                     options.insecure,
                     options.directory,
                     options.model_config,
                     options.salt,
                     options.fetches,
                     options.offers,
                     nullptr};
    if (options.together) peer.together = &together;
    ASSIGN_OR_RETURN(auto dialled, Peer::Dial(std::move(peer)));
    peers.push_back(std::move(dialled));
  }
  const Seconds connecting = Clock::now() - began;
  if (!options.ready.empty()) std::ofstream(options.ready) << "ready\n";
  KeepTime(options, peers);
  const Seconds whole = Clock::now() - began;
  const Sum sum = Add(peers);
  if (!options.replies.empty()) {
    std::ofstream out(options.replies);
    for (const Duration reply : sum.replies) out << reply.count() << "\n";
  }
  const Duration upload =
      sum.uploads.empty() ? Duration(0) : *std::ranges::max_element(sum.uploads);
  fmt::print(
      "{{\"peers\": {}, \"accepted\": {}, \"dismissed\": {}, \"lost\": {}, \"connecting\": {:.3f}, "
      "\"whole\": {:.3f}, \"slowest_upload\": {:.4f}, \"beats\": {}}}\n",
      options.count, sum.accepted, sum.dismissed, sum.lost, connecting.count(), whole.count(),
      Seconds(upload).count(), sum.replies.size());
  return sum.lost == 0 ? 0 : 1;
}

double UnixSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Prints the seconds from `since` until the coordinator has answered an operator.
Result<int> Serving(const Options& options) {
  rpc::Endpoint endpoint{options.insecure};
  endpoint.insecure = !options.insecure.empty();
  endpoint.name = "bench";
  endpoint.role = "admin";
  if (!endpoint.insecure) {
    endpoint.identity = options.identity;
    endpoint.address = privacy::CoordinatorOf(options.identity);
  }
  for (;;) {
    ASSIGN_OR_RETURN(const auto channel, rpc::Channel::Open(endpoint));
    const auto runs =
        channel->Call<proto::Document>("Admin/Runs", proto::RunsRequest{}, std::chrono::seconds(1));
    if (runs) break;
    if (runs.error().code != Code::kUnavailable && runs.error().code != Code::kDeadlineExceeded)
      return tl::unexpected(runs.error());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  fmt::print("{{\"serving_after\": {:.3f}}}\n", UnixSeconds() - options.since);
  return 0;
}

Result<int> Bare(const Options& options) {
  if (options.port == 0) {
    RETURN_IF_ERROR(ServeBareStreams(options.identity));
    return 0;
  }
  ASSIGN_OR_RETURN(const double took, SendBareStream(options.identity, options.port, options.file));
  fmt::print("{{\"seconds\": {:.4f}}}\n", took);
  return 0;
}

Result<int> Run(int argc, char** argv) {
  Options o;
  CLI::App app("Clients that train nothing, many in a process, for deploy/bench/service");
  app.require_subcommand(1);
  auto* sites = app.add_subcommand("sites", "Make keys and certificates of many sites");
  sites->add_option("CONFIG", o.config, "The coordinator's configuration")->required();
  sites->add_option("COUNT", o.count)->required();
  sites->add_option("OUT", o.sites)->required();
  auto* peers = app.add_subcommand("peers", "Be those sites until their runs have ended");
  peers->add_option("--sites", o.sites)->required();
  peers->add_option("--insecure", o.insecure, "The coordinator's address, to go without TLS");
  peers->add_option("--first", o.first);
  peers->add_option("--count", o.count);
  peers->add_option("--directory", o.directory, "For outboxes and caches")->required();
  peers->add_option("--model-config", o.model_config);
  peers->add_option("--salt", o.salt, "Another number, other updates");
  peers->add_option("--beat", o.beat, "Seconds between two heartbeats of a site; 0: none");
  peers->add_option("--time", o.time, "Seconds; 0: until every run has ended");
  peers->add_option("--replies", o.replies, "File for the microseconds of every reply");
  peers->add_option("--ready", o.ready, "File that is made when all are connected");
  peers->add_flag("--together", o.together, "Nobody uploads before all have their update");
  peers->add_flag("!--no-fetch", o.fetches, "Fetch no checkpoints");
  peers->add_flag("!--no-offer", o.offers, "End when the bytes are there");
  auto* serving = app.add_subcommand("serving", "Wait until the coordinator answers");
  serving->add_option("--identity", o.identity);
  serving->add_option("--insecure", o.insecure);
  serving->add_option("--since", o.since, "Unix seconds");
  auto* bare = app.add_subcommand("bare", "The bare stream: serve it, or send a file to --port");
  bare->add_option("--identity", o.identity)->required();
  bare->add_option("--port", o.port);
  bare->add_option("--file", o.file);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e);
  }
  if (sites->parsed()) {
    RETURN_IF_ERROR(MakeSites(o.config, o.count, o.sites));
    return 0;
  }
  if (peers->parsed()) return Peers(o);
  return serving->parsed() ? Serving(o) : Bare(o);
}

}  // namespace
}  // namespace tributary::bench

int main(int argc, char** argv) {
  const auto result = tributary::bench::Run(argc, argv);
  if (!result) fmt::print(stderr, "service_bench: {}\n", result.error().message);
  return result ? *result : 1;
}
