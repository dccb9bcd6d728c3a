#include "client/data/dataset.h"

#include <gmock/gmock.h>

#include "tests/client/data/scratch.h"

namespace tributary::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class DatasetTest : public Scratch {};

std::vector<Example> Labelled(std::initializer_list<const char*> labels) {
  std::vector<Example> examples;
  for (const char* label : labels) examples.push_back({.text = "t", .label = label});
  return examples;
}

TEST_F(DatasetTest, ReadsTextLabelAndClient) {
  const auto path = File("a.csv", "who,label,text\nann,x,one\nbob,y,\n");
  const auto dataset =
      ReadDataset({.path = path, .text = {"text"}, .label = "label", .client = "who"});
  ASSERT_TRUE(dataset.has_value()) << dataset.error().message;
  ASSERT_EQ(dataset->examples.size(), 2u);
  EXPECT_EQ(dataset->examples[0].text, "one");
  EXPECT_EQ(dataset->examples[0].second, std::nullopt);
  EXPECT_EQ(dataset->examples[0].client, "ann");
  EXPECT_EQ(dataset->examples[1].label, "y");
  EXPECT_EQ(dataset->examples[1].text, "");
}

TEST_F(DatasetTest, ReadsSentencePairsWithoutClients) {
  const auto path = File("a.tsv", "premise\thypothesis\tlabel\np\th\t0\n");
  const auto dataset =
      ReadDataset({.path = path, .text = {"premise", "hypothesis"}, .label = "label"});
  ASSERT_TRUE(dataset.has_value()) << dataset.error().message;
  EXPECT_EQ(dataset->examples[0].text, "p");
  EXPECT_EQ(dataset->examples[0].second, "h");
  EXPECT_EQ(dataset->examples[0].client, "");
}

TEST_F(DatasetTest, TakesOneOrTwoTextColumns) {
  const auto path = File("a.csv", "a,b,c,label\n1,2,3,x\n");
  EXPECT_THAT(ReadDataset({.path = path, .text = {}, .label = "label"}).error().message,
              HasSubstr("0 text columns, expected one or two"));
  EXPECT_THAT(
      ReadDataset({.path = path, .text = {"a", "b", "c"}, .label = "label"}).error().message,
      HasSubstr("3 text columns, expected one or two"));
}

TEST_F(DatasetTest, CountsEmptyAndHugeLabelsAndClientsAsBad) {
  const auto path =
      File("a.csv", "text,label,who\nt,,ann\nt,x,\nt," + std::string(300, 'x') + ",ann\nt,x,ann\n");
  const auto dataset = ReadDataset({.path = path,
                                    .text = {"text"},
                                    .label = "label",
                                    .client = "who",
                                    .table = {.max_bad_share = 0.9}});
  ASSERT_TRUE(dataset.has_value()) << dataset.error().message;
  EXPECT_EQ(dataset->examples.size(), 1u);
  EXPECT_EQ(dataset->bad.Summary(),
            "3 of 4 records are bad: line 2: \"label\" is empty; line 3: \"who\" is empty; "
            "line 4: \"label\" has 300 bytes, at most 256 are allowed");
}

TEST(Labels, AreDerivedInBytewiseOrder) {
  EXPECT_THAT(DeriveLabels(Labelled({"b", "\xC3\xA9", "B", "10", "9", "b", "a b"})),
              ElementsAre("10", "9", "B", "a b", "b", "\xC3\xA9"));
}

TEST(Labels, AreIndexedByTheirPlaceInTheList) {
  const std::vector<std::string> labels = {"no", "yes"};
  const auto indices = IndexLabels(Labelled({"yes", "no", "yes"}), labels, "train.csv");
  ASSERT_TRUE(indices.has_value());
  EXPECT_THAT(*indices, ElementsAre(1, 0, 1));
}

TEST(Labels, SeenOnlyInTheTestDataAreNamed) {
  const std::vector<std::string> labels = {"games", "libs"};
  EXPECT_EQ(IndexLabels(Labelled({"libs", "lib", "lib"}), labels, "test.csv").error().message,
            "test.csv: label \"lib\" (2 rows) is not among the 2 labels of the run (did you mean "
            "\"libs\"?)");
  const std::vector<std::string> twice = {"a", "a"};
  EXPECT_FALSE(IndexLabels(Labelled({"a"}), twice, "test.csv").has_value());
}

