// The same ids as Hugging Face's `tokenizers`, on what make.py in tests/data/golden/tokenizer made.

#include <set>
#include <sstream>
#include <thread>

#include "client/data/tokenizer/model.h"
#include "client/data/tokenizer/normalizer.h"
#include "client/data/tokenizer/post_processor.h"
#include "client/data/tokenizer/pre_tokenizer.h"
#include "tests/client/data/golden_tokenizer.h"

namespace tributary::data {
namespace {

using nlohmann::json;

std::shared_ptr<const Tokenizer> RealTokenizer() {
  auto made = Tokenizer::Load(std::filesystem::path(TRIBUTARY_SOURCE_DIR) /
                              "deps/models/all-MiniLM-L6-v2/tokenizer.json");
  if (!made)
    ADD_FAILURE() << made.error().message << "\nRun deploy/setup, which fetches the model.";
  return made.value_or(nullptr);
}

std::vector<json> TortureRecords() {
  std::vector<json> records;
  std::istringstream lines(GoldenText("torture.jsonl"));
  for (std::string line; std::getline(lines, line);) records.push_back(json::parse(line));
  return records;
}

TEST(TokenizerGolden, FiveThousandLinesOfTortureTextGiveTheSameIds) {
  const auto tokenizer = RealTokenizer();
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(tokenizer->vocabulary_size(), 30522u);
  const auto records = TortureRecords();
  ASSERT_EQ(records.size(), 5000u);
  int wrong = 0;
  for (const json& record : records) {
    const auto agrees = Agrees(*tokenizer, record);
    if (!agrees && ++wrong <= 10) ADD_FAILURE() << agrees.message();
  }
  EXPECT_EQ(wrong, 0);
}

TEST(TokenizerGolden, ThreadsShareOneTokenizer) {
  const auto tokenizer = RealTokenizer();
  ASSERT_NE(tokenizer, nullptr);
  const auto records = TortureRecords();
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([&, t] {
      for (size_t i = t; i < records.size(); i += 7) wrong[t] += !Agrees(*tokenizer, records[i]);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

// Every member of every table stands in options.json.
class Options : public testing::Test {
 protected:
  Options() : golden_(json::parse(GoldenText("options.json"))) {
    for (const json& entry : golden_["vocab"]) vocab_[entry.get<std::string>()] = vocab_.size();
  }
  std::string File(json file) const {
    file["model"]["vocab"] = vocab_;
    return file.dump();
  }
  json golden_, vocab_ = json::object();
};

TEST_F(Options, GiveTheSameIds) {
  ASSERT_GE(golden_["tokenizers"].size(), 40u);
  for (const json& golden : golden_["tokenizers"]) {
    SCOPED_TRACE(golden["name"].get<std::string>());
    const auto tokenizer = Tokenizer::Parse(File(golden["file"]));
    ASSERT_TRUE(tokenizer.has_value()) << tokenizer.error().message;
    int wrong = 0;
    for (const json& record : golden["cases"]) {
      const auto agrees = Agrees(**tokenizer, record);
      if (!agrees && ++wrong <= 3) ADD_FAILURE() << agrees.message();
    }
    EXPECT_EQ(wrong, 0);
  }
}

TEST_F(Options, CoverEveryRowOfEveryTable) {
  std::set<std::string> covered;
  const auto visit = [&](const auto& self, const json& value) -> void {
    if (value.is_object() && value.contains("type"))
      covered.insert(value["type"].get<std::string>());
    if (value.is_structured())
      for (const json& child : value) self(self, child);
  };
  for (const json& golden : golden_["tokenizers"]) visit(visit, golden["file"]);
  const auto expect = [&](const auto& table) {
    for (const auto& row : table) EXPECT_EQ(covered.count(std::string(row.type)), 1u) << row.type;
  };
  expect(Normalizers());
  expect(PreTokenizers());
  expect(Models());
  expect(PostProcessors());
}

}  // namespace
}  // namespace tributary::data
