"""Makes the golden files of the tokenizer, with Hugging Face's `tokenizers` as the oracle.

  python make.py TOKENIZER_JSON      (that of all-MiniLM-L6-v2)

torture.jsonl     5,000 lines for the real tokenizer
options.json      small tokenizers with the options that it does not use, and texts for each
code_points.json  digests, in blocks of 4,096 code points, of what each part makes of every one

A record: t text, or x text as hexadecimal bytes that are not UTF-8 (read with errors="replace");
p the second text of a pair; m max_length; i ids; n how many type ids are 1.
Made with tokenizers 0.23.3.
"""
import hashlib
import itertools
import json
import random
import sys
import unicodedata
from pathlib import Path

from tokenizers import Tokenizer, normalizers, pre_tokenizers

HERE = Path(__file__).parent
rng = random.Random(20)

WORDS = """the quick package library development files transitional dummy documentation naïve café
résumé Ångström Łódź Zürich ÉCOLE İstanbul ıslak Straße STRASSE ẞ ſtop KELVIN Å Ω ΣΊΣΥΦΟΣ Ὀδυσσεύς
Москва ЁЛКА Київ ქართული Ქართული հայերեն ﬁne ﬂow ①② Ⅷ ½ x² H₂O Ǆ ǅ ǆ ŉ ǰ ΐ dž Æsir œuvre ð þorn
don't C++ C# e.g. 3.14 1,000 a_b foo-bar --help /usr/bin user@host https://x.org/?q=1 $5 50% x=y
Việt Nguyễn Tiếng đường ἀρχή पाणिनि संस्कृतम् বাংলা தமிழ் తెలుగు ไทย ภาษาไทย ລາວ မြန်မာ ខ្មែរ བོད་ཡིག አማርኛ
العربية مُحَمَّد القُرْآن ﷺ ﷲ فارسی۱۲۳ اردو עברית שָׁלוֹם יִידיש 한국어 각 까꿍 ᄒᆞᆫ 日本語 ひらがな カタカナ ｶﾞｷﾞ ばぱ
中文 漢字 㐀 𠀀 𪚥 豈 你好 ＡＢＣ １２３ ！？ 𝐀𝔅ℂ 𝟘 ꭰ Ꭰ ꙁ ⰰ 𐐀 𞤀 Ꞌ ꜧ""".split()
EMOJI = ["👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "❤️", "👨🏿‍🚀", "🫠", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☺", "🤷🏻‍♀️", "🪿"]
SPECIAL = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[cls]", "[MASK", "[[MASK]]", "[ MASK ]",
           "[MASK][MASK]", "x[SEP]y", "[CLS]é", "[M\u0301ASK]", "[MASK]\u0301"]
SPACES = " \t\n\r\v\f\x1c\x1f\x85\xa0\u1680\u2000\u2003\u200a\u2028\u2029\u202f\u205f\u3000"
ODD = "\0\x01\x07\x08\x1b\x7f\x80\x9f\xad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202e\u2060" \
      "\u2066\ufeff\ufff9\ufffc\ufffd\ufffe\uffff\ue000\uf8ff\U000f0000\U0010ffff\U000e0001\U000e0020" \
      "\ufdd0\u0378\u0600\u06dd\u070f\u08e2\U000110bd\U000110cd\U00013430\U0001d173\U0001fffe"
MARKS = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)).startswith("M")]
# Newer than the tables of the oracle's crates, and their neighbours.
NEW = [chr(c) for c in itertools.chain(
    range(0x0897, 0x08A0), range(0x1ABF, 0x1AE0), range(0x1DF6, 0x1DFC), range(0x10D24, 0x10D28),
    range(0x10D40, 0x10D90), range(0x11930, 0x11945), range(0x11A30, 0x11A50), range(0x16FE0, 0x16FF8),
    range(0x1E030, 0x1E090), range(0xA7C0, 0xA7DE), range(0x10EAB, 0x10F00), range(0x1CF00, 0x1CF47),
    range(0x1C89, 0x1C8B), range(0x16EA0, 0x16ED4), range(0x113C0, 0x113D3), [0x32FF, 0xAB69, 0x1F16C])]
