#pragma once
// Normalizers rewrite text before it is cut into words.

#include "client/data/tokenizer/component.h"

namespace tributary::data {

// Immutable; any number of threads may use one.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  // Puts into `out`, whose content is lost, what becomes of `text`, which is UTF-8 and no part of
  // it.
  virtual void Normalize(std::string_view text, std::string& out) const = 0;
};

using NormalizerRow = ComponentRow<Normalizer>;
std::span<const NormalizerRow> Normalizers();
Result<std::unique_ptr<const Normalizer>> MakeNormalizer(const JsonField& field);

// The members.
Result<std::unique_ptr<const Normalizer>> MakeBertNormalizer(const JsonField& field);
Result<std::unique_ptr<const Normalizer>> MakeLowercase(const JsonField& field);
Result<std::unique_ptr<const Normalizer>> MakeStripAccents(const JsonField& field);
Result<std::unique_ptr<const Normalizer>> MakeNfc(const JsonField& field);
Result<std::unique_ptr<const Normalizer>> MakeNfd(const JsonField& field);
Result<std::unique_ptr<const Normalizer>> MakeNfkc(const JsonField& field);
Result<std::unique_ptr<const Normalizer>> MakeNfkd(const JsonField& field);

}  // namespace tributary::data
