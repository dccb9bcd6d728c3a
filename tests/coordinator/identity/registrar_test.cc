// Invitations and certificates as privacy-security.md 4.2 and 4.3 want them: T-ENR.
#include "coordinator/identity/registrar.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "aggregation/base/file.h"
#include "coordinator/identity/list.h"
#include "privacy/crypto/credentials.h"
#include "proto/enrolment_proof.h"
#include "proto/join_string.h"
#include "tests/support/matchers.h"
#include "tests/support/memory_store.h"
#include "tests/support/scratch.h"

namespace tributary::identity {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kNow = 1'800'000'000;

std::array<std::byte, 32> Array(const Digest& digest) {
  std::array<std::byte, 32> bytes;
  std::copy_n(reinterpret_cast<const std::byte*>(digest.bytes.data()), 32, bytes.begin());
  return bytes;
}

class RegistrarTest : public testing::Test {
 protected:
  RegistrarTest() {
    EXPECT_THAT(MakeAuthority(scratch_.path() / "authority", "alpha", kNow), IsOk());
    Restart();
  }
  void Restart() {
    auto issuer = Issuer::Open(scratch_.path() / "authority", "alpha");
    ASSERT_THAT(issuer, IsOk());
    root_ = issuer->root().spki;
    RegistrarEffects effects;
    effects.enrolled = [this](const std::string& name, const Tags& tags) -> Status {
      if (fails_to_enrol_) return MakeError(Code::kUnavailable, "the disk is full");
      enrolled_[name] = tags;
      return {};
    };
    effects.denied = [this](std::set<std::string> denied) { denied_ = std::move(denied); };
    auto opened = Registrar::Open({"alpha", "127.0.0.1:7341", "127.0.0.1:7340"}, *std::move(issuer),
                                  store_, std::move(effects));
    ASSERT_THAT(opened, IsOk());
    registrar_ = *std::move(opened);
  }
  proto::JoinInvitation Invited(const proto::InviteRequest& request) {
    auto invitation = registrar_->Invite(request, kNow);
    EXPECT_THAT(invitation, IsOk());
    return *proto::DecodeJoinString(invitation->join);
  }
  // What a client with that directory sends.
  proto::EnrolmentRequest Ask(const proto::JoinInvitation& join, const std::string& directory) {
    const std::string request = *privacy::PrepareRequest(scratch_.path() / directory);
    proto::EnrolmentRequest ask{join.invite_id, {request}, Sha256("client nonce"), {}};
    const privacy::Mac proof = proto::EnrolmentProof(join.secret, spki_, Array(nonce_),
                                                     Array(ask.client_nonce), Sha256(request));
    std::copy_n(reinterpret_cast<const uint8_t*>(proof.bytes.data()), 32, ask.proof.bytes.begin());
    return ask;
  }
  Result<proto::EnrolmentAnswer> Enrol(const proto::EnrolmentRequest& ask, int64_t now = kNow) {
    return registrar_->Enrol(ask, spki_, nonce_, now);
  }
  static const proto::IssuedChain* Issued(const Result<proto::EnrolmentAnswer>& answer) {
    return answer ? std::get_if<proto::IssuedChain>(&answer->body) : nullptr;
  }
  std::string StateOf(const std::string& id) const {
    for (const Invite& invite : registrar_->invites())
      if (invite.id == id) return std::string(Name(invite.state));
    return "";
  }