PUNCTUATION = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c))[0] in "PS"]


def any_char():
    while True:
        c = rng.choice([rng.randrange(0x3000), rng.randrange(0x10000), rng.randrange(0x110000)])
        if not 0xD800 <= c < 0xE000:
            return chr(c)


def word():
    w = rng.choice(WORDS)
    kind = rng.randrange(8)
    if kind == 0:
        return unicodedata.normalize("NFD", w)
    if kind == 1:
        return w.upper()
    if kind == 2:
        return w + rng.choice(WORDS)
    return w


def marked():
    return "".join(rng.choice("aeoKxſ가ㄱअกא中") + "".join(rng.choices(MARKS, k=rng.randrange(5)))
                   for _ in range(rng.randint(1, 4)))


def soup(alphabet, most):
    return "".join(rng.choices(alphabet, k=rng.randint(1, most)))


PIECES = [word, word, word, word, marked,
          lambda: rng.choice(EMOJI), lambda: rng.choice(SPECIAL), lambda: soup(ODD, 4),
          lambda: "".join(any_char() for _ in range(rng.randint(1, 6))), lambda: soup(NEW, 4),
          lambda: soup(PUNCTUATION, 6), lambda: soup("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", 8)]
GLUE = [" "] * 12 + ["", "", "  "] + list(SPACES) + list(ODD[:24])


def text(most=6):
    out = rng.choice(["", "", "", " ", "\t"])
    for _ in range(rng.randint(0, most)):
        out += rng.choice(PIECES)() + rng.choice(GLUE)
    return out


def long_word():
    n = rng.choice([98, 99, 100, 101, 102, 150])
    c = rng.choice(["a", "é", "e\u0301", "ж", "ก", "abc", "\u0301", "𐐀", "x-"])
    return rng.choice(["", "z "]) + (c * n)[:n] + rng.choice(["", " end"])


def bytes_text():
    raw = bytearray(text(3).encode())
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(raw) + 1)
        raw[at:at + rng.randrange(2)] = rng.choice([
            b"\xff", b"\x80", b"\xc0\xaf", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80",
            b"\xe2", b"\xf8\x88\x80\x80\x80", b"\xc3", b"\xe0\x80\x80", b"\xf0\x80", b"\xc3[MASK]"])
    return bytes(raw)


def record(tokenizer, t, p=None, m=0):
    """The record of one text (or bytes) or pair."""
    out = {}
    if isinstance(t, bytes):
        out["x"] = t.hex()
        t = t.decode(errors="replace")
    else:
        out["t"] = t
    tokenizer.no_padding()
    tokenizer.no_truncation() if m == 0 else tokenizer.enable_truncation(m)
    encoding = tokenizer.encode(t) if p is None else tokenizer.encode(t, p)
    if p is not None:
        out["p"] = p
    if m:
        out["m"] = m
    out["i"] = encoding.ids
    if any(encoding.type_ids):
        out["n"] = sum(encoding.type_ids)
        assert set(encoding.type_ids) <= {0, 1}
    return out


def torture(tokenizer):
    lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 24, 33]
    yield from (record(tokenizer, t) for t in ["", " ", "\n", "\u0301", "\0", "\ufffd", "a", "[CLS]", "##a", "#"])
    yield from (record(tokenizer, w) for w in WORDS + EMOJI + SPECIAL)
    yield from (record(tokenizer, unicodedata.normalize("NFD", w)) for w in WORDS)
    yield from (record(tokenizer, f"a{c}b {c}") for c in SPACES + ODD)
    yield from (record(tokenizer, long_word()) for _ in range(120))
    yield from (record(tokenizer, bytes_text()) for _ in range(300))
    yield from (record(tokenizer, text(), m=rng.choice(lengths)) for _ in range(250))
    yield from (record(tokenizer, text(rng.choice([2, 9])), text(rng.choice([2, 9])), rng.choice(lengths))
                for _ in range(600))
    while True:
        yield record(tokenizer, text(4))


