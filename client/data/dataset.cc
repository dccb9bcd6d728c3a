#include "client/data/dataset.h"

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "aggregation/base/suggest.h"
#include "aggregation/base/utf8.h"

namespace tributary::data {
namespace {

void AddField(Hasher* hasher, const std::string* field) {
  const uint64_t size = field ? field->size() : UINT64_MAX;
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(size >> (8 * i) & 0xFF);
  hasher->Update(std::string_view(bytes, sizeof bytes));
  if (field) hasher->Update(std::string_view(*field));
}

// A run of rows, encoded by one thread.
struct Part {
  std::vector<int32_t> ids, type_ids;
  std::vector<int64_t> ends;  // of each row within ids
  Status status;
};

void EncodePart(std::span<const Example> examples, size_t first_row, const Encode& encode,
                Part* part) {
  for (const Example& example : examples) {
    part->status = encode(example.text, example.second, &part->ids, &part->type_ids);
    const size_t row = first_row + part->ends.size();
    if (!part->status) {
      part->status = Annotate(part->status.error(), fmt::format("row {}", row));
      return;
    }
    TRIBUTARY_CHECK(part->ids.size() == part->type_ids.size(), "an encoder gives each id a type");
    part->ends.push_back(static_cast<int64_t>(part->ids.size()));
  }
}

}  // namespace

Result<Dataset> ReadDataset(const DatasetSource& source) {
  if (source.text.empty() || source.text.size() > 2)
    return InvalidArgument("{}: {} text columns, expected one or two", source.path.string(),
                           source.text.size());
  std::vector<Column> columns;
  for (const std::string& name : source.text) columns.push_back({.name = name});
  columns.push_back({.name = source.label, .min_bytes = 1, .max_bytes = kMaxNameBytes});
  if (!source.client.empty())
    columns.push_back({.name = source.client, .min_bytes = 1, .max_bytes = kMaxNameBytes});
  ASSIGN_OR_RETURN(Table table, ReadTable(source.path, columns, source.table));

  Dataset dataset{.bad = std::move(table.bad)};
  dataset.examples.resize(table.rows());
  const size_t label = source.text.size();
  for (size_t row = 0; row < dataset.examples.size(); ++row) {
    Example& example = dataset.examples[row];
    const auto cells = std::span(table.cells).subspan(row * table.columns, table.columns);
    example.text = std::move(cells[0]);
    if (label == 2) example.second = std::move(cells[1]);
    example.label = std::move(cells[label]);
    if (!source.client.empty()) example.client = std::move(cells[label + 1]);
  }
  return dataset;
}

std::vector<std::string> DeriveLabels(std::span<const Example> examples) {
  std::set<std::string> labels;
  for (const Example& example : examples) labels.insert(example.label);
  return {labels.begin(), labels.end()};
}

Result<std::vector<int32_t>> IndexLabels(std::span<const Example> examples,
                                         std::span<const std::string> labels,
                                         std::string_view subject) {
  std::map<std::string_view, int32_t> index;
  for (const std::string& label : labels) index.emplace(label, static_cast<int32_t>(index.size()));
  if (index.size() != labels.size()) return InvalidArgument("labels: a label stands there twice");
  std::vector<int32_t> indices;
  indices.reserve(examples.size());
  for (const Example& example : examples) {
    const auto found = index.find(example.label);
    if (found == index.end()) {
      return InvalidArgument("{}: label \"{}\" ({} rows) is not among the {} labels of the run{}",
                             subject, example.label,
                             std::ranges::count(examples, example.label, &Example::label),
                             labels.size(), DidYouMean(example.label, labels));
    }
    indices.push_back(found->second);
  }
  return indices;
}

Digest DigestOf(std::span<const Example> examples) {
  Hasher hasher;
  hasher.Update(std::string_view("tributary-examples-1\n"));
  for (const Example& example : examples) {
    AddField(&hasher, &example.text);
    AddField(&hasher, example.second ? &*example.second : nullptr);
    AddField(&hasher, &example.label);
    AddField(&hasher, &example.client);
  }
  return hasher.Finish();
}

Result<Corpus> MakeCorpus(std::span<const Example> examples, std::vector<int32_t> labels,
                          const Encode& encode, int threads) {
  TRIBUTARY_CHECK(labels.size() == examples.size(), "each example has a label");
  const size_t count =
      std::min(static_cast<size_t>(std::clamp(threads, 1, kMaxThreads)), examples.size());
  std::vector<Part> parts(count);
  {
    std::vector<std::jthread> workers;
    for (size_t i = 0; i < count; ++i) {
      const size_t begin = examples.size() * i / count, end = examples.size() * (i + 1) / count;
      workers.emplace_back(EncodePart, examples.subspan(begin, end - begin), begin,
                           std::cref(encode), &parts[i]);
    }
  }
  Corpus corpus;
  corpus.labels = std::move(labels);
  corpus.digest = DigestOf(examples);
  const bool pairs =
      std::ranges::any_of(examples, [](const Example& e) { return e.second.has_value(); });
  for (Part& part : parts) {
    RETURN_IF_ERROR(part.status);
    const auto start = static_cast<int64_t>(corpus.ids.size());
    corpus.ids.insert(corpus.ids.end(), part.ids.begin(), part.ids.end());
    if (pairs)
      corpus.type_ids.insert(corpus.type_ids.end(), part.type_ids.begin(), part.type_ids.end());
    for (const int64_t end : part.ends) corpus.offsets.push_back(start + end);
    part = {};
  }
  return corpus;
}

}  // namespace tributary::data
