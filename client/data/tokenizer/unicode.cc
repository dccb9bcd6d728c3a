#include "client/data/tokenizer/unicode.h"

#include <utf8proc.h>

#include "aggregation/base/utf8.h"

namespace tributary::data {
namespace {

// What a lead byte promises: how many bytes follow, and between which bounds the first of them
// lies.
struct Lead {
  int follow = -1;
  unsigned char low = 0x80, high = 0xBF;
};

constexpr Lead LeadOf(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {3};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {};
}

}  // namespace

char32_t DecodeUtf8(std::string_view text, size_t& position) {
  const auto first = static_cast<unsigned char>(text[position++]);
  if (first < 0x80) return first;
  Lead lead = LeadOf(first);
  if (lead.follow < 0) return kReplacement;
  char32_t c = first & (0x3Fu >> lead.follow);
  for (; lead.follow > 0; --lead.follow, lead.low = 0x80, lead.high = 0xBF) {
    const auto next = position < text.size() ? static_cast<unsigned char>(text[position]) : 0u;
    if (next < lead.low || next > lead.high) return kReplacement;
    c = (c << 6) | (next & 0x3Fu);
    ++position;
  }
  return c;
}

char32_t LastCodePoint(std::string_view text, size_t end) {
  size_t begin = end - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0u) == 0x80) --begin;
  return DecodeUtf8(text.substr(0, end), begin);
}

void AppendUtf8(char32_t c, std::string& out) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | (c >> 6));
  } else {
    if (c < 0x10000) {
      put(0xE0 | (c >> 12));
    } else {
      put(0xF0 | (c >> 18));
      put(0x80 | ((c >> 12) & 0x3F));
    }
    put(0x80 | ((c >> 6) & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

std::string_view RepairUtf8(std::string_view text, std::string& storage) {
  if (IsUtf8(text)) return text;
  storage.clear();
  for (size_t position = 0; position < text.size();)
    AppendUtf8(DecodeUtf8(text, position), storage);
  return storage;
}

bool IsChinese(char32_t c) {
  static constexpr CodeRange kRanges[] = {
      {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},   {0x20000, 0x2A6DF},
      {0x2A700, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F},
  };
  return c >= 0x3400 && Contains(kRanges, c);
}

bool IsWord(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:
      return Contains(kWordBeyondCategory, c);
  }
}

void AppendLower(char32_t c, std::string& out) {
  if (c < 0x80) return out.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
  if (c == 0x130) return AppendUtf8('i', out), AppendUtf8(0x307, out);
  if (const CodeShift* found = FindRange(kLowerBeyond, c))
    return AppendUtf8(static_cast<char32_t>(static_cast<int32_t>(c) + found->shift), out);
  AppendUtf8(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))), out);
}

std::span<const int32_t> Decomposer::Decompose(char32_t c) {
  parts_[0] = static_cast<int32_t>(c);
  if (Contains(kInert, c)) return {parts_, 1};
  const int options = UTF8PROC_DECOMPOSE | (compatibility_ ? UTF8PROC_COMPAT : 0);
  const auto count = utf8proc_decompose_char(static_cast<int32_t>(c), parts_, std::size(parts_),
                                             static_cast<utf8proc_option_t>(options), nullptr);
  return {parts_, static_cast<size_t>(count)};
}

int Decomposer::CombiningClass(char32_t c) {
  if (c < 0x300 || Contains(kInert, c)) return 0;
  return utf8proc_get_property(static_cast<int32_t>(c))->combining_class;
}

}  // namespace tributary::data