def added(content, **flags):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": False, **flags}


def bert(clean, chinese, strip, lower):
    return {"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese,
            "strip_accents": strip, "lowercase": lower}


def definitions():
    """(name, parts of a tokenizer.json, texts of its own)"""
    bert_split = {"type": "BertPreTokenizer"}
    for options in itertools.product([True, False], [True, False], [None, True, False], [True, False]):
        yield f"bert{options}", {"normalizer": bert(*options), "pre_tokenizer": bert_split}, []
    for name in ["Lowercase", "StripAccents", "NFC", "NFD", "NFKC", "NFKD"]:
        yield name, {"normalizer": {"type": name}, "pre_tokenizer": {"type": "WhitespaceSplit"}}, []
    steps = [{"type": "NFD"}, {"type": "Lowercase"}, {"type": "StripAccents"}]
    yield "steps", {"normalizer": {"type": "Sequence", "normalizers": steps},
                    "pre_tokenizer": {"type": "Whitespace"}}, []
    yield "no steps", {"normalizer": {"type": "Sequence", "normalizers": []},
                       "pre_tokenizer": {"type": "Sequence", "pretokenizers": []}}, ["", "a"]
    both = [{"type": "WhitespaceSplit"}, bert_split]
    yield "both splits", {"pre_tokenizer": {"type": "Sequence", "pretokenizers": both}}, []
    yield "no parts", {}, ["", " ", "a b", "a", "[UNK]"]
    for prefix, most in [("", 100), ("@@", 5), ("##", 0)]:
        yield f"prefix {prefix} most {most}", {
            "pre_tokenizer": bert_split,
            "model": {"continuing_subword_prefix": prefix, "max_input_chars_per_word": most}}, ["@@a a@@ ##a"]
    yield "model without type", {"pre_tokenizer": bert_split, "model": {"type": None}}, []

    strips = [added("<l>", lstrip=True), added("<r>", rstrip=True), added("<b>", lstrip=True, rstrip=True),
              added("<w>", single_word=True), added("<wb>", single_word=True, lstrip=True, rstrip=True),
              added(" <s>", special=True), added("<", special=True), added("Foo", normalized=True),
              added("foobar", normalized=True), added("BAR", normalized=True, special=True),
              added("Été", normalized=True, single_word=True), added("中", normalized=True), added("aa"), added("aab")]
    alphabet = [t["content"] for t in strips] + ["foo", "bar", "fooba", "ETE", "e\u0301te\u0301", "a", "b", "_", "9",
                                                 "é", "\u0301", "ⓐ", "\u200d", "中", "-", "<w", ">"]
    texts = ["".join(rng.choice(alphabet) + rng.choice(["", "", " ", "  ", rng.choice(SPACES)])
                     for _ in range(rng.randint(1, 7))) for _ in range(150)]
    yield "added", {"normalizer": bert(True, True, None, True), "pre_tokenizer": bert_split,
                    "added_tokens": strips}, texts
    yield "added, nothing else", {"added_tokens": strips}, texts[:60]

    def piece(name, type_id):
        kind = "Sequence" if name in ("A", "B") else "SpecialToken"
        return {kind: {"id": name, "type_id": type_id}}
    template = {"type": "TemplateProcessing", "special_tokens": {
        "[S]": {"id": "[S]", "ids": [1], "tokens": ["x"]}, "[T]": {"id": "[T]", "ids": [2, 3], "tokens": ["x", "y"]}},
        "single": [piece("[T]", 1), piece("A", 1), piece("[S]", 0)],
        "pair": [piece("B", 1), piece("[T]", 0), piece("[S]", 1), piece("A", 0)]}
    yield "template", {"pre_tokenizer": bert_split, "post_processor": template}, None
    yield "BertProcessing", {"pre_tokenizer": bert_split,
                             "post_processor": {"type": "BertProcessing", "sep": ["b", 2], "cls": ["c", 3]}}, None
    yield "no template", {"pre_tokenizer": bert_split}, None


