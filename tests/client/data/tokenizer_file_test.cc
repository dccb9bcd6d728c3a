// What a tokenizer.json may hold, and what is said of one that is wrong.

#include "tests/client/data/golden_tokenizer.h"
#include "tests/client/data/scratch.h"
#include "tests/support/matchers.h"

namespace tributary::data {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

class TokenizerFile : public Scratch {
 protected:
  // A small file that is right; a test changes one thing.
  json file_ = json::parse(R"({
    "version": "1.0",
    "truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
    "padding": {"strategy": {"Fixed": 9}, "direction": "Right", "pad_id": 0, "pad_type_id": 0, "pad_token": "x"},
    "added_tokens": [
      {"id": 2, "content": "[S]", "single_word": false, "lstrip": false, "rstrip": false,
       "normalized": false, "special": true}],
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                   "strip_accents": null, "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {
      "type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "[C]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
      "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[S]", "type_id": 0}},
               {"Sequence": {"id": "B", "type_id": 1}}],
      "special_tokens": {"[C]": {"id": "[C]", "ids": [1], "tokens": ["[C]"]},
                         "[S]": {"id": "[S]", "ids": [2], "tokens": ["[S]"]}}},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
    "model": {"type": "WordPiece", "unk_token": "[U]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 4,
              "vocab": {"[U]": 0, "[C]": 1, "[S]": 2, "a": 3, "##b": 4, "##bc": 5, "c": 6}}})");

  json& At(const std::string& pointer) { return file_[json::json_pointer(pointer)]; }
  void Remove(const std::string& parent, const std::string& key) { At(parent).erase(key); }
  Result<std::shared_ptr<const Tokenizer>> Load() {
    return Tokenizer::Load(File("t.json", file_.dump()));
  }
  std::vector<int32_t> Ids(std::string_view text, size_t max_length = 0) {
    const auto tokenizer = Load();
    EXPECT_THAT(tokenizer, IsOk());
    return tokenizer ? (*tokenizer)->Encode(text, max_length).ids : std::vector<int32_t>();
  }
};

TEST_F(TokenizerFile, OwnTruncationAndPaddingAreIgnored) {
  EXPECT_THAT(Ids("a c a c a"), ElementsAre(1, 3, 6, 3, 6, 3));
  EXPECT_THAT(Ids(""), ElementsAre(1));
}

TEST_F(TokenizerFile, MaxLengthCountsSpecialTokens) {
  EXPECT_THAT(Ids("a c a c", 3), ElementsAre(1, 3, 6));
  EXPECT_THAT(Ids("a c a c", 1), ElementsAre(1));
  const auto tokenizer = *Load();
  EXPECT_EQ(tokenizer->special_tokens(false), 1u);
  EXPECT_EQ(tokenizer->special_tokens(true), 1u);
  EXPECT_EQ(tokenizer->vocabulary_size(), 7u);
  const auto pair = tokenizer->EncodePair("a a a a", "c c", 5);
  EXPECT_THAT(pair.ids, ElementsAre(3, 3, 2, 6, 6));
  EXPECT_THAT(pair.type_ids, ElementsAre(0, 0, 0, 1, 1));
}

TEST_F(TokenizerFile, LongestEntryWinsAndWhatDoesNotFitIsUnknown) {
  EXPECT_THAT(Ids("abc"), ElementsAre(1, 3, 5));
  EXPECT_THAT(Ids("abb"), ElementsAre(1, 3, 4, 4));
  EXPECT_THAT(Ids("abx a"), ElementsAre(1, 0, 3));
  EXPECT_THAT(Ids("abbbb"), ElementsAre(1, 0)) << "five characters, four are allowed";
}

TEST_F(TokenizerFile, PartsMayBeAbsentOrNull) {
  for (const char* part :
       {"normalizer", "pre_tokenizer", "post_processor", "added_tokens", "version"}) {
    const json kept = file_;
    file_[part] = nullptr;
    EXPECT_THAT(Load(), IsOk()) << part;
    file_.erase(part);
    EXPECT_THAT(Load(), IsOk()) << part;
    file_ = kept;
  }
  file_.erase("post_processor");
  EXPECT_THAT((*Load())->EncodePair("a", "c").type_ids, ElementsAre(0, 1));
  EXPECT_THAT(Ids(""), IsEmpty());
}

TEST_F(TokenizerFile, HolesInTheVocabularyCountAsRowsOfTheEmbedding) {
  At("/model/vocab/c") = 40;
  EXPECT_THAT(Ids("c"), ElementsAre(1, 40));
  EXPECT_EQ((*Load())->vocabulary_size(), 41u);
}

