#include "client/data/debian_index.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "aggregation/base/digest.h"
#include "aggregation/base/random.h"
#include "client/data/dataset.h"
#include "tests/client/data/scratch.h"

namespace tributary::data {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::string Stanza(std::string_view package, std::string_view section, std::string_view maintainer,
                   std::string_view description, std::string_view source = "") {
  return fmt::format(
      "Package: {}\n{}Maintainer: {}\nSection: {}\nDescription: {}\n Long text: with a colon\n .\n"
      "Filename: pool/x.deb\n",
      package, source.empty() ? "" : fmt::format("Source: {}\n", source), maintainer, section,
      description);
}

bool IsTestSource(std::string_view source, int below) { return Sha256(source).bytes[0] < below; }

class DebianIndex : public Scratch {
 protected:
  Result<DebianCounts> Write(const std::vector<std::string>& stanzas) {
    std::string text;
    for (const std::string& stanza : stanzas) text += stanza + "\n";
    std::istringstream index(text);
    return WriteDebianDataset(index, Path("out"), recipe_);
  }
  std::vector<Example> Read(std::string_view name) {
    auto dataset = ReadDataset(
        {.path = Path("out") / name, .text = {"text"}, .label = "label", .client = "client"});
    EXPECT_TRUE(dataset.has_value()) << dataset.error().message;
    return dataset->examples;
  }
  // Sections a and b, maintainers Ann and Bob, 60 packages; half of the sources are test sources.
  static std::vector<std::string> Small() {
    std::vector<std::string> stanzas;
    for (int i = 0; i < 60; ++i)
      stanzas.push_back(Stanza(fmt::format("pkg{:02}", i), i % 2 ? "a" : "non-free/b",
                               i % 3 ? "Ann <ann@example.org>" : "Bob <bob@example.org>",
                               fmt::format("thing {}", i)));
    return stanzas;
  }

  DebianRecipe recipe_{.min_section_rows = 10, .min_client_rows = 5, .test_below = 128};
};

TEST_F(DebianIndex, SplitsBySourceAndKeepsEveryRow) {
  const auto counts = Write(Small());
  ASSERT_TRUE(counts.has_value()) << counts.error().message;
  EXPECT_EQ(counts->packages, 60);
  EXPECT_EQ(counts->skipped, 0);
  EXPECT_EQ(counts->pairs, 60);
  EXPECT_EQ(counts->classes, 2);
  EXPECT_EQ(counts->clients, 2);
  EXPECT_EQ(counts->train_rows + counts->test_rows, 60);
  std::set<std::string> test_texts, expected;
  for (const Example& example : Read("test.jsonl")) test_texts.insert(example.text);
  for (int i = 0; i < 60; ++i) {
    if (IsTestSource(fmt::format("pkg{:02}", i), 128)) expected.insert(fmt::format("thing {}", i));
  }
  EXPECT_EQ(test_texts, expected);
  const auto train = Read("train.jsonl");
  EXPECT_EQ(train.size(), static_cast<size_t>(counts->train_rows));
  EXPECT_EQ(DeriveLabels(train), (std::vector<std::string>{"a", "b"}));
}

TEST_F(DebianIndex, DoesNotDependOnTheOrderOfTheStanzas) {
  auto stanzas = Small();
  stanzas.push_back(Stanza("zz-twin", "a", "Bob <bob@example.org>", "thing 1"));
  ASSERT_TRUE(Write(stanzas).has_value());
  const auto train = *ReadFile(Path("out/train.jsonl")), test = *ReadFile(Path("out/test.jsonl"));
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed, "debian-order");
    random.Shuffle(std::span(stanzas));
    ASSERT_TRUE(Write(stanzas).has_value());
    EXPECT_EQ(*ReadFile(Path("out/train.jsonl")), train);
    EXPECT_EQ(*ReadFile(Path("out/test.jsonl")), test);
  }
}

TEST_F(DebianIndex, KeepsEqualPairsOnceButNotEqualTextsOfOtherSections) {
  auto stanzas = Small();
  stanzas.push_back(Stanza("zz1", "a", "Bob <bob@example.org>", "thing 1"));  // thing 1 is in a
  stanzas.push_back(Stanza("zz2", "contrib/b", "Bob <bob@example.org>", "thing 1"));
  const auto counts = Write(stanzas);
  EXPECT_EQ(counts->packages, 62);
  EXPECT_EQ(counts->pairs, 61);
}

TEST_F(DebianIndex, KeepsSiblingsOfOneSourceTogether) {
  recipe_.test_below = 26;
  auto stanzas = Small();
  std::string source = "s0";
  for (int i = 1; !IsTestSource(source, 26); ++i) source = fmt::format("s{}", i);
  const auto before = Write(stanzas)->test_rows;
  for (int i = 0; i < 20; ++i)
    stanzas.push_back(Stanza(fmt::format("lib{}", i), "a", "Ann <ann@example.org>",
                             fmt::format("lib {}", i), source + (i % 2 ? " (1:2.3-4)" : "")));
  EXPECT_EQ(Write(stanzas)->test_rows, before + 20);
}