def options():
    shared = [text(4) for _ in range(40)] + [" ".join(rng.choices(WORDS, k=8)) for _ in range(12)]
    made = []
    for name, parts, own in definitions():
        texts = shared if own is None else shared + own
        made.append((name, parts, texts, own is None))
    # Every character that can come out is an entry, so that none hides behind the unknown token.
    characters = set()
    forms = [normalizers.NFD(), normalizers.NFKC(), normalizers.NFKD(), normalizers.Lowercase(),
             normalizers.BertNormalizer()]
    for t in set(itertools.chain.from_iterable(texts for _, _, texts, _ in made)):
        for form in [t, *(f.normalize_str(t) for f in forms)]:
            characters |= set(form) | set(forms[3].normalize_str(form))
    entries = ["[UNK]"] + [p + c for c in sorted(characters) for p in ("", "##", "@@")] + ["the", "##the", "a b"]
    vocab = {entry: i for i, entry in enumerate(dict.fromkeys(entries))}
    out = []
    for name, parts, texts, pairs in made:
        model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                 "max_input_chars_per_word": 100, **parts.get("model", {})}
        model = {k: v for k, v in model.items() if v is not None}
        file = {"version": "1.0", "added_tokens": [], **parts, "model": model}
        ids = itertools.count(len(vocab))
        file["added_tokens"] = [{"id": vocab.get(t["content"]) or next(ids), **t} for t in file["added_tokens"]]
        tokenizer = Tokenizer.from_str(json.dumps({**file, "model": {**model, "vocab": vocab}}))
        cases = [record(tokenizer, t) for t in texts[:-20 if len(texts) == 52 else None]]
        if pairs:
            cases += [record(tokenizer, rng.choice(texts)[:9], rng.choice(texts)[:9], m) for m in range(24)]
            cases += [record(tokenizer, rng.choice(texts), m=m) for m in range(9)]
        out.append({"name": name, "file": file, "cases": cases})
    return {"vocab": list(vocab), "tokenizers": out}


def code_points():
    def blocks(of):
        digests = []
        for begin in range(0, 0x110000, 4096):
            digest = hashlib.sha256()
            for c in range(begin, begin + 4096):
                if not 0xD800 <= c < 0xE000:
                    digest.update(of(chr(c)).encode() + b"\n")
            digests.append(digest.hexdigest()[:8])
        return digests

    rows = []
    for part in [bert(True, True, True, True), bert(True, False, False, True), bert(False, True, None, False),
                 {"type": "Lowercase"}, {"type": "StripAccents"}, {"type": "NFC"}, {"type": "NFD"},
                 {"type": "NFKC"}, {"type": "NFKD"}]:
        options = {k: v for k, v in part.items() if k != "type"}
        normalize = getattr(normalizers, part["type"])(**options).normalize_str
        rows.append({"kind": "normalizer", "part": part,
                     "digests": blocks(lambda c: normalize(f"a{c}b\u0315{c}\u0323\u0334"))})
    for name in ["BertPreTokenizer", "Whitespace", "WhitespaceSplit"]:
        split = getattr(pre_tokenizers, name)().pre_tokenize_str
        rows.append({"kind": "pre_tokenizer", "part": {"type": name},
                     "digests": blocks(lambda c: "\n".join(w for w, _ in split(f"a{c}b-{c}{c}")))})
    return rows


def write(name, lines):
    (HERE / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


write("torture.jsonl", map(dump, itertools.islice(torture(Tokenizer.from_file(sys.argv[1])), 5000)))
small = options()
write("options.json", ['{"vocab":' + dump(small["vocab"]) + ',"tokenizers":[',
                       ",\n".join(map(dump, small["tokenizers"])), "]}"])
write("code_points.json", ["[", ",\n".join(map(dump, code_points())), "]"])
