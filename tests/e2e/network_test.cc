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
  void Start(int clients, const std::string& limits = "") {
    auto network = VirtualNetwork::Make(clients + 1);
    if (!network) GTEST_SKIP() << "no virtual network here: " << network.error().message;
    network_ = *std::move(network);
    clients_ = clients;
    live_ = std::make_unique<LiveFederation>(
        clients, "[http]\nlisten = \"127.0.0.1:0\"\n[limits]\n" + limits,
        LiveFederation::Security::kTls, VirtualNetwork::AddressOf(0));
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