TEST_F(DebianIndex, DropsSmallSectionsFirstAndThenMaintainersOfFewTrainingRows) {
  auto stanzas = Small();
  for (int i = 0; i < 9; ++i)
    stanzas.push_back(Stanza(fmt::format("rare{}", i), "rare", "Ann <ann@example.org>",
                             fmt::format("rare {}", i)));
  int train = 0;
  for (int i = 0; i < 30; ++i) {
    const std::string package = fmt::format("solo{}", i);
    const bool test = IsTestSource(package, 128);
    if (!test && ++train > 4) continue;
    stanzas.push_back(Stanza(package, "a", "Solo <solo@example.org>", fmt::format("solo {}", i)));
  }
  const auto counts = Write(stanzas);
  ASSERT_TRUE(counts.has_value()) << counts.error().message;
  EXPECT_EQ(counts->classes, 2);
  EXPECT_EQ(counts->clients, 2);
  std::vector<std::string> train_clients, test_clients;
  for (const Example& example : Read("train.jsonl")) train_clients.push_back(example.client);
  for (const Example& example : Read("test.jsonl")) test_clients.push_back(example.client);
  EXPECT_THAT(train_clients, Not(Contains("Solo")));
  EXPECT_THAT(test_clients, Contains("Solo"));
}

TEST_F(DebianIndex, WritesNoAddressAndKeepsNamesakesApart) {
  auto stanzas = Small();
  for (int i = 0; i < 40; ++i)
    stanzas.push_back(Stanza(fmt::format("other{:02}", i), "a", "\"Ann\" <ann@elsewhere.example>",
                             fmt::format("other {}", i)));
  for (int i = 0; i < 40; ++i)
    stanzas.push_back(
        Stanza(fmt::format("bare{:02}", i), "a", "carol@example.org", fmt::format("bare {}", i)));
  const auto counts = Write(stanzas);
  ASSERT_TRUE(counts.has_value()) << counts.error().message;
  EXPECT_EQ(counts->clients, 4);
  const auto train = Read("train.jsonl");
  std::map<std::string, int> rows;
  for (const Example& example : train) ++rows[example.client];
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_TRUE(rows.contains("Ann") && rows.contains("Ann (2)") && rows.contains("Bob") &&
              rows.contains("carol"));
  EXPECT_GE(rows["Ann"], rows["Ann (2)"]);
  for (const char* file : {"out/train.jsonl", "out/test.jsonl"})
    EXPECT_EQ(ReadFile(Path(file))->find('@'), std::string::npos);
}

TEST_F(DebianIndex, SkipsPackagesWithoutWhatItNeeds) {
  auto stanzas = Small();
  stanzas.push_back(
      "Package: only-installed\nMaintainer: A <a@b>\nSection: a\nDescription: x\n");  // no Filename
  stanzas.push_back(
      "Package: p\nMaintainer: A <a@b>\nSection: a\nFilename: f\nDescription:\n text below\n");
  stanzas.push_back(Stanza("latin1", "a", "A <a@b>", "caf\xE9"));
  stanzas.push_back(
      "Package: en\nMaintainer: A <a@b>\nSection: a\nFilename: f\nDescription-en: "
      "english\nDescription-de: deutsch\n");
  const auto counts = Write(stanzas);
  ASSERT_TRUE(counts.has_value()) << counts.error().message;
  EXPECT_EQ(counts->packages, 64);
  EXPECT_EQ(counts->skipped, 3);
  EXPECT_EQ(counts->pairs, 61);
}

TEST_F(DebianIndex, EscapesWhatJsonMustEscape) {
  auto stanzas = Small();
  for (int i = 0; i < 20; ++i)
    stanzas.push_back(Stanza(fmt::format("q{}", i), "a", "Ann <ann@example.org>",
                             fmt::format("say \"{}\\n\" \xC3\xA9", i)));
  ASSERT_TRUE(Write(stanzas).has_value());
  std::vector<std::string> texts;
  for (const char* file : {"train.jsonl", "test.jsonl"}) {
    for (const Example& example : Read(file)) texts.push_back(example.text);
  }
  EXPECT_THAT(texts, Contains("say \"7\\n\" \xC3\xA9"));
}

TEST_F(DebianIndex, SaysWhatAnIndexWithoutDataHolds) {
  const auto empty = Write({});
  EXPECT_EQ(empty.error().code, Code::kFailedPrecondition);
  EXPECT_THAT(empty.error().message,
              HasSubstr("0 packages (0 skipped) give 0 sections of 10 rows"));
  recipe_.min_client_rows = 1000;
  EXPECT_THAT(Write(Small()).error().message,
              HasSubstr("60 packages (0 skipped) give 2 sections of 10 rows, 0 maintainers"));
  EXPECT_FALSE(std::filesystem::exists(Path("out")));
}

}  // namespace
}  // namespace tributary::data