TEST_F(TokenizerFile, WhatIsNotSupportedYetIsNamedWithWhatIs) {
  At("/model/type") = "BPE";
  EXPECT_THAT(Load(), Fails(Code::kUnimplemented,
                            "t.json: model: type \"BPE\" is not supported yet (others "
                            "come later through the same table); supported now: WordPiece"));
  At("/model/type") = "WordPiece";
  At("/pre_tokenizer") = {{"type", "ByteLevel"}};
  EXPECT_THAT(Load(), Fails(Code::kUnimplemented, "pre_tokenizer: type \"ByteLevel\""));
  At("/pre_tokenizer") = {{"type", "Sequence"}, {"pretokenizers", {{{"type", "Digits"}}}}};
  EXPECT_THAT(Load(),
              Fails(Code::kUnimplemented, "pre_tokenizer.pretokenizers[0]: type \"Digits\""));
  At("/pre_tokenizer") = nullptr;
  At("/normalizer") = {{"type", "Precompiled"}};
  EXPECT_THAT(Load(), Fails(Code::kUnimplemented, "normalizer: type \"Precompiled\""));
  At("/normalizer") = nullptr;
  At("/post_processor/type") = "RobertaProcessing";
  EXPECT_THAT(Load(), Fails(Code::kUnimplemented, "post_processor: type \"RobertaProcessing\""));
}

TEST_F(TokenizerFile, EveryMissingKeyIsNamed) {
  const std::pair<const char*, const char*> kKeys[] = {
      {"", "model"},
      {"/model", "unk_token"},
      {"/model", "continuing_subword_prefix"},
      {"/model", "max_input_chars_per_word"},
      {"/model", "vocab"},
      {"/normalizer", "type"},
      {"/normalizer", "clean_text"},
      {"/normalizer", "handle_chinese_chars"},
      {"/normalizer", "lowercase"},
      {"/pre_tokenizer", "type"},
      {"/added_tokens/0", "id"},
      {"/added_tokens/0", "content"},
      {"/added_tokens/0", "single_word"},
      {"/added_tokens/0", "lstrip"},
      {"/added_tokens/0", "rstrip"},
      {"/added_tokens/0", "normalized"},
      {"/added_tokens/0", "special"},
      {"/post_processor", "type"},
      {"/post_processor", "single"},
      {"/post_processor", "pair"},
      {"/post_processor", "special_tokens"},
      {"/post_processor/single/0/SpecialToken", "id"},
      {"/post_processor/single/1/Sequence", "type_id"},
      {"/post_processor/special_tokens/[C]", "ids"},
  };
  for (const auto& [parent, key] : kKeys) {
    const json kept = file_;
    Remove(parent, key);
    EXPECT_THAT(Load(), Fails(Code::kInvalidArgument, fmt::format("\"{}\" is missing", key)))
        << parent;
    file_ = kept;
  }
}

TEST_F(TokenizerFile, EveryWrongTypeIsNamedWithItsPlace) {
  const std::tuple<const char*, json, const char*> kFaults[] = {
      {"/version", 1, "version: found number, expected a string"},
      {"/version", "2.0", "version: found \"2.0\", expected \"1.0\""},
      {"/model", json::array(), "model: found array, expected an object"},
      {"/model/unk_token", 3, "model.unk_token: found number, expected a string"},
      {"/model/max_input_chars_per_word", "x",
       "model.max_input_chars_per_word: found string, expected an integer"},
      {"/model/max_input_chars_per_word", -1, "found -1, expected a number from 0 to 1000000"},
      {"/model/max_input_chars_per_word", uint64_t{1} << 63, "found 9223372036854775808"},
      {"/model/vocab", json::array({"a", "b"}), "model.vocab: found array, expected an object"},
      {"/model/vocab", json::object(), "model.vocab: is empty"},
      {"/model/vocab/a", "3", "model.vocab[\"a\"]: found string, expected an id"},
      {"/model/vocab/a", -3, "model.vocab[\"a\"]: found -3, expected an id"},
      {"/model/vocab/a", 1.5, "model.vocab[\"a\"]: found 1.5, expected an id"},
      {"/model/vocab/a", 2147483647, "model.vocab[\"a\"]: found 2147483647, expected an id"},
      {"/normalizer", "BertNormalizer", "normalizer: found string, expected an object"},
      {"/normalizer/lowercase", "yes",
       "normalizer.lowercase: found string, expected true or false"},
      {"/normalizer/strip_accents", 0,
       "normalizer.strip_accents: found number, expected true or false"},
      {"/added_tokens", json::object(), "added_tokens: found object, expected an array"},
      {"/added_tokens/0", "[S]", "added_tokens[0]: found string, expected an object"},
      {"/added_tokens/0/content", "", "added_tokens[0]: \"content\" is empty"},
      {"/post_processor/single", "[C] $A",
       "post_processor.single: found string, expected an array"},
      {"/post_processor/special_tokens/[C]/ids", json::array({-1}), "[\"[C]\"].ids[0]: found -1"},
  };
  for (const auto& [place, value, message] : kFaults) {
    const json kept = file_;
    At(place) = value;
    EXPECT_THAT(Load(), Fails(Code::kInvalidArgument, message)) << place;
    file_ = kept;
  }
}

