#pragma once
// Records of tests/data/golden/tokenizer (see make.py there) and how to check one.

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "aggregation/base/file.h"
#include "client/data/tokenizer.h"

namespace tributary::data {

inline std::string GoldenText(std::string_view name) {
  auto text =
      ReadFile(std::filesystem::path(TRIBUTARY_SOURCE_DIR) / "tests/data/golden/tokenizer" / name);
  if (!text) ADD_FAILURE() << text.error().message;
  return text.value_or("");
}

// Of a record: {t: text or x: bytes in hexadecimal, p: second text, m: max_length, i: ids, n: how
// many type ids are 1}.
inline Tokenizer::Encoding EncodeRecord(const Tokenizer& tokenizer, const nlohmann::json& record) {
  std::string text;
  if (record.contains("x")) {
    const auto digits = record["x"].get<std::string>();
    for (size_t i = 0; i < digits.size(); i += 2)
      text.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  } else {
    text = record["t"].get<std::string>();
  }
  const auto max_length = record.value("m", size_t{0});
  if (!record.contains("p")) return tokenizer.Encode(text, max_length);
  return tokenizer.EncodePair(text, record["p"].get<std::string>(), max_length);
}

inline testing::AssertionResult Agrees(const Tokenizer& tokenizer, const nlohmann::json& record) {
  const auto encoding = EncodeRecord(tokenizer, record);
  const auto ids = record["i"].get<std::vector<int32_t>>();
  const auto ones = std::count(encoding.type_ids.begin(), encoding.type_ids.end(), 1);
  if (encoding.ids == ids && encoding.type_ids.size() == ids.size() && ones == record.value("n", 0))
    return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "expected " << record.dump(-1, ' ', true) << "\n     got "
         << nlohmann::json(encoding.ids) << ", types " << nlohmann::json(encoding.type_ids);
}

}  // namespace tributary::data
