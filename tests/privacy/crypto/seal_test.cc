#include "privacy/crypto/seal.h"

#include <array>
#include <set>

#include "tests/privacy/crypto/bytes.h"
#include "tests/support/matchers.h"

namespace tributary::privacy {
namespace {

Result<Secret> UnsealHex(std::string_view key, std::string_view context, std::string_view sealed) {
  const std::string bytes = FromHex(key);
  return Unseal(Bytes(bytes).first<32>(), FromHex(context), FromHex(sealed));
}

std::array<std::byte, 32> SomeKey() {
  std::array<std::byte, 32> key{};
  key[7] = std::byte{9};
  return key;
}

// Test cases 13, 14 and 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", which NIST
// took over: nonce, ciphertext and tag one after the other.
TEST(Unseal, OpensTheVectorsOfGcm) {
  const std::string zeros(64, '0');
  EXPECT_EQ(
      UnsealHex(zeros, "", "000000000000000000000000530f8afbc74536b9a963b4f1c4cb738b")->text(), "");
  EXPECT_EQ(UnsealHex(zeros, "",
                      "000000000000000000000000cea7403d4d606b6e074ec5d3baf39d18"
                      "d0d1c8a799996bf0265b98b5d48ab919")
                ->text(),
            std::string(16, '\0'));
  const auto plain = UnsealHex(
      "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
      "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      "cafebabefacedbaddecaf888"
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
  ASSERT_THAT(plain, IsOk());
  EXPECT_EQ(Hex(plain->text()),
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
}

TEST(Seal, OpensUnderTheSameKeyAndContext) {
  const auto key = SomeKey();
  for (const std::string& plain :
       {std::string(), std::string("a secret"), std::string(100'000, 'x')}) {
    const auto sealed = Seal(key, "invite 7", plain);
    ASSERT_THAT(sealed, IsOk());
    EXPECT_EQ(sealed->size(), plain.size() + kSealOverhead);
    const auto opened = Unseal(key, "invite 7", *sealed);
    ASSERT_THAT(opened, IsOk());
    EXPECT_EQ(opened->text(), plain);
  }
}

TEST(Seal, NeverUsesANonceAgain) {
  std::set<std::string> nonces;
  for (int i = 0; i < 1000; ++i)
    EXPECT_TRUE(nonces.insert(Seal(SomeKey(), "", "same")->substr(0, 12)).second);
}

TEST(Unseal, RefusesAnotherKeyContextOrByte) {
  const auto key = SomeKey();
  const std::string sealed = *Seal(key, "invite 7", "a secret");
  EXPECT_THAT(Unseal(std::array<std::byte, 32>{}, "invite 7", sealed),
              Fails(Code::kDataLoss, "does not open"));
  EXPECT_THAT(Unseal(key, "invite 8", sealed), Fails(Code::kDataLoss, "does not open"));
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string other = sealed;
    other[i] ^= 1;
    EXPECT_THAT(Unseal(key, "invite 7", other), Fails(Code::kDataLoss, "does not open"));
    const bool is_short = i < kSealOverhead;
    EXPECT_THAT(Unseal(key, "invite 7", sealed.substr(0, i)),
                Fails(Code::kDataLoss, is_short ? "expected at least 28" : "does not open"));
  }
}

TEST(Seal, HasALimit) {
  EXPECT_THAT(Seal(SomeKey(), "", std::string(kMaxSealed + 1, 'x')),
              Fails(Code::kResourceExhausted, "expected at most 67108864"));
  EXPECT_THAT(Unseal(SomeKey(), "", std::string(kMaxSealed + kSealOverhead + 1, 'x')),
              Fails(Code::kResourceExhausted, "expected at most"));
}

}  // namespace
}  // namespace tributary::privacy
