#pragma once
// Labelled examples, their labels, and their tokens: what a trainer reads. No libtorch here.

#include <functional>
#include <span>

#include "aggregation/base/digest.h"
#include "client/data/table.h"

namespace tributary::data {

inline constexpr size_t kMaxNameBytes =
    256;  // of a label or a client's name; longer is a bad record

struct Example {
  std::string text;
  std::optional<std::string> second = {};  // of a sentence pair
  std::string label = {};
  std::string client = {};  // empty if no client column was asked for
};

struct DatasetSource {
  std::filesystem::path path;
  std::vector<std::string> text;  // one column, or two for sentence pairs
  std::string label;
  std::string client = {};  // a column, or empty for none
  TableOptions table = {};
};

struct Dataset {
  std::vector<Example> examples = {};  // in the order of the file
  BadRecords bad = {};
};

// A record with an empty label or client name, or with one beyond kMaxNameBytes, is bad; an empty
// text is not.
Result<Dataset> ReadDataset(const DatasetSource& source);

// The labels that occur, sorted bytewise.
std::vector<std::string> DeriveLabels(std::span<const Example> examples);

// Each example's position in `labels`. A label that is not there is an error that names it, how
// often it stands in `subject` (say, "test data"), and the nearest label that is there.
Result<std::vector<int32_t>> IndexLabels(std::span<const Example> examples,
                                         std::span<const std::string> labels,
                                         std::string_view subject);

// SHA-256 of all examples in order, whatever file format they came in: the bytes
// "tributary-examples-1\n", then for each of the four fields its length (8 bytes, little-endian;
// 2^64 - 1 for an absent second text) and its bytes.
Digest DigestOf(std::span<const Example> examples);

// Appends the ids of one text or pair, special tokens included, to `ids`, and as many type ids to
// `type_ids`. Called from several threads at once.
using Encode =
    std::function<Status(const std::string& text, const std::optional<std::string>& second,
                         std::vector<int32_t>* ids, std::vector<int32_t>* type_ids)>;

// Tokenised once, then read by any number of threads. Row i has ids [offsets[i], offsets[i + 1]).
struct Corpus {
  std::vector<int32_t> ids;
  std::vector<int32_t> type_ids;  // as long as ids if any example is a pair, else empty
  std::vector<int64_t> offsets = {0};
  std::vector<int32_t> labels;
  Digest digest;

  size_t rows() const { return labels.size(); }
  std::span<const int32_t> Ids(size_t row) const { return Slice(ids, row); }
  std::span<const int32_t> TypeIds(size_t row) const {
    return type_ids.empty() ? std::span<const int32_t>() : Slice(type_ids, row);
  }

 private:
  std::span<const int32_t> Slice(const std::vector<int32_t>& all, size_t row) const {
    return std::span(all).subspan(static_cast<size_t>(offsets[row]),
                                  static_cast<size_t>(offsets[row + 1] - offsets[row]));
  }
};

inline constexpr int kMaxThreads = 256;

// Tokenises on `threads` threads (1 to kMaxThreads are used); the result does not depend on their
// number. The first row, in order, that cannot be encoded gives the error.
Result<Corpus> MakeCorpus(std::span<const Example> examples, std::vector<int32_t> labels,
                          const Encode& encode, int threads);

}  // namespace tributary::data
