#include "proto/join_string.h"

#include "privacy/crypto/encoding.h"
#include "tests/support/matchers.h"

namespace tributary::proto {
namespace {

JoinInvitation SomeInvitation() {
  JoinInvitation invitation{.address = "coordinator.example.org:7443",
                            .project = "alpha",
                            .root_spki = Sha256("a root"),
                            .invite_id = "inv-7"};
  for (size_t i = 0; i < invitation.secret.size(); ++i)
    invitation.secret[i] = static_cast<std::byte>(200 + i);
  return invitation;
}

// A text with good check digits around any body.
std::string Around(std::string_view body) {
  std::string text = "TRIBJOIN1." + privacy::ToBase64Url(body);
  text += fmt::format(".{:08x}", privacy::Crc32(text));
  return text;
}

std::string BodyOf(const JoinInvitation& invitation) {
  const std::string text = *EncodeJoinString(invitation);
  return *privacy::FromBase64Url(std::string_view(text).substr(10, text.size() - 10 - 9));
}

TEST(JoinString, GivesTheInvitationBack) {
  const JoinInvitation invitation = SomeInvitation();
  const auto text = EncodeJoinString(invitation);
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(text->substr(0, 10), "TRIBJOIN1.");
  const auto again = DecodeJoinString(*text);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->address, invitation.address);
  EXPECT_EQ(again->project, invitation.project);
  EXPECT_EQ(again->root_spki, invitation.root_spki);
  EXPECT_EQ(again->invite_id, invitation.invite_id);
  EXPECT_EQ(again->secret, invitation.secret);
}

// Made with Python's struct, base64 and zlib. What was once handed out must be read for ever.
TEST(JoinString, IsTheSameForEver) {
  EXPECT_EQ(*EncodeJoinString(SomeInvitation()),
            "TRIBJOIN1.ABxjb29yZGluYXRvci5leGFtcGxlLm9yZzo3NDQzAAVhbHBoYQAFaW52LTdQsxL1y8cWdZ"
            "9WINc6fMEUFXBzSfQbDOC3z3t4B-wx2sjJysvMzc7P0NHS09TV1tfY2drb3N3e3-Dh4uPk5ebn.a55f6"
            "6f6");
}

TEST(JoinString, TakesEveryKindOfAddress) {
  for (const char* address : {"localhost:1", "10.0.0.1:65535", "[::1]:7443", "[2001:db8::42]:80",
                              "compose_service:7443"}) {
    JoinInvitation invitation = SomeInvitation();
    invitation.address = address;
    const auto text = EncodeJoinString(invitation);
    ASSERT_THAT(text, IsOk()) << address;
    EXPECT_EQ(DecodeJoinString(*text)->address, address);
  }
}

TEST(JoinString, RefusesFieldsThatCannotBe) {
  for (const std::string& address : {std::string(),
                                     std::string("localhost"),
                                     std::string("localhost:"),
                                     std::string(":7443"),
                                     std::string("localhost:0"),
                                     std::string("localhost:07443"),
                                     std::string("localhost:65536"),
                                     std::string("localhost:4294967297"),
                                     std::string("localhost:-1"),
                                     std::string("localhost:+1"),
                                     std::string("localhost:80 "),
                                     std::string("::1:80"),
                                     std::string("[::1]"),
                                     std::string("[localhost]:80"),
                                     std::string("[10.0.0.1]:80"),
                                     std::string("[]:80"),
                                     std::string("[:80"),
                                     std::string("a b:80"),
                                     std::string("https://a:80"),
                                     std::string("*.a:80"),
                                     std::string("a\0:80", 5),
                                     std::string(254, 'a') + ":80",
                                     std::string(100'000, 'a')}) {
    JoinInvitation invitation = SomeInvitation();
    invitation.address = address;
    EXPECT_THAT(EncodeJoinString(invitation),
                Fails(Code::kInvalidArgument, "is not of the form HOST:PORT"))
        << address;
  }
  JoinInvitation invitation = SomeInvitation();
  invitation.project = "../alpha";
  EXPECT_THAT(EncodeJoinString(invitation), Fails(Code::kInvalidArgument, "join string: project"));
  invitation = SomeInvitation();
  invitation.invite_id = "";
  EXPECT_THAT(EncodeJoinString(invitation), Fails(Code::kInvalidArgument, "invite id: 0 bytes"));
}

TEST(JoinString, StaysShortEnoughToPaste) {
  const std::string label(63, 'a');
  JoinInvitation invitation = SomeInvitation();
  invitation.address = label + "." + label + "." + label + "." + std::string(61, 'a') + ":65535";
  invitation.project = invitation.invite_id = std::string(64, 'p');
  const auto text = EncodeJoinString(invitation);
  ASSERT_THAT(text, IsOk());
  EXPECT_LE(text->size(), kMaxJoinString);
  EXPECT_THAT(DecodeJoinString(*text), IsOk());
  EXPECT_LT(EncodeJoinString(SomeInvitation())->size(), 200U);
}

TEST(JoinString, SkipsWhiteSpaceAroundIt) {
  const std::string text = *EncodeJoinString(SomeInvitation());
  EXPECT_THAT(DecodeJoinString(" \t" + text + "\r\n"), IsOk());
  EXPECT_THAT(DecodeJoinString(std::string(5000, ' ') + text), IsOk());
  EXPECT_FALSE(DecodeJoinString(text.substr(0, 40) + "\n" + text.substr(40)));
  EXPECT_FALSE(DecodeJoinString("\"" + text + "\""));
}

// K09
TEST(JoinString, FindsEverySlipOfAFinger) {
  const std::string text = *EncodeJoinString(SomeInvitation());
  for (size_t i = 0; i < text.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      if (text[i] == static_cast<char>(c)) continue;
      std::string other = text;
      other[i] = static_cast<char>(c);
      EXPECT_THAT(DecodeJoinString(other), Fails(Code::kInvalidArgument, "the join string"))
          << other;
    }
    EXPECT_FALSE(DecodeJoinString(text.substr(0, i)));
    EXPECT_FALSE(DecodeJoinString(text.substr(i + 1)));
    EXPECT_FALSE(DecodeJoinString(text.substr(0, i) + text.substr(i + 1))) << "one left out";
    EXPECT_FALSE(DecodeJoinString(text.substr(0, i) + text[i] + text.substr(i))) << "one twice";
    if (i > 0 && text[i] != text[i - 1]) {
      std::string swapped = text;
      std::swap(swapped[i], swapped[i - 1]);
      EXPECT_FALSE(DecodeJoinString(swapped)) << "two swapped";
    }
  }
}

TEST(JoinString, SaysWhatIsWrongAndShowsNothing) {
  const std::string text = *EncodeJoinString(SomeInvitation());
  EXPECT_THAT(DecodeJoinString(""),
              Fails(Code::kInvalidArgument, "the join string: does not begin with TRIBJOIN1."));
  EXPECT_THAT(DecodeJoinString("TRIBJOIN2" + text.substr(9)),
              Fails(Code::kInvalidArgument, "begin"));
  EXPECT_THAT(
      DecodeJoinString("TRIBJOIN1."),
      Fails(Code::kInvalidArgument, "was cut or mistyped: it does not end with a dot and 8"));
  EXPECT_THAT(
      DecodeJoinString(fmt::format("TRIBJOIN1.{:08x}", privacy::Crc32("TRIBJOIN1"))),
      Fails(Code::kInvalidArgument, "was cut or mistyped: it does not end with a dot and 8"));
  EXPECT_THAT(
      DecodeJoinString(text.substr(0, text.size() - 1)),
      Fails(Code::kInvalidArgument, "was cut or mistyped: it does not end with a dot and 8"));
  std::string other = text;
  other[50] = other[50] == 'A' ? 'B' : 'A';
  const auto mistyped = DecodeJoinString(other);
  EXPECT_THAT(mistyped,
              Fails(Code::kInvalidArgument,
                    "the join string: was cut or mistyped: its check digits do not match"));
  EXPECT_EQ(mistyped.error().message.find(text.substr(20, 10)), std::string::npos);
  EXPECT_THAT(DecodeJoinString(text + std::string(kMaxJoinString, 'A')),
              Fails(Code::kInvalidArgument, "expected at most 1024"));
}

TEST(JoinString, TakesNoOtherBodyUnderGoodDigits) {
  const JoinInvitation invitation = SomeInvitation();
  const std::string body = BodyOf(invitation);
  EXPECT_EQ(Around(body), *EncodeJoinString(invitation));
  for (size_t size = 0; size < body.size(); ++size)
    EXPECT_FALSE(DecodeJoinString(Around(body.substr(0, size)))) << size;
  EXPECT_THAT(DecodeJoinString(Around(body + "x")),
              Fails(Code::kInvalidArgument, "do not hold what an invitation holds"));
  std::string lies = body;
  lies[0] = '\xff';
  EXPECT_THAT(DecodeJoinString(Around(lies)), Fails(Code::kInvalidArgument, "do not hold"));
  std::string hostile = body;
  hostile[2] = '\n';  // the first byte of the address
  EXPECT_THAT(DecodeJoinString(Around(hostile)), Fails(Code::kInvalidArgument, "HOST:PORT"));
  std::string padded = "TRIBJOIN1.Zg==";
  padded += fmt::format(".{:08x}", privacy::Crc32(padded));
  EXPECT_THAT(DecodeJoinString(padded), Fails(Code::kInvalidArgument, "base64url"));
}

}  // namespace
}  // namespace tributary::proto
