// A site behind an HTTP CONNECT proxy: it joins, takes part, and comes back when the proxy cuts it.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/connect_proxy.h"
#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

using testing::SizeIs;

TEST(Proxy, ASiteBehindOneTakesPart) {
  ConnectProxy proxy;
  LiveFederation live(2);
  live.world().Edit("client-0.toml", "[data]",
                    fmt::format("[connection]\nproxy = \"{}\"\n[data]", proxy.url()));
  live.StartCoordinator();
  live.Join(0);
  EXPECT_THAT(proxy.asked(), SizeIs(1)) << "the configuration's proxy is used to join";
  live.StartClient(0);
  live.StartClient(1);
  const std::string run =
      live.Submit({"federation.cohort=2", "federation.minimum=2", "federation.rounds=6",
                   "evaluation.on=clients", "evaluation.holdout=0.3"});
  ASSERT_TRUE(live.client(0).WaitForError("task_ended")) << live.Said();
  const size_t before = proxy.asked().size();
  EXPECT_GE(before, 2u);
  proxy.CutAll();
  ASSERT_EQ(live.Ask({"wait", run}).code, 0) << live.Said();
  EXPECT_GT(proxy.asked().size(), before) << "it has dialled again";
  const auto asked = proxy.asked();
  for (const std::string& tunnel : asked)
    EXPECT_TRUE(tunnel == live.address() ||
                tunnel == fmt::format("127.0.0.1:{}", live.enrolment_port()))
        << tunnel;
}

TEST(Proxy, OneThatIsNotThereIsNamed) {
  LiveFederation live(1);
  live.StartCoordinator();
  live.Join(0);
  const int nobody = LiveFederation::FreePort();
  live.world().Edit("client-0.toml", "[data]",
                    fmt::format("[connection]\nproxy = \"http://127.0.0.1:{}\"\n[data]", nobody));
  live.StartClient(0);
  EXPECT_TRUE(live.client(0).WaitForError("connect_failed")) << live.Said();
  EXPECT_TRUE(live.client(0).WaitForError(fmt::format("127.0.0.1:{}", nobody))) << live.Said();
}

}  // namespace
}  // namespace tributary