TEST_F(TokenizerFile, VocabularyMustBeSound) {
  At("/model/vocab/c") = 3;
  EXPECT_THAT(Load(), Fails(Code::kInvalidArgument, "model.vocab: \"a\" and \"c\" share the id 3"));
  At("/model/vocab/c") = 6;
  At("/model/unk_token") = "[UNK]";
  EXPECT_THAT(Load(),
              Fails(Code::kInvalidArgument, "model: unk_token \"[UNK]\" is not in the vocabulary"));
}

TEST_F(TokenizerFile, ModelWithoutTypeIsWordPieceIfItLooksLikeIt) {
  Remove("/model", "type");
  EXPECT_THAT(Ids("ab"), ElementsAre(1, 3, 4));
  At("/model/merges") = json::array();
  EXPECT_THAT(Load(), Fails(Code::kInvalidArgument, "model: \"type\" is missing"));
}

TEST_F(TokenizerFile, AddedTokensMustHaveTheIdsThatTheOracleGives) {
  At("/added_tokens/0/id") = 5;
  EXPECT_THAT(Load(),
              Fails(Code::kInvalidArgument, "added_tokens[0]: token \"[S]\" has id 5, expected 2"));
  At("/added_tokens/0/content") = "new";
  EXPECT_THAT(Load(), Fails(Code::kInvalidArgument, "token \"new\" has id 5, expected 7"));
  At("/added_tokens/0/id") = 7;
  EXPECT_THAT(Ids("a new c"), ElementsAre(1, 3, 7, 6));
  EXPECT_EQ((*Load())->vocabulary_size(), 8u);
}

TEST_F(TokenizerFile, AddedTokensThatCannotBeToldApartAreRefused) {
  json second = At("/added_tokens/0");
  At("/added_tokens").push_back(second);
  EXPECT_THAT(Load(), Fails(Code::kInvalidArgument, "added_tokens[1]: token \"[S]\" stands twice"));
  At("/added_tokens/1/content") = "é";
  At("/added_tokens/1/normalized") = true;
  At("/added_tokens/1/id") = 7;
  second = At("/added_tokens/1");
  second["content"] = "E";
  second["id"] = 8;
  At("/added_tokens").push_back(second);
  EXPECT_THAT(Load(),
              Fails(Code::kInvalidArgument, "token \"E\" is the same as another once normalised"));
  At("/added_tokens/2/content") = "\xCC\x81";
  EXPECT_THAT(Load(), Fails(Code::kInvalidArgument, "nothing is left of token"));
}

TEST_F(TokenizerFile, TemplatesMustBeSound) {
  const json kept = file_;
  At("/post_processor/single/0/SpecialToken/id") = "[NO]";
  EXPECT_THAT(Load(), Fails(Code::kInvalidArgument,
                            "post_processor.single[0].SpecialToken: token \"[NO]\" is "
                            "not among the special_tokens"));
  file_ = kept;
  At("/post_processor/special_tokens/[C]/ids/0") = 7;
  EXPECT_THAT(Load(),
              Fails(Code::kInvalidArgument, "post_processor: id 7 lies beyond the vocabulary"));
  file_ = kept;
  At("/post_processor/single/1/Sequence/id") = "B";
  EXPECT_THAT(Load(), Fails(Code::kInvalidArgument, "post_processor.single: must name"));
  file_ = kept;
  At("/post_processor/pair/2/Sequence/id") = "A";
  EXPECT_THAT(Load(), Fails(Code::kInvalidArgument, "post_processor.pair: must name"));
  file_ = kept;
  At("/post_processor/single/1") = json::object();
  EXPECT_THAT(Load(), Fails(Code::kInvalidArgument, "either \"SpecialToken\" or \"Sequence\""));
  file_ = kept;
  At("/post_processor") = {{"type", "BertProcessing"}, {"sep", {"[S]"}}, {"cls", {"[C]", 1}}};
  EXPECT_THAT(Load(), Fails(Code::kInvalidArgument,
                            "post_processor.sep: found 1 elements, expected [token, id]"));
}

