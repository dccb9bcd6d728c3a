// Real processes on hosts of their own, and networks as they are: packets are lost and late, a link
// breaks in the middle of an upload, a host falls silent.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/scrape.h"
#include "tests/support/virtual_network.h"

namespace tributary {
namespace {

using std::chrono::milliseconds;

// The coordinator is host 0, site-N is host N + 1.
class Network : public testing::Test {
 protected:
  void Start(int clients, const std::string& limits = "", int64_t width = 1) {
    auto network = VirtualNetwork::Make(clients + 1);
    if (!network) GTEST_SKIP() << "no virtual network here: " << network.error().message;
    network_ = *std::move(network);
    clients_ = clients;
    live_ = std::make_unique<LiveFederation>(
        clients, "[http]\nlisten = \"127.0.0.1:0\"\n[limits]\n" + limits,
        LiveFederation::Security::kTls, VirtualNetwork::AddressOf(0));
    if (width > 1) live_->world().WidenModel(width);
    At(0, [&] {
      live_->StartCoordinator();
      port_ = HttpPort(*live_);
    });
    for (int i = 0; i < clients; ++i) At(i + 1, [&] { live_->StartClient(i); });
    EXPECT_EQ(WaitFor("tributary_connections_total{outcome=\"accepted\"}", clients), clients);
  }
  void At(int host, const std::function<void()>& call) { network_->In(host, call); }
  double WaitFor(const std::string& series, double least) {
    double value = -1;
    At(0, [&] { value = WaitForValue(port_, series, least); });
    return value;
  }
  double Metric(const std::string& series) {
    double value = -1;
    At(0, [&] { value = ValueOf(Metrics(port_), series); });
    return value;
  }
  std::string Submit(const Settings& settings) {
    std::string run;
    At(0, [&] { run = live_->Submit(settings); });
    return run;
  }
  Outcome Ask(const std::vector<std::string>& arguments) {
    Outcome outcome;
    At(0, [&] { outcome = live_->Ask(arguments); });
    return outcome;
  }

  std::unique_ptr<VirtualNetwork> network_;
  std::unique_ptr<LiveFederation> live_;
  int clients_ = 0, port_ = 0;
};

TEST_F(Network, LossAndDelayChangeNothing) {
  Start(3);
  if (IsSkipped()) return;
  network_->Set(0, {.loss = 0.02, .delay = milliseconds(50)});
  const Settings settings = {"adapter.method=flora",  "federation.cohort=3",
                             "federation.minimum=3",  "federation.rounds=2",
                             "evaluation.on=clients", "evaluation.holdout=0.3"};
  const std::string run = Submit(settings);
  const Outcome wait = Ask({"wait", run});
  ASSERT_EQ(wait.code, 0) << wait.All() << live_->Said();
  std::string ours;
  At(0, [&] { ours = live_->Adapter(run); });
  ASSERT_EQ(live_->world().Simulate("simulated", settings).code, 0);
  EXPECT_TRUE(ours == live_->world().Adapter("simulated"));
}

// An update of 3.6 MB in chunks of 1 MiB.
TEST_F(Network, ACutLinkGoesOnWhereItWas) {
  Start(1, "upload_gap = \"3s\"\nkeepalive = \"2s\"\n", 8);
  if (IsSkipped()) return;
  const Line slow = {.bytes_per_second = 600'000};
  network_->Set(1, slow);
  const std::string run =
      Submit({"adapter.method=fedit", "adapter.rank=128", "adapter.targets=[\"all-linear\"]",
              "federation.cohort=1", "federation.minimum=1", "federation.rounds=1",
              "evaluation.on=clients", "evaluation.holdout=0.3", "federation.deadline=300s"});
  constexpr const char* kReceived = "tributary_upload_bytes_total";
  constexpr double kChunk = 1 << 20;
  ASSERT_GE(WaitFor(kReceived, kChunk), kChunk) << live_->Said();
  Line cut = slow;
  cut.is_cut = true;
  network_->Set(1, cut);
  const double before = Metric(kReceived);
  // The coordinator gives the client up; the client finds out by itself.
  EXPECT_GE(WaitFor("tributary_refused_total{reason=\"slow\"}", 1), 1) << live_->Said();
  EXPECT_TRUE(live_->client(0).WaitForError("upload_failed")) << live_->Said();
  network_->Set(1, {});
  const Outcome wait = Ask({"wait", run});
  ASSERT_EQ(wait.code, 0) << wait.All() << live_->Said();

  const auto rounds = nlohmann::json::parse(Ask({"rounds", run, "--format", "json"}).out)["rounds"];
  double sent = 0;  // what the updates are, without what was sent twice
  for (const auto& round : rounds) sent += round["bytes_up"].get<double>();
  const double received = Metric(kReceived);
  fmt::print("updates {} bytes, received {}, {} before the cut\n", sent, received, before);
  EXPECT_GT(sent, before + kChunk) << "the link was cut in the middle";
  EXPECT_LE(received - sent, kChunk) << "received twice";
}

TEST_F(Network, AHostThatFallsSilentHoldsNobodyAndComesBack) {
  Start(3, "keepalive = \"2s\"\n");
  if (IsSkipped()) return;
  network_->Set(3, {.is_cut = true});
  const Settings settings = {"adapter.method=fedit",  "federation.cohort=\"all\"",
                             "federation.minimum=2",  "federation.rounds=2",
                             "evaluation.on=clients", "evaluation.holdout=0.3",
                             "federation.deadline=8s"};
  const std::string run = Submit(settings);
  const Outcome wait = Ask({"wait", run});
  ASSERT_EQ(wait.code, 0) << wait.All() << live_->Said();
  EXPECT_EQ(Metric("tributary_rounds_total{outcome=\"committed\"}"), 2);
  EXPECT_GE(Metric("tributary_stragglers_total{reason=\"deadline\"}") +
                Metric("tributary_stragglers_total{reason=\"dropped_out\"}"),
            1);
  network_->Set(3, {});
  EXPECT_GE(WaitFor("tributary_connections_total{outcome=\"accepted\"}", 4), 4) << live_->Said();
  const std::string again =
      Submit({"adapter.method=fedit", "federation.cohort=3", "federation.minimum=3",
              "federation.rounds=1", "evaluation.on=clients", "evaluation.holdout=0.3"});
  const Outcome whole = Ask({"wait", again});
  EXPECT_EQ(whole.code, 0) << whole.All() << live_->Said();
}

}  // namespace
}  // namespace tributary
