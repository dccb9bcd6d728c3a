"""Prints client/data/tokenizer/unicode_tables.cc: the character classes that Hugging Face's
`tokenizers` uses, asked of it code point by code point.

Needs: tokenizers, unicodedata2 (Unicode 17 or later), and the libutf8proc that the program links.
  python unicode_tables.py > ../../../../client/data/tokenizer/unicode_tables.cc
"""
import ctypes

import unicodedata2
from tokenizers import normalizers, pre_tokenizers

utf8proc = ctypes.CDLL("libutf8proc.so.2")
ALL = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
OFF = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)


def bert(**on):
    return normalizers.BertNormalizer(**{**OFF, **on}).normalize_str


def ranges(points):
    out = []
    for c in sorted(points):
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def table(name, points, comment):
    print(f"\n// {comment}")
    print(f"const CodeRange {name}Ranges[] = {{")
    line = "   "
    for first, last in ranges(points):
        item = f" {{0x{first:X}, 0x{last:X}}},"
        if len(line) + len(item) > 100:
            print(line)
            line = "   "
        line += item
    print(f"{line}\n}};\nconst std::span<const CodeRange> {name} = {name}Ranges;")


def inert(c):
    ch = chr(c)
    nfkd = normalizers.NFKD().normalize_str
    if nfkd(ch) != ch:
        return False
    if unicodedata2.decomposition(ch):
        return True
    moves = nfkd("a\u0345" + ch) != "a\u0345" + ch or nfkd("a" + ch + "\u0334") != "a" + ch + "\u0334"
    return unicodedata2.combining(ch) != 0 and not moves


clean, strip, lower = bert(clean_text=True), bert(strip_accents=True), bert(lowercase=True)
marks = normalizers.StripAccents().normalize_str
nfd = normalizers.NFD().normalize_str
split_bert = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
split_word = pre_tokenizers.Whitespace().pre_tokenize_str
CATEGORY_WORD = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12}  # L*, M*, Nd, Nl, Pc in utf8proc's numbering

print("""// Made by tests/data/golden/tokenizer/unicode_tables.py; change that, not this.

#include "client/data/tokenizer/unicode.h"

namespace tributary::data {""")
table("kControl", [c for c in ALL if clean(f"a{chr(c)}b") == "ab"],
      "What clean_text removes: Cc, Cf and Co of Unicode 8.0 but for tab and line ends; U+FFFD.")
table("kWhitespace", [c for c in ALL if len(split_bert(f"a{chr(c)}b")) == 2],
      "White_Space.")
table("kPunctuation", [c for c in ALL if len(split_bert(f"a{chr(c)}b")) == 3],
      "P* of Unicode 8.0, and all ASCII signs.")
table("kNonspacingMark", [c for c in ALL if strip(f"a{chr(c)}b") == "ab"],
      "Mn of Unicode 8.0: what BertNormalizer strips.")
table("kMark", [c for c in ALL if marks(f"a{chr(c)}b") == "ab"],
      "M* of Unicode 9.0: what StripAccents strips.")
table("kInert", [c for c in ALL if inert(c)],
      "Newer than Unicode 9.0, so neither decomposed nor reordered, whatever utf8proc knows.")
word = {c for c in ALL if len(split_word(f"a{chr(c)}b")) == 1}
table("kWordBeyondCategory", [c for c in word if utf8proc.utf8proc_category(c) not in CATEGORY_WORD],
      "In \\w (Unicode 16.0) for another reason than being L*, M*, Nd, Nl or Pc in Unicode 15.0.")

assert not [c for c in ALL if utf8proc.utf8proc_category(c) in CATEGORY_WORD and c not in word]
print("\n// Lower-case mappings (Unicode 17.0) that Unicode 15.0 lacks.")
print("const CodeShift kLowerBeyondShifts[] = {")
shifts = []
for c in ALL:
    got = lower(chr(c))
    if len(got) == 1 and ord(got) != utf8proc.utf8proc_tolower(c):
        shift = ord(got) - c
        if shifts and shifts[-1][1] == c - 1 and shifts[-1][2] == shift:
            shifts[-1][1] = c
        else:
            shifts.append([c, c, shift])
    assert len(got) == 1 or c == 0x130, hex(c)
for first, last, shift in shifts:
    print(f"    {{0x{first:X}, 0x{last:X}, {shift}}},")
print("};\nconst std::span<const CodeShift> kLowerBeyond = kLowerBeyondShifts;")
print("\n}  // namespace tributary::data")
