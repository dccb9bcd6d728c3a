#include "privacy/crypto/authority.h"

#include <openssl/obj_mac.h>

#include <cstdlib>
#include <set>
#include <thread>

#include "aggregation/base/file.h"
#include "privacy/crypto/verify.h"
#include "tests/privacy/crypto/foreign_keys.h"
#include "tests/privacy/crypto/project.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary::privacy {
namespace {

CertificateRequest SomeRequest() {
  return *ParseRequest(MakeRequest(EcKey::Generate(Curve::kP256), IdentityKey::Generate()));
}

TEST(Authority, GivesEveryCertificateANumberOfItsOwn) {
  const Project project = MakeProject();
  const CertificateRequest request = SomeRequest();
  std::set<std::string> serials;
  for (int i = 0; i < 100; ++i) {
    const std::string serial = IssueLeaf(project.issuer, request, ClientProfile())->serial;
    EXPECT_TRUE(serials.insert(serial).second);
    EXPECT_GT(serial.size(), 24U);
    EXPECT_LE(serial.size(), 32U);
  }
}

// K10: whatever a request asks for beside its keys.
TEST(Authority, GivesARequestNothingThatItAsksFor) {
  const Project project = MakeProject();
  const EcKey key = EcKey::Generate(Curve::kP256);
  const IdentityKey identity = IdentityKey::Generate();
  const std::string honest = MakeRequest(key, identity);
  const IdentitySignature proof =
      identity.Sign("tributary certificate request 1\n" + ParseRequest(honest)->public_key);
  RequestExtensions extensions;
  extensions.push_back(NamedExtension(NID_basic_constraints, "critical,CA:TRUE"));
  extensions.push_back(NamedExtension(NID_ext_key_usage, "clientAuth,serverAuth,codeSigning"));
  extensions.push_back(NamedExtension(NID_key_usage, "keyCertSign"));
  extensions.push_back(
      NamedExtension(NID_subject_alt_name, "URI:urn:tributary:alpha/admin/root,DNS:evil"));
  extensions.push_back(MakeExtension(
      kIdentityKeyOid, std::string(identity.public_key().begin(), identity.public_key().end())));
  extensions.push_back(MakeExtension(kIdentityProofOid, std::string(proof.begin(), proof.end())));
  const auto request = ParseRequest(SignedRequest(key.handle(), extensions));
  ASSERT_THAT(request, IsOk());
  const auto leaf = IssueLeaf(project.issuer, *request, ClientProfile());
  ASSERT_THAT(leaf, IsOk());
  EXPECT_FALSE(leaf->is_ca);
  EXPECT_TRUE(leaf->client_auth);
  EXPECT_FALSE(leaf->server_auth);
  EXPECT_THAT(leaf->uris, testing::ElementsAre("urn:tributary:alpha/client/site-1"));
  EXPECT_THAT(leaf->dns_names, testing::IsEmpty());
  EXPECT_EQ(leaf->der.find("evil"), leaf->der.npos);
}

TEST(Authority, RefusesAProfileThatCannotBe) {
  const Project project = MakeProject();
  const CertificateRequest request = SomeRequest();
  const auto refused = [&](const LeafProfile& profile, Code code, const char* why) {
    EXPECT_THAT(IssueLeaf(project.issuer, request, profile), Fails(code, why));
  };
  LeafProfile profile = ClientProfile();
  profile.identity.name = "../x";
  refused(profile, Code::kInvalidArgument, "name: 4 bytes that are no name");
  profile = ClientProfile();
  profile.identity.role = "";
  refused(profile, Code::kInvalidArgument, "role: 0 bytes");
  profile = ClientProfile();
  profile.identity.project = "beta";
  refused(profile, Code::kPermissionDenied,
          "urn:tributary:beta/client/site-1 cannot be issued by the authority urn:tributary:alpha");
  profile = ClientProfile();
  profile.dns_names = {"localhost"};
  refused(profile, Code::kInvalidArgument, "certificate of a client: has 1 host names");
  profile = ServerProfile();
  profile.dns_names = {"*.example.org"};
  refused(profile, Code::kInvalidArgument, "\"*.example.org\" is no host name");
  profile.dns_names = {"127.0.0.1"};
  refused(profile, Code::kInvalidArgument, "\"127.0.0.1\" is no host name");
  profile.dns_names = {};
  profile.ip_addresses = {"localhost"};
  refused(profile, Code::kInvalidArgument, "\"localhost\" is no IP address");
  profile.ip_addresses.assign(kMaxNames, "127.0.0.1");
  refused(profile, Code::kInvalidArgument, "has 64 host names, expected fewer than 64");
  for (const auto& [from, seconds] : {std::pair<int64_t, int64_t>{-1, 10},
                                      {kNow, 0},
                                      {kNow, -5},
                                      {kNow, INT64_MAX},
                                      {INT64_MAX, INT64_MAX}}) {
    profile = ClientProfile();
    profile.not_before = from;
    profile.seconds = seconds;
    refused(profile, Code::kInvalidArgument, "expected a time from 1970 to 9999");
  }
}

TEST(Authority, IsNeverOutlived) {
  const Project project = MakeProject();
  LeafProfile profile = ClientProfile();
  profile.seconds = project.issuer.certificate.not_after - profile.not_before;
  EXPECT_THAT(IssueLeaf(project.issuer, SomeRequest(), profile), IsOk());
  profile.seconds += 1;
  EXPECT_THAT(IssueLeaf(project.issuer, SomeRequest(), profile),
              Fails(Code::kFailedPrecondition,
                    "would be valid until 2028-01-14 08:00:01 UTC, its authority "
                    "urn:tributary:alpha only until 2028-01-14 08:00:00 UTC"));
  EXPECT_THAT(MakeIssuer(project.root, "alpha", kNow + kRootSeconds),
              Fails(Code::kFailedPrecondition, "only until 2037-01-11 08:00:00 UTC"));
}

TEST(Authority, OnlyARootMakesAuthorities) {
  const Project project = MakeProject();
  EXPECT_THAT(MakeIssuer(project.issuer, "alpha", kNow - 2 * kDay),
              Fails(Code::kFailedPrecondition, "urn:tributary:alpha: may not certify authorities"));
  EXPECT_THAT(IssueLeaf(project.root, SomeRequest(), ClientProfile()),
              Fails(Code::kPermissionDenied, "cannot be issued by the authority serial number"));
  EcKey key = EcKey::Generate(Curve::kP256);
  const auto request = ParseRequest(MakeRequest(key, IdentityKey::Generate()));
  const Authority peer{std::move(key), *IssueLeaf(project.issuer, *request, ClientProfile())};
  EXPECT_THAT(MakeIssuer(peer, "alpha", kNow - 3600),
              Fails(Code::kFailedPrecondition, "site-1: may not certify authorities"));
  EXPECT_THAT(MakeRoot("a/b", kNow), Fails(Code::kInvalidArgument, "project"));
  EXPECT_THAT(MakeRoot("alpha", -1), Fails(Code::kInvalidArgument, "1970"));
}

TEST(Authority, WorksAcrossTheEndOfUtcTime) {  // ASN.1 writes years from 2050 on in another type
  const int64_t late = 2'540'000'000;          // 2050-06-28
  const auto root = MakeRoot("alpha", late - kRootSeconds + 400 * kDay);
  const auto issuer = MakeIssuer(*root, "alpha", late);
  LeafProfile profile = ClientProfile();
  profile.not_before = late;
  const auto leaf = IssueLeaf(*issuer, SomeRequest(), profile);
  ASSERT_THAT(leaf, IsOk());
  EXPECT_EQ(leaf->not_before, late);
  EXPECT_EQ(leaf->not_after, late + profile.seconds);
  const std::vector<Certificate> roots = {root->certificate};
  EXPECT_THAT(VerifyPeer(*leaf, std::span(&issuer->certificate, 1), roots,
                         {"alpha", Purpose::kClient, late + kDay}),
              IsOk());
}

TEST(Authority, IsPutTogetherFromFiles) {
  const Project project = MakeProject();
  auto key = EcKey::FromPem(project.issuer.key.Pem().text());
  auto certificate = CertificateFromPem(project.issuer.certificate.Pem());
  const auto issuer = JoinAuthority(*std::move(key), *std::move(certificate));
  ASSERT_THAT(issuer, IsOk());
  EXPECT_THAT(IssueLeaf(*issuer, SomeRequest(), ClientProfile()), IsOk());
  EXPECT_THAT(
      JoinAuthority(EcKey::Generate(Curve::kP256), project.issuer.certificate),
      Fails(Code::kFailedPrecondition, project.issuer.key.spki().Hex() + ", found the key"));
  EcKey leaf_key = EcKey::Generate(Curve::kP256);
  const auto request = ParseRequest(MakeRequest(leaf_key, IdentityKey::Generate()));
  EXPECT_THAT(
      JoinAuthority(std::move(leaf_key), *IssueLeaf(project.issuer, *request, ClientProfile())),
      Fails(Code::kFailedPrecondition, "is not an authority's"));
}

TEST(Authority, WorksForSeveralThreadsAtOnce) {
  const Project project = MakeProject();
  const std::vector<Certificate> given = project.given();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j)
        EXPECT_THAT(VerifyPinnedPeer(MakeLeaf(project.issuer), given, project.root.key.spki(),
                                     {"alpha", Purpose::kClient, kNow}),
                    IsOk());
    });
  for (std::thread& thread : threads) thread.join();
}

