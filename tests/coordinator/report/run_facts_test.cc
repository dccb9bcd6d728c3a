#include "coordinator/report/run_facts.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/coordinator/report/sample_run.h"
#include "tests/support/matchers.h"

namespace tributary::report {
namespace {

using nlohmann::json;

RunFacts Sample() { return MakeSampleRun().facts; }

TEST(RunFacts, ComeBackFromJsonAsTheyWere) {
  RunFacts facts = Sample();
  facts.labels.push_back("\"quoted\" \u00e9");
  for (int i = 0; i < 2; ++i) {
    const auto back = RunFactsFromJson(ToJson(facts));
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_EQ(*back, facts);
    facts.adapter.reset();
    facts.clients.clear();
  }
}

TEST(RunFacts, FindsAClientByName) {
  const RunFacts facts = Sample();
  for (const ClientFacts& client : facts.clients) EXPECT_EQ(facts.Find(client.name), &client);
  EXPECT_EQ(facts.Find(ClientId{"operator"}), nullptr);
}

TEST(RunFacts, EveryKeyIsNeededAndNamedWhenMissing) {
  const json good = json::parse(ToJson(Sample()));
  for (const auto& [key, value] : good.items()) {
    json bad = good;
    bad.erase(key);
    EXPECT_THAT(RunFactsFromJson(bad.dump()), Fails(Code::kInvalidArgument, key + " is missing"))
        << key;
  }
}

TEST(RunFacts, EveryKeyRefusesAnotherType) {
  const json good = json::parse(ToJson(Sample()));
  for (const auto& [key, value] : good.items()) {
    json bad = good;
    bad[key] = json::object();
    EXPECT_THAT(RunFactsFromJson(bad.dump()), Fails(Code::kInvalidArgument, key + " is object"))
        << key;
  }
}

TEST(RunFacts, FaultsInsideListsNameTheirPlace) {
  const json good = json::parse(ToJson(Sample()));
  const auto fails = [&](auto change, const std::string& message) {
    json bad = good;
    change(bad);
    EXPECT_THAT(RunFactsFromJson(bad.dump()), Fails(Code::kInvalidArgument, message));
  };
  fails([](json& j) { j["targets"][1].erase("out"); }, "targets[1].out is missing");
  fails([](json& j) { j["targets"][0]["in"] = -1; }, "targets[0].in is number");
  fails([](json& j) { j["clients"][2]["rank"] = 1.5; }, "clients[2].rank is number");
  fails([](json& j) { j["clients"][2]["name"] = "a"; }, "clients[2].name");
  fails([](json& j) { j["clients"][0]["more"] = 1; }, "clients[0]. has 6 keys");
  fails([](json& j) { j["head"][0]["dtype"] = "F31"; }, "head[0].dtype");
  fails([](json& j) { j["head"][0]["shape"] = {1ull << 40, 1ull << 40}; }, "head[0].shape");
  fails([](json& j) { j["head"][1]["name"] = j["head"][0]["name"]; }, "head[1].name");
  fails([](json& j) { j["labels"][3] = 3; }, "labels[3] is number");
  fails([](json& j) { j["base_digest"] = "abc"; }, "base_digest is string, expected 64");
  fails([](json& j) { j["test_rows"] = 1e30; }, "test_rows");
  fails([](json& j) { j["schema"] = 2; }, "schema");
  fails([](json& j) { j["unknown"] = 2; }, "16 keys, expected 15");
}

TEST(RunFacts, AnyBeginningOfTheTextIsAnErrorAndNoCrash) {
  const std::string text = ToJson(Sample());
  for (size_t size = 0; size + 1 < text.size(); size += 7)
    EXPECT_FALSE(RunFactsFromJson(std::string_view(text).substr(0, size)).has_value()) << size;
  for (const char* odd : {"null", "[]", "3", "\"\"", "{\"schema\":null}"})
    EXPECT_THAT(RunFactsFromJson(odd), Fails(Code::kInvalidArgument, "run facts"));
}

}  // namespace
}  // namespace tributary::report
