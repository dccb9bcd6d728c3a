#include "aggregation/base/digest.h"

#include <gtest/gtest.h>

#include "aggregation/base/file.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary {
namespace {

// FIPS 180-4 examples and NIST's "Secure Hash Standard" test messages.
TEST(Digest, AgreesWithNistsVectors) {
  EXPECT_EQ(Sha256("").Hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256("abc").Hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").Hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnop"
                   "qklmnopqrlmnopqrs"
                   "mnopqrstnopqrstu")
                .Hex(),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(Sha256(std::string(1'000'000, 'a')).Hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, IsTheSameInPieces) {
  const std::string text(1000, 'x');
  for (size_t cut : {0, 1, 63, 64, 65, 999, 1000})
    EXPECT_EQ(Hasher()
                  .Update(std::string_view(text).substr(0, cut))
                  .Update(std::string_view(text).substr(cut))
                  .Finish(),
              Sha256(text));
}

TEST(Digest, HashesFilesAndNamesThoseItCannotRead) {
  const ScratchDirectory scratch;
  const std::string content(3'000'000, 'f');
  ASSERT_THAT(WriteFile(scratch.path() / "file", content), IsOk());
  ASSERT_THAT(WriteFile(scratch.path() / "empty", ""), IsOk());
  EXPECT_EQ(*Sha256File(scratch.path() / "file"), Sha256(content));
  EXPECT_EQ(*Sha256File(scratch.path() / "empty"), Sha256(""));
  EXPECT_THAT(Sha256File(scratch.path() / "none"),
              Fails(Code::kNotFound, (scratch.path() / "none").string()));
  EXPECT_THAT(Sha256File(scratch.path()), Fails(Code::kInvalidArgument, scratch.path().string()));
}

TEST(Digest, ComesBackFromItsHexadecimalForm) {
  const Digest digest = Sha256("abc");
  EXPECT_EQ(*Digest::FromHex(digest.Hex()), digest);
  EXPECT_THAT(Digest::FromHex("abc"), Fails(Code::kInvalidArgument, "3 characters, expected 64"));
  EXPECT_THAT(Digest::FromHex(std::string(63, '0') + "G"), Fails(Code::kInvalidArgument, "'G'"));
  EXPECT_THAT(Digest::FromHex(std::string(63, '0') + "A"),
              Fails(Code::kInvalidArgument, "lower-case"));
  EXPECT_THAT(Digest::FromHex(digest.Hex() + "0"), Fails(Code::kInvalidArgument, "65 characters"));
}

TEST(Digest, OrdersByBytes) {
  EXPECT_LT(*Digest::FromHex("0" + std::string(63, 'f')),
            *Digest::FromHex("1" + std::string(63, '0')));
  EXPECT_LT(Digest{}, *Digest::FromHex("80" + std::string(62, '0')));
}

}  // namespace
}  // namespace tributary