TEST_F(DatasetTest, DigestIsOfTheContentAndNotOfTheFormat) {
  const auto digest = [](const std::filesystem::path& path) {
    return DigestOf(ReadDataset({.path = path, .text = {"text"}, .label = "label"})->examples)
        .Hex();
  };
  const std::string csv = digest(File("a.csv", "label,text\nx,one\ny,two\n"));
  EXPECT_EQ(csv,
            digest(File(
                "a.jsonl",
                "{\"text\": \"one\", \"label\": \"x\"}\n\n{\"text\": \"two\", \"label\": \"y\"}")));
  EXPECT_NE(csv, digest(File("b.csv", "label,text\ny,two\nx,one\n")));
  EXPECT_NE(csv, digest(File("c.csv", "label,text\nx,one\nyt,wo\n")));
}

TEST(DigestOf, IsSha256OfTheDocumentedBytes) {
  const std::vector<Example> examples = {{.text = "ab", .label = "x"}};
  const auto length = [](char n) { return std::string(1, n) + std::string(7, '\0'); };
  const std::string bytes = "tributary-examples-1\n" + length(2) + "ab" + std::string(8, '\xFF') +
                            length(1) + "x" + length(0);
  EXPECT_EQ(DigestOf(examples), Sha256(bytes));
  std::vector<Example> pair = examples;
  pair[0].second = "";
  EXPECT_NE(DigestOf(pair), DigestOf(examples));
}

// Letters as ids; a pair's second text has type 1. Empty text has the one id 0.
Status EncodeLetters(const std::string& text, const std::optional<std::string>& second,
                     std::vector<int32_t>* ids, std::vector<int32_t>* type_ids) {
  if (text == "!") return InvalidArgument("text \"!\"");
  ids->push_back(0);
  type_ids->push_back(0);
  for (const char c : text) ids->push_back(c), type_ids->push_back(0);
  for (const char c : second.value_or("")) ids->push_back(c), type_ids->push_back(1);
  return {};
}

std::vector<Example> Many(size_t count, bool pairs) {
  std::vector<Example> examples(count);
  for (size_t i = 0; i < count; ++i) {
    examples[i].text = std::string(i * 7 % 11, static_cast<char>('a' + i % 26));
    if (pairs) examples[i].second = std::to_string(i);
    examples[i].label = std::to_string(i % 3);
  }
  return examples;
}

TEST(Corpus, HoldsEachRowsIdsAndLabel) {
  const std::vector<Example> examples = {{.text = "ab", .second = "c"}, {.text = "", .second = ""}};
  const auto corpus = MakeCorpus(examples, {4, 2}, EncodeLetters, 1);
  ASSERT_TRUE(corpus.has_value());
  EXPECT_EQ(corpus->rows(), 2u);
  EXPECT_THAT(corpus->Ids(0), ElementsAre(0, 'a', 'b', 'c'));
  EXPECT_THAT(corpus->TypeIds(0), ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(corpus->Ids(1), ElementsAre(0));
  EXPECT_THAT(corpus->labels, ElementsAre(4, 2));
  EXPECT_EQ(corpus->digest, DigestOf(examples));
}

TEST(Corpus, IsTheSameForAnyNumberOfThreads) {
  for (const bool pairs : {false, true}) {
    for (const size_t count : {0, 1, 2, 7, 1000}) {
      const auto examples = Many(count, pairs);
      const std::vector<int32_t> labels(count, 1);
      const auto one = MakeCorpus(examples, labels, EncodeLetters, 1);
      EXPECT_EQ(one->type_ids.size(), pairs ? one->ids.size() : 0);
      EXPECT_EQ(one->offsets.size(), count + 1);
      for (const int threads : {2, 3, 8}) {
        const auto more = MakeCorpus(examples, labels, EncodeLetters, threads);
        EXPECT_EQ(more->ids, one->ids);
        EXPECT_EQ(more->type_ids, one->type_ids);
        EXPECT_EQ(more->offsets, one->offsets);
      }
    }
  }
}

TEST(Corpus, NamesTheFirstRowThatCannotBeEncoded) {
  auto examples = Many(100, false);
  examples[31].text = examples[90].text = "!";
  for (const int threads : {1, 4}) {
    const auto corpus = MakeCorpus(examples, std::vector<int32_t>(100), EncodeLetters, threads);
    EXPECT_EQ(corpus.error().message, "row 31: text \"!\"");
  }
}

}  // namespace
}  // namespace tributary::data
