#include "tests/coordinator/command/small_world.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "aggregation/base/random.h"
#include "aggregation/base/status.h"
#include "aggregation/tensor/safetensors.h"

namespace tributary {
namespace {

namespace fs = std::filesystem;

// 5 special tokens, 26 letters and their continuations, 40 words: 97.
std::string TokenizerJson() {
  nlohmann::ordered_json vocabulary;
  const auto add = [&](const std::string& token) { vocabulary[token] = vocabulary.size(); };
  for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) add(token);
  for (char c = 'a'; c <= 'z'; ++c) add(std::string(1, c));
  for (char c = 'a'; c <= 'z'; ++c) add(std::string("##") + c);
  for (int i = 0; i < 40; ++i)
    add("w" + std::string(1, static_cast<char>('a' + i / 26)) +
        std::string(1, static_cast<char>('a' + i % 26)));
  TRIBUTARY_CHECK(vocabulary.size() == 97, "the tiny model has 97 tokens");
  const auto token = [](const char* id, int type) {
    return nlohmann::ordered_json{{"SpecialToken", {{"id", id}, {"type_id", type}}}};
  };
  const auto text = [](const char* id, int type) {
    return nlohmann::ordered_json{{"Sequence", {{"id", id}, {"type_id", type}}}};
  };
  const auto special = [](const char* id, int number) {
    return nlohmann::ordered_json{{"id", id}, {"ids", {number}}, {"tokens", {id}}};
  };
  nlohmann::ordered_json json = {
      {"version", "1.0"},
      {"added_tokens", nlohmann::ordered_json::array()},
      {"normalizer",
       {{"type", "BertNormalizer"},
        {"clean_text", true},
        {"handle_chinese_chars", true},
        {"strip_accents", nullptr},
        {"lowercase", true}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single", {token("[CLS]", 0), text("A", 0), token("[SEP]", 0)}},
        {"pair",
         {token("[CLS]", 0), text("A", 0), token("[SEP]", 0), text("B", 1), token("[SEP]", 1)}},
        {"special_tokens", {{"[CLS]", special("[CLS]", 2)}, {"[SEP]", special("[SEP]", 3)}}}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", "[UNK]"},
        {"continuing_subword_prefix", "##"},
        {"max_input_chars_per_word", 100},
        {"vocab", vocabulary}}}};
  return json.dump();
}

// The label's own words and some of everybody's; clients differ in their shares of labels.
std::string Rows(const std::string& purpose, int clients, int rows_each) {
  static const char* kLabels[] = {"blue", "green", "red"};
  std::string rows;
  for (int c = 0; c < clients; ++c) {
    for (int i = 0; i < rows_each; ++i) {
      Random random(7, purpose, {std::to_string(c), std::to_string(i)});
      const int label = (c + i * i) % 3;
      std::string text;
      for (int w = 0; w < 6; ++w) {
        const auto own = random.Uniform() < 0.7;
        const auto word = static_cast<int>(random.Uniform() * 10) + (own ? 10 * label : 30);
        text += std::string(w ? " " : "") + "w" + static_cast<char>('a' + word / 26) +
                static_cast<char>('a' + word % 26);
      }
      rows +=
          nlohmann::ordered_json{
              {"text", text}, {"label", kLabels[label]}, {"client", "site-" + std::to_string(c)}}
              .dump() +
          "\n";
    }
  }
  return rows;
}

constexpr const char* kFederation = R"(format = 1
seed = 5

[model]
name = "tiny/bert"
path = "model"

[data]
train = "train.jsonl"
test = "test.jsonl"

[adapter]
method = "fedit"
rank = 4

[training]
learning_rate = 1e-2
batch_size = 4
max_steps = 2
max_length = 16

[federation]
rounds = 2
cohort = 4
)";

}  // namespace

SmallWorld::SmallWorld(int clients) {
  const fs::path golden = fs::path(TRIBUTARY_SOURCE_DIR) / "tests/data/golden/model/tiny-bert";
  fs::create_directories(path() / "model");
  fs::copy_file(golden / "config.json", path() / "model/config.json");
  fs::copy_file(golden / "model.safetensors", path() / "model/model.safetensors");
  WriteText(path() / "model/tokenizer.json", TokenizerJson());
  WriteText(path() / "train.jsonl", Rows("train", clients, 10));
  WriteText(path() / "test.jsonl", Rows("test", clients, 3));
  WriteText(path() / "federation.toml", kFederation);
}

std::vector<std::string> SmallWorld::Command(const std::string& command,
                                             const std::vector<std::string>& settings) const {
  std::vector<std::string> arguments = {command, File("federation.toml")};
  for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
  return arguments;
}

Outcome SmallWorld::Simulate(const std::string& out, const std::vector<std::string>& settings,
                             const std::vector<std::string>& more) const {
  auto arguments = Command("simulate", settings);
  arguments.insert(arguments.end(), {"--out", File(out), "--device", "cpu"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunProgram(arguments);
}

void SmallWorld::Edit(const std::string& file, const std::string& from,
                      const std::string& to) const {
  std::string text = ReadText(path() / file);
  const size_t at = text.find(from);
  TRIBUTARY_CHECK(at != std::string::npos, "a test edits what is there");
  WriteText(path() / file, text.replace(at, from.size(), to));
}

void SmallWorld::WidenModel(int64_t factor) const {
  auto config = nlohmann::ordered_json::parse(ReadText(path() / "model/config.json"));
  const std::vector<int64_t> widths = {config["hidden_size"], config["intermediate_size"]};
  for (const char* key : {"hidden_size", "intermediate_size"})
    config[key] = config[key].get<int64_t>() * factor;
  WriteText(path() / "model/config.json", config.dump());
  auto tensors = ReadSafetensors(path() / "model/model.safetensors");
  TRIBUTARY_CHECK(tensors.has_value(), "the tiny model is read");
  for (auto& [name, tensor] : *tensors) {
    Shape shape = tensor.shape();
    for (int64_t& dimension : shape)
      if (std::ranges::count(widths, dimension) > 0) dimension *= factor;
    Tensor wide(DType::kF32, shape);
    const auto from = tensor.f32();  // repeated, which is all that is asked of its numbers
    for (size_t i = 0; i < wide.f32().size(); ++i) wide.f32()[i] = from[i % from.size()];
    tensor = std::move(wide);
  }
  TRIBUTARY_CHECK(WriteSafetensors(path() / "model/model.safetensors", *tensors).has_value(),
                  "the wide model is written");
}

std::string Safetensors(const std::string& header, size_t data_bytes) {
  std::string file(8, '\0');
  const uint64_t length = header.size();
  for (size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(length >> (8 * i) & 0xFF);
  return file + header + std::string(data_bytes, '\0');
}

}  // namespace tributary