  ScratchDirectory scratch_;
  store::MemoryStore store_;
  std::unique_ptr<Registrar> registrar_;
  Digest root_, spki_ = Sha256("the server's key"), nonce_ = Sha256("server nonce");
  std::map<std::string, Tags> enrolled_;
  std::set<std::string> denied_;
  bool fails_to_enrol_ = false;
};

TEST_F(RegistrarTest, AnInvitationGivesACertificateOfItsNameAndRoleAndTags) {
  const auto join = Invited({"site-1", "client", {"group=large"}});
  EXPECT_EQ(join.root_spki, root_);
  EXPECT_EQ(join.address, "127.0.0.1:7341");
  const auto answer = Enrol(Ask(join, "site-1"));
  ASSERT_NE(Issued(answer), nullptr);
  EXPECT_EQ(Issued(answer)->coordinator, "127.0.0.1:7340");
  const auto own =
      privacy::InstallChain(scratch_.path() / "site-1", Issued(answer)->chain.value,
                            {"alpha", privacy::Purpose::kClient, kNow}, join.root_spki);
  ASSERT_THAT(own, IsOk());
  EXPECT_EQ(own->identity, (privacy::PeerIdentity{"alpha", "client", "site-1"}));
  EXPECT_EQ(enrolled_["site-1"], (Tags{{"group", "large"}}));
}

TEST_F(RegistrarTest, WorksOnceButAnswersTheSameRequestAgain) {
  const auto join = Invited({"site-1", "client"});
  const auto ask = Ask(join, "site-1");
  const auto first = Enrol(ask);
  ASSERT_NE(Issued(first), nullptr);
  const auto again = Enrol(ask);  // the answer was lost
  ASSERT_NE(Issued(again), nullptr);
  EXPECT_EQ(*Issued(again), *Issued(first));
  EXPECT_THAT(Enrol(Ask(join, "thief")), Fails(Code::kFailedPrecondition, "is used"));
  EXPECT_EQ(registrar_->certificates().size(), 1u);
}

TEST_F(RegistrarTest, SurvivesADeathBetweenAnyTwoSteps) {
  const auto join = Invited({"site-1", "client"});
  const auto ask = Ask(join, "site-1");
  fails_to_enrol_ = true;
  EXPECT_THAT(Enrol(ask), Fails(Code::kUnavailable, "disk"));
  fails_to_enrol_ = false;
  Restart();
  EXPECT_NE(Issued(Enrol(ask)), nullptr);
  EXPECT_TRUE(enrolled_.contains("site-1"));
  EXPECT_THAT(Enrol(Ask(join, "thief")), Fails(Code::kFailedPrecondition, "is used"));
}

TEST_F(RegistrarTest, ExpiresAndErasesItsSecret) {
  const auto join = Invited({"site-1", "client", {}, std::chrono::hours(1)});
  EXPECT_THAT(Enrol(Ask(join, "site-1"), kNow + 3600), Fails(Code::kFailedPrecondition, "expired"));
  EXPECT_TRUE(registrar_->invites().front().sealed.empty());
  EXPECT_THAT(Enrol(Ask(join, "site-1"), kNow), Fails(Code::kFailedPrecondition, "expired"));
}

TEST_F(RegistrarTest, WantsTheSecretForThisServerThisNonceAndThisRequest) {
  const auto join = Invited({"site-1", "client"});
  const auto good = Ask(join, "site-1");
  const auto refused = [&](const proto::EnrolmentRequest& ask, const Digest& spki,
                           const Digest& nonce) {
    EXPECT_THAT(registrar_->Enrol(ask, spki, nonce, kNow),
                Fails(Code::kUnauthenticated, "not proved"));
  };
  refused(good, Sha256("another server's key"), nonce_);
  refused(good, spki_, Sha256("another nonce"));
  auto other = good;
  other.client_nonce = Sha256("another client nonce");
  refused(other, spki_, nonce_);
  other = good;
  other.request.value = *privacy::PrepareRequest(scratch_.path() / "thief");
  refused(other, spki_, nonce_);
  EXPECT_NE(Issued(Enrol(good)), nullptr);
  EXPECT_THAT(Enrol({"nosuchinvite", good.request, {}, {}}),
              Fails(Code::kUnauthenticated, "no such invitation"));
}

TEST_F(RegistrarTest, BurnsAfterTwentyGuesses) {
  const auto join = Invited({"site-1", "client"});
  auto guess = Ask(join, "thief");
  guess.proof = Sha256("a guess");
  for (int i = 0; i < 20; ++i)
    EXPECT_THAT(Enrol(guess), Fails(Code::kUnauthenticated, "not proved"));
  EXPECT_THAT(Enrol(Ask(join, "site-1")), Fails(Code::kFailedPrecondition, "burned"));
  EXPECT_EQ(StateOf(join.invite_id), "burned");
}

TEST_F(RegistrarTest, WaitsForApprovalWhereItIsAsked) {
  const auto join = Invited({"site-1", "client", {}, {}, true});
  const auto ask = Ask(join, "site-1");
  EXPECT_TRUE(std::holds_alternative<proto::EnrolmentPending>(Enrol(ask)->body));
  EXPECT_TRUE(registrar_->certificates().empty());
  Restart();
  EXPECT_THAT(MembersJson(*registrar_, kNow), HasSubstr(Sha256(ask.request.value).Hex()));
  EXPECT_THAT(registrar_->Approve({"site-2", "client", true}, kNow), Fails(Code::kNotFound, ""));
  EXPECT_THAT(registrar_->Approve({"site-1", "client", true}, kNow), IsOk());
  EXPECT_NE(Issued(Enrol(ask)), nullptr);
}

TEST_F(RegistrarTest, TurnsDown) {
  const auto join = Invited({"site-1", "client", {}, {}, true});
  const auto ask = Ask(join, "site-1");
  ASSERT_THAT(Enrol(ask), IsOk());
  EXPECT_THAT(registrar_->Approve({"site-1", "client", false}, kNow), IsOk());
  EXPECT_THAT(Enrol(ask), Fails(Code::kFailedPrecondition, "declined"));
  EXPECT_TRUE(enrolled_.empty());
}

TEST_F(RegistrarTest, ANewInvitationTakesThePlaceOfTheOldOne) {
  const auto first = Invited({"site-1", "client"});
  const auto second = Invited({"site-1", "client"});
  EXPECT_THAT(Enrol(Ask(first, "a")), Fails(Code::kFailedPrecondition, "withdrawn"));
  EXPECT_NE(Issued(Enrol(Ask(second, "b"))), nullptr);
  EXPECT_THAT(registrar_->Invite({"site-1", "client"}, kNow),
              Fails(Code::kAlreadyExists, "revoke"));
  EXPECT_THAT(registrar_->Invite({"site-1", "viewer"}, kNow), IsOk());  // another member
}

TEST_F(RegistrarTest, RevokesCertificateAndIdentityForGood) {
  const auto join = Invited({"site-1", "client"});
  ASSERT_NE(Issued(Enrol(Ask(join, "site-1"))), nullptr);
  const IssuedCertificate known = registrar_->certificates().front();
  EXPECT_THAT(registrar_->Revoke({"site-1", "client", "stolen"}, kNow), IsOk());
  const std::set<std::string> expected = {known.serial, known.identity};
  EXPECT_EQ(denied_, expected);
  denied_.clear();
  Restart();
  EXPECT_EQ(denied_, expected);
  // With the same identity key there is no way back, with another there is.
  const auto again = Invited({"site-1", "client"});
  EXPECT_THAT(Enrol(Ask(again, "site-1")), Fails(Code::kPermissionDenied, "identity key"));
  const auto third = Invited({"site-1", "client"});
  EXPECT_NE(Issued(Enrol(Ask(third, "site-1-new"))), nullptr);
  EXPECT_THAT(registrar_->Revoke({"nobody", "client", ""}, kNow), Fails(Code::kNotFound, "nobody"));
}

TEST_F(RegistrarTest, RenewsForTheSameIdentityOnly) {
  const auto join = Invited({"site-1", "client"});
  const auto answer = Enrol(Ask(join, "site-1"));
  ASSERT_NE(Issued(answer), nullptr);
  const privacy::PeerExpectation expected{"alpha", privacy::Purpose::kClient, kNow};
  ASSERT_THAT(privacy::InstallChain(scratch_.path() / "site-1", Issued(answer)->chain.value,
                                    expected, join.root_spki),
              IsOk());
  const Holder holder{"site-1", "client", registrar_->certificates().front().identity};
  const std::string request = *privacy::PrepareRequest(scratch_.path() / "site-1");
  const auto renewed = registrar_->Renew(holder, request, kNow + 20 * privacy::kDay);
  ASSERT_THAT(renewed, IsOk());
  EXPECT_EQ(registrar_->Renew(holder, request, kNow)->chain.value, renewed->chain.value);
  const auto own =
      privacy::InstallChain(scratch_.path() / "site-1", renewed->chain.value,
                            {"alpha", privacy::Purpose::kClient, kNow + 40 * privacy::kDay}, {});
  ASSERT_THAT(own, IsOk());
  EXPECT_NE(own->leaf.serial, registrar_->certificates().front().serial);
  const std::string foreign = *privacy::PrepareRequest(scratch_.path() / "thief");
  EXPECT_THAT(registrar_->Renew(holder, foreign, kNow), Fails(Code::kPermissionDenied, "identity"));
}

TEST_F(RegistrarTest, TakesUpTheNextIssuingAuthority) {
  const auto join = Invited({"site-1", "client"});
  const auto directory = scratch_.path() / "authority";
  const std::string old = *ReadFile(directory / "issuer.pem");
  const int64_t later =
      Issuer::Open(directory, "alpha")->certificate().not_after - 20 * privacy::kDay;
  ASSERT_THAT(MakeAuthority(directory, "alpha", later), IsOk());
  auto next = Issuer::Open(directory, "alpha");
  ASSERT_THAT(next, IsOk());
  EXPECT_EQ(next->root().spki, root_);
  registrar_->Use(*std::move(next));

  EXPECT_THAT(Enrol(Ask(join, "site-1")), IsOk()) << "an invitation from before";
  const auto invitation = registrar_->Invite({"site-2", "client"}, later);
  ASSERT_THAT(invitation, IsOk());
  const auto answer = Enrol(Ask(*proto::DecodeJoinString(invitation->join), "site-2"), later);
  ASSERT_NE(Issued(answer), nullptr);
  EXPECT_THAT(Issued(answer)->chain.value, HasSubstr(*ReadFile(directory / "issuer.pem")));
  EXPECT_THAT(Issued(answer)->chain.value, Not(HasSubstr(old)));
  EXPECT_THAT(privacy::InstallChain(scratch_.path() / "site-2", Issued(answer)->chain.value,
                                    {"alpha", privacy::Purpose::kClient, later}, root_),
              IsOk());
}

TEST_F(RegistrarTest, ListsNoSecret) {
  const auto join = Invited({"site-1", "client"});
  const std::string list = MembersJson(*registrar_, kNow);
  EXPECT_THAT(list, HasSubstr("\"state\":\"open\""));
  EXPECT_THAT(list, Not(HasSubstr("sealed")));
  EXPECT_THAT(list, Not(HasSubstr(join.invite_id)));
}

TEST_F(RegistrarTest, RefusesWhatCannotBeAMember) {
  EXPECT_THAT(registrar_->Invite({"../site", "client"}, kNow),
              Fails(Code::kInvalidArgument, "name"));
  EXPECT_THAT(registrar_->Invite({"site", "client", {"large"}}, kNow),
              Fails(Code::kInvalidArgument, "tag=value"));
  EXPECT_THAT(registrar_->Invite({"site", "client", {}, std::chrono::hours(24 * 31)}, kNow),
              Fails(Code::kInvalidArgument, "30 days"));
}

}  // namespace
}  // namespace tributary::identity