TEST_F(TokenizerFile, HostileBytesGiveAnErrorThatNamesTheFile) {
  const auto load = [&](std::string_view content) {
    return Tokenizer::Load(File("t.json", content));
  };
  EXPECT_THAT(load(""), Fails(Code::kInvalidArgument, "t.json: is not JSON"));
  EXPECT_THAT(load("{"), Fails(Code::kInvalidArgument, "is not JSON"));
  EXPECT_THAT(load("[]"), Fails(Code::kInvalidArgument, "found array, expected an object"));
  EXPECT_THAT(load("null"), Fails(Code::kInvalidArgument, "found null, expected an object"));
  EXPECT_THAT(load("{\"version\": \"\xFF\"}"), Fails(Code::kInvalidArgument, "is not JSON"));
  EXPECT_THAT(load("{\"version\": \"\\ud800\"}"), Fails(Code::kInvalidArgument, "is not JSON"));
  const std::string deep(1'000'000, '[');
  EXPECT_THAT(load(deep), Fails(Code::kInvalidArgument, "is not JSON"));
  EXPECT_THAT(load(deep + std::string(1'000'000, ']')),
              Fails(Code::kInvalidArgument, "more than 32 levels"));
  EXPECT_THAT(Tokenizer::Load(Path("none.json")), Fails(Code::kNotFound, "none.json"));
  EXPECT_THAT(Tokenizer::Load(Path("")), Fails(Code::kInvalidArgument, "s a directory"));
  File("large.json", "");
  std::filesystem::resize_file(Path("large.json"), Tokenizer::kMaxFileBytes + 1);
  EXPECT_THAT(Tokenizer::Load(Path("large.json")),
              Fails(Code::kResourceExhausted, "at most 67108864"));
}

// Cut short anywhere, or with one byte changed, a file gives an error or a tokenizer, never a
// crash.
TEST_F(TokenizerFile, DamagedFilesNeverCrash) {
  const std::string sound = file_.dump();
  for (size_t size = 0; size < sound.size(); ++size)
    EXPECT_FALSE(Tokenizer::Parse(sound.substr(0, size)).has_value()) << size;
  int loaded = 0;
  for (size_t i = 0; i < sound.size(); ++i) {
    for (const char damage : {'"', '0', '{', ']', '\xC3', 'n'}) {
      std::string damaged = sound;
      damaged[i] = damage;
      const auto tokenizer = Tokenizer::Parse(damaged);
      if (!tokenizer) continue;
      ++loaded;
      const auto encoding = (*tokenizer)->EncodePair("abc [S] \xC3", "é中 ab", 5);
      for (const int32_t id : encoding.ids)
        EXPECT_LT(static_cast<size_t>(id), (*tokenizer)->vocabulary_size()) << damaged;
    }
  }
  EXPECT_GT(loaded, 100);
}

TEST_F(TokenizerFile, BytesThatAreNotUtf8CountAsReplacementCharacters) {
  At("/normalizer") = nullptr;
  At("/pre_tokenizer") = nullptr;
  At("/model/max_input_chars_per_word") = 100;
  At("/model/vocab/\xEF\xBF\xBD") = 7;
  At("/model/vocab/##\xEF\xBF\xBD") = 8;
  EXPECT_THAT(Ids("\xFF"), ElementsAre(1, 7));
  EXPECT_THAT(Ids("a\xE2\x82"), ElementsAre(1, 3, 8)) << "a cut sequence is one";
  EXPECT_THAT(Ids("\xED\xA0\x80"), ElementsAre(1, 7, 8, 8)) << "a surrogate is three";
  EXPECT_THAT(Ids("\xC0\xAF"), ElementsAre(1, 7, 8)) << "an overlong form is two";
  EXPECT_THAT(Ids("\xF4\x90\x80\x80"), ElementsAre(1, 7, 8, 8, 8)) << "beyond U+10FFFF";
  EXPECT_THAT(Ids("\xF0\x9F\x98[S]"), ElementsAre(1, 7, 2)) << "the bytes behind it still count";
}

}  // namespace
}  // namespace tributary::data
