// What every normalizer and pre-tokenizer makes of every one of the 1,112,064 code points, against
// digests of what Hugging Face's `tokenizers` makes of it, in blocks of 4,096.

#include <set>

#include "aggregation/base/digest.h"
#include "client/data/tokenizer/normalizer.h"
#include "client/data/tokenizer/pre_tokenizer.h"
#include "client/data/tokenizer/unicode.h"
#include "tests/client/data/golden_tokenizer.h"

namespace tributary::data {
namespace {

using nlohmann::json;
using Function = std::function<std::string(const std::string&)>;

constexpr char32_t kBlock = 4096;

std::vector<std::string> Digests(const Function& of) {
  std::vector<std::string> digests;
  for (char32_t begin = 0; begin < 0x110000; begin += kBlock) {
    Hasher hasher;
    for (char32_t c = begin; c < begin + kBlock; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      std::string character;
      AppendUtf8(c, character);
      hasher.Update(of(character)).Update("\n");
    }
    digests.push_back(hasher.Finish().Hex().substr(0, 8));
  }
  return digests;
}

void ExpectSame(const json& row, const Function& of) {
  const auto expected = row["digests"].get<std::vector<std::string>>();
  const auto digests = Digests(of);
  ASSERT_EQ(digests.size(), expected.size());
  for (size_t i = 0; i < digests.size(); ++i)
    EXPECT_EQ(digests[i], expected[i]) << row["part"] << " differs in U+" << std::hex << i * kBlock
                                       << "..U+" << (i + 1) * kBlock - 1;
}

TEST(CodePoints, EachNormalizerDoesTheSameWithEveryOne) {
  std::set<std::string> seen;
  for (const json& row : json::parse(GoldenText("code_points.json"))) {
    if (row["kind"] != "normalizer") continue;
    const auto normalizer = MakeNormalizer(JsonField(row["part"], "part"));
    ASSERT_TRUE(normalizer.has_value()) << normalizer.error().message;
    seen.insert(row["part"]["type"].get<std::string>());
    std::string out;
    ExpectSame(row, [&](const std::string& c) {
      // The marks that follow show whether c is a mark itself, and which order they take.
      (*normalizer)->Normalize("a" + c + "b\u0315" + c + "\u0323\u0334", out);
      return out;
    });
  }
  for (const NormalizerRow& row : Normalizers())
    EXPECT_EQ(seen.count(std::string(row.type)), row.type == "Sequence" ? 0u : 1u) << row.type;
}

TEST(CodePoints, EachPreTokenizerDoesTheSameWithEveryOne) {
  std::set<std::string> seen;
  for (const json& row : json::parse(GoldenText("code_points.json"))) {
    if (row["kind"] != "pre_tokenizer") continue;
    const auto splitter = MakePreTokenizer(JsonField(row["part"], "part"));
    ASSERT_TRUE(splitter.has_value()) << splitter.error().message;
    seen.insert(row["part"]["type"].get<std::string>());
    ExpectSame(row, [&](const std::string& c) {
      const std::string text = "a" + c + "b-" + c + c;
      std::vector<std::string_view> words;
      (*splitter)->Split(text, words);
      std::string joined;
      for (const std::string_view word : words)
        joined.append(joined.empty() ? "" : "\n").append(word);
      return joined;
    });
  }
  for (const PreTokenizerRow& row : PreTokenizers())
    EXPECT_EQ(seen.count(std::string(row.type)), row.type == "Sequence" ? 0u : 1u) << row.type;
}

}  // namespace
}  // namespace tributary::data
