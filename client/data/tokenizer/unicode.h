#pragma once
// UTF-8, and the character classes by which Hugging Face's tokenizers cut text. Those come from
// libraries of several Unicode versions, and a model has learnt ids that follow them, so each class
// is a frozen table of code points and not what a newer Unicode says (unicode_tables.cc, with its
// recipe). Decompositions and cases, which Unicode never changes once given, come from utf8proc.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::data {

constexpr char32_t kReplacement = 0xFFFD;

// The code point at text[position]; moves position behind it. position < text.size(). What is not
// UTF-8 gives U+FFFD for each maximal subpart of a sequence (Unicode 15.0, section 3.9, "U+FFFD
// Substitution of Maximal Subparts"), which is what Python's errors="replace" gives.
char32_t DecodeUtf8(std::string_view text, size_t& position);

// The code point that ends right before text[end]; end > 0 and text is UTF-8.
char32_t LastCodePoint(std::string_view text, size_t end);

void AppendUtf8(char32_t c, std::string& out);

inline bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// text, if it is UTF-8; otherwise storage, filled with text as DecodeUtf8 reads it.
std::string_view RepairUtf8(std::string_view text, std::string& storage);

struct CodeRange {
  char32_t first, last;  // both included
};
struct CodeShift {
  char32_t first, last;
  int32_t shift;  // to be added
};

// Ascending, without overlap.
extern const std::span<const CodeRange> kControl, kWhitespace, kPunctuation, kNonspacingMark, kMark,
    kInert, kWordBeyondCategory;
extern const std::span<const CodeShift> kLowerBeyond;

// The range of an ascending table that holds c, or nullptr.
template <typename Range>
const Range* FindRange(std::span<const Range> table, char32_t c) {
  const auto after =
      std::upper_bound(table.begin(), table.end(), c,
                       [](char32_t value, const Range& r) { return value < r.first; });
  if (after == table.begin() || c > std::prev(after)->last) return nullptr;
  return &*std::prev(after);
}
inline bool Contains(std::span<const CodeRange> table, char32_t c) { return FindRange(table, c); }

bool IsChinese(char32_t c);  // the blocks that BERT sets apart, not all Han characters
bool IsWord(char32_t c);     // \w of a Unicode regular expression

// Appends the lower case of c, by itself (no final sigma, no language).
void AppendLower(char32_t c, std::string& out);

// Takes code points and hands them on decomposed and in canonical order (UAX #15). Marks wait until
// a starter comes: call Flush at the end. `emit` is called with a char32_t.
class Decomposer {
 public:
  explicit Decomposer(bool compatibility) : compatibility_(compatibility) {}

  template <typename Emit>
  void Push(char32_t c, Emit&& emit) {
    if (c < 0x80) return Flush(emit), emit(c);
    for (const int32_t part : Decompose(c)) {
      const auto point = static_cast<char32_t>(part);
      const int combining_class = CombiningClass(point);
      if (combining_class != 0) {
        waiting_.push_back({combining_class, point});
      } else {
        Flush(emit);
        emit(point);
      }
    }
  }
  template <typename Emit>
  void Flush(Emit&& emit) {
    if (waiting_.empty()) return;
    if (waiting_.size() > 1)
      std::stable_sort(waiting_.begin(), waiting_.end(), [](const Mark& a, const Mark& b) {
        return a.combining_class < b.combining_class;
      });
    for (const Mark& mark : waiting_) emit(mark.point);
    waiting_.clear();
  }

 private:
  struct Mark {
    int combining_class;
    char32_t point;
  };
  std::span<const int32_t> Decompose(char32_t c);
  static int CombiningClass(char32_t c);

  bool compatibility_;
  int32_t parts_[32];  // the longest decomposition has 18
  std::vector<Mark> waiting_;
};

}  // namespace tributary::data