// The same chain in the eyes of the openssl program, with its strict rules.
class OpensslProgram : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("openssl version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no openssl program";
    const Project project = MakeProject();
    LeafProfile profile = ServerProfile();
    profile.ip_addresses = {"127.0.0.1"};
    const EcKey key = EcKey::Generate(Curve::kP256);
    const std::string request = MakeRequest(key, IdentityKey::Generate());
    const auto leaf = IssueLeaf(project.issuer, *ParseRequest(request), profile);
    Write("root.pem", project.root.certificate.Pem());
    Write("issuer.pem", project.issuer.certificate.Pem());
    Write("leaf.pem", leaf->Pem());
    Write("leaf.key", key.Pem().text());
    Write("request.der", request);
  }
  void Write(const char* name, std::string_view content) {
    ASSERT_THAT(WriteFile(scratch_.path() / name, content), IsOk());
  }
  int Run(const std::string& command) {
    return std::system(
        fmt::format("cd {} && openssl {} >out 2>&1", scratch_.path().string(), command).c_str());
  }
  std::string Output() { return *ReadFile(scratch_.path() / "out"); }

  ScratchDirectory scratch_;
};

TEST_F(OpensslProgram, VerifiesTheChain) {
  const std::string verify =
      "verify -x509_strict -check_ss_sig -auth_level 2 -CAfile root.pem -untrusted issuer.pem ";
  const std::string at = fmt::format("-attime {} ", kNow);
  EXPECT_EQ(Run(verify + at + "-purpose sslserver -verify_hostname localhost leaf.pem"), 0)
      << Output();
  EXPECT_EQ(Run(verify + at + "-purpose sslserver -verify_ip 127.0.0.1 leaf.pem"), 0) << Output();
  EXPECT_NE(Run(verify + at + "-purpose sslserver -verify_hostname other leaf.pem"), 0);
  EXPECT_NE(Run(verify + at + "-purpose sslclient leaf.pem"), 0);
  EXPECT_NE(Run(verify + "-attime 1500000000 leaf.pem"), 0);
}

TEST_F(OpensslProgram, ReadsWhatWeWrite) {
  ASSERT_EQ(Run("x509 -in leaf.pem -noout -text"), 0);
  for (const char* line : {"URI:urn:tributary:alpha/coordinator/main", "DNS:localhost",
                           "IP Address:127.0.0.1", "TLS Web Server Authentication",
                           "X509v3 Subject Alternative Name: critical", kIdentityKeyOid})
    EXPECT_NE(Output().find(line), std::string::npos) << line << " is not in\n" << Output();
  EXPECT_EQ(Run("pkey -in leaf.key -check -noout"), 0) << Output();
  EXPECT_EQ(Run("req -inform DER -in request.der -verify -noout"), 0) << Output();
}

}  // namespace
}  // namespace tributary::privacy
