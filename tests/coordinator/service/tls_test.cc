// Who gets through TLS and the gate: T-TLS and T-AUTHZ of privacy-security.md, against a
// coordinator in this process, over loopback.

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cstdio>
#include <thread>

#include "aggregation/base/file.h"
#include "coordinator/service/coordinator.h"
#include "privacy/crypto/private_file.h"
#include "proto/rpc/enrol.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary::service {
namespace {

namespace fs = std::filesystem;
using privacy::kDay;
using testing::HasSubstr;

class Tls : public testing::Test {
 protected:
  Tls() {
    settings_.project = "alpha";
    settings_.directory = scratch_.path() / "state";
    settings_.listen = settings_.enrolment_listen = "127.0.0.1:0";
    settings_.address = settings_.enrolment_address = "127.0.0.1:1";  // as if there were a NAT
    now_ = rpc::UnixNow();
    EXPECT_THAT(MakeProject(settings_), IsOk());
    auto issuer = identity::Issuer::Open(daemon::AuthorityDirectory(settings_), settings_.project);
    EXPECT_THAT(issuer, IsOk());
    EXPECT_THAT(identity::IssueHere(*issuer, daemon::AdminDirectory(settings_), "alpha", "admin",
                                    "admin", {}, now_),
                IsOk());
    issuer_.emplace(*std::move(issuer));
    auto daemon = CoordinatorDaemon::Start(settings_, false);
    EXPECT_THAT(daemon, IsOk());
    daemon_ = *std::move(daemon);
  }
  Status MakeProject(const daemon::Settings& settings) const {
    return identity::MakeAuthority(daemon::AuthorityDirectory(settings), settings.project, now_);
  }
  std::string address() const { return fmt::format("127.0.0.1:{}", daemon_->port()); }

  // The answer of one call with that identity.
  template <typename Answer, typename Request>
  Result<Answer> Ask(const fs::path& identity, std::string_view method, const Request& request) {
    rpc::Endpoint endpoint{address(), identity};
    // What a caller thinks of its own certificate is not the question here.
    endpoint.check = rpc::IsCoordinator(identity, "alpha");
    ASSIGN_OR_RETURN(const auto channel, rpc::Channel::Open(endpoint));
    return channel->Call<Answer>(method, request, std::chrono::seconds(5));
  }
  Status Runs(const fs::path& identity) {
    RETURN_IF_ERROR(Ask<proto::Document>(identity, "Admin/Runs", proto::RunsRequest{}));
    return {};
  }
  // An identity of the project with its times, purpose and names as they are said.
  fs::path Forged(const std::string& name, const privacy::Authority& issuer,
                  const privacy::Certificate& root, privacy::LeafProfile profile) {
    const fs::path directory = scratch_.path() / name;
    const std::string der = *privacy::PrepareRequest(directory);
    const auto request = privacy::ParseRequest(der);
    const auto leaf = privacy::IssueLeaf(issuer, *request, profile);
    EXPECT_THAT(leaf, IsOk());
    const std::array chain = {*leaf, issuer.certificate, root};
    const auto key = privacy::ReadPrivateFile(directory / "request.key");
    EXPECT_THAT(privacy::WritePrivateFile(privacy::TlsFile(directory),
                                          std::string(key->text()) + privacy::ToPem(chain)),
                IsOk());
    const std::array ours = {issuer_->root()};  // the forger trusts the true coordinator
    EXPECT_THAT(WriteFile(privacy::RootsFile(directory), privacy::ToPem(ours)), IsOk());
    return directory;
  }
  privacy::Authority Issuer() const {
    const fs::path directory = daemon::AuthorityDirectory(settings_);
    auto key = privacy::EcKey::FromPem(privacy::ReadPrivateFile(directory / "issuer.key")->text());
    return *privacy::JoinAuthority(*std::move(key), issuer_->certificate());
  }
  privacy::LeafProfile Viewer(int64_t not_before, int64_t seconds) const {
    return {{"alpha", "viewer", "vera"}, privacy::Purpose::kClient, not_before, seconds, {}, {}};
  }
  fs::path Ours(const std::string& name, const privacy::LeafProfile& profile) {
    return Forged(name, Issuer(), issuer_->root(), profile);
  }
  // Where an invitation of that name and role leads, at the port of this daemon.
  proto::JoinInvitation Invited(const std::string& name, const std::string& role) {
    const auto invitation = Ask<proto::Invitation>(
        daemon::AdminDirectory(settings_), "Certificates/Invite", proto::InviteRequest{name, role});
    EXPECT_THAT(invitation, IsOk());
    proto::JoinInvitation join = *proto::DecodeJoinString(invitation->join);
    join.address = EnrolmentAddress();
    return join;
  }
  std::string EnrolmentAddress() const {
    return fmt::format("127.0.0.1:{}", *daemon_->enrolment_port());
  }
  // The directory of one who took up such an invitation.
  fs::path Enrolled(const std::string& name, const std::string& role) {
    const proto::JoinInvitation join = Invited(name, role);
    const fs::path directory = scratch_.path() / name;
    const auto answer = rpc::Enrol(join, *privacy::PrepareRequest(directory), "");
    EXPECT_THAT(answer, IsOk());
    EXPECT_THAT(
        privacy::InstallChain(directory, std::get<proto::IssuedChain>(answer->body).chain.value,
                              {"alpha", privacy::Purpose::kClient, rpc::UnixNow()}, join.root_spki),
        IsOk());
    return directory;
  }
  // A channel of gRPC alone, as a client in another language has it.
  std::shared_ptr<grpc::Channel> BareChannel(const fs::path& identity) {
    const std::string tls = *ReadFile(privacy::TlsFile(identity));
    const size_t certificates = tls.find("-----BEGIN CERTIFICATE-----");
    const std::string roots = *ReadFile(privacy::RootsFile(identity));
    return grpc::CreateChannel(address(), grpc::SslCredentials({roots, tls.substr(0, certificates),
                                                                tls.substr(certificates)}));
  }

  ScratchDirectory scratch_;
  daemon::Settings settings_;
  int64_t now_ = 0;
  std::optional<identity::Issuer> issuer_;
  std::unique_ptr<CoordinatorDaemon> daemon_;
};

TEST_F(Tls, AGoodCertificateIsLetInAsWhatItSays) {
  EXPECT_THAT(Runs(daemon::AdminDirectory(settings_)), IsOk());
  EXPECT_THAT(Runs(Ours("vera", Viewer(now_ - 60, kDay))), IsOk());
  EXPECT_THAT(Ask<proto::Document>(scratch_.path() / "vera", "Certificates/List",
                                   proto::CertificatesRequest{}),
              Fails(Code::kPermissionDenied, "vera may not call Certificates/List as viewer"));
}

TEST_F(Tls, RefusesOtherAuthorities) {
  const auto root = privacy::MakeRoot("alpha", now_ - 60);
  const auto issuer = privacy::MakeIssuer(*root, "alpha", now_ - 60);
  EXPECT_THAT(Runs(Forged("other", *issuer, root->certificate, Viewer(now_ - 60, kDay))),
              Fails(Code::kUnavailable, ""));
}

TEST_F(Tls, RefusesTheExpiredAndTheNotYetValid) {
  EXPECT_THAT(Runs(Ours("old", Viewer(now_ - 200, 100))), Fails(Code::kUnavailable, ""));
  EXPECT_THAT(Runs(Ours("young", Viewer(now_ + 3600, kDay))), Fails(Code::kUnavailable, ""));
}

TEST_F(Tls, AConnectionDoesNotOutliveItsCertificate) {
  const fs::path identity = Ours("brief", Viewer(now_ - 60, 60 + 2));
  rpc::Endpoint endpoint{address(), identity};
  endpoint.check = rpc::IsCoordinator(identity, "alpha");
  const auto channel = rpc::Channel::Open(endpoint);
  const auto runs = [&] {
    return (*channel)->Call<proto::Document>("Admin/Runs", proto::RunsRequest{});
  };
  EXPECT_THAT(runs(), IsOk());
  while (rpc::UnixNow() < now_ + 2) usleep(100'000);
  EXPECT_THAT(runs(), Fails(Code::kUnauthenticated, "expired at"));
}

TEST_F(Tls, RefusesACertificateForServers) {
  privacy::LeafProfile server = Viewer(now_ - 60, kDay);
  server.purpose = privacy::Purpose::kServer;
  EXPECT_THAT(Runs(Ours("server", server)), Fails(Code::kUnavailable, ""));
}

TEST_F(Tls, RefusesARoleThatTheTableDoesNotHave) {
  privacy::LeafProfile king = Viewer(now_ - 60, kDay);
  king.identity.role = "king";
  EXPECT_THAT(Runs(Ours("king", king)), Fails(Code::kPermissionDenied, "as king"));
}

// One empty message to the method, whatever it takes; how the call ended within two seconds.
grpc::Status Knock(const std::shared_ptr<grpc::Channel>& channel, const std::string& path) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(2));
  grpc::CompletionQueue queue;
  grpc::Status status;
  const auto wait = [&] {
    void* tag = nullptr;
    bool is_ok = false;
    queue.Next(&tag, &is_ok);
    return is_ok;
  };
  const auto call = stub.PrepareCall(&context, path, &queue);
  call->StartCall(nullptr);
  wait();
  call->WriteLast(grpc::ByteBuffer(), {}, nullptr);
  wait();
  grpc::ByteBuffer answer;
  do {
    call->Read(&answer, nullptr);
  } while (wait());
  call->Finish(&status, nullptr);
  wait();
  return status;
}

std::string PathOf(std::string_view method) {
  const std::string_view package = method.starts_with("Health/") ? "grpc.health.v1"
                                   : method.starts_with("ServerReflection/")
                                       ? "grpc.reflection.v1alpha"
                                       : "tributary.v1";
  return fmt::format("/{}.{}", package, method);
}

// T-AUTHZ-2: each role knocks at each door there is, over the wire.
TEST_F(Tls, EveryRoleIsLetInWhereTheTableSaysAndNowhereElse) {
  for (const std::string_view role : Roles()) {
    privacy::LeafProfile profile = Viewer(now_ - 60, kDay);
    profile.identity = {"alpha", std::string(role), fmt::format("any-{}", role)};
    const auto channel = BareChannel(Ours(fmt::format("as-{}", role), profile));
    for (const Right& right : Rights()) {
      const bool may = std::find(right.roles.begin(), right.roles.end(), role) != right.roles.end();
      const grpc::Status answer = Knock(channel, PathOf(right.method));
      SCOPED_TRACE(fmt::format("{} as {}: {} {}", right.method, role,
                               static_cast<int>(answer.error_code()), answer.error_message()));
      EXPECT_NE(answer.error_code(), grpc::StatusCode::UNAUTHENTICATED);
      EXPECT_NE(answer.error_code(), grpc::StatusCode::UNIMPLEMENTED);
      EXPECT_NE(answer.error_code(), grpc::StatusCode::UNAVAILABLE);
      const bool is_of_grpc = PathOf(right.method).starts_with("/grpc.");
      const bool is_refused =
          is_of_grpc ? answer.error_code() == grpc::StatusCode::CANCELLED
                     : answer.error_message().find("may not call") != std::string::npos;
      EXPECT_EQ(is_refused, !may);
    }
  }
}

TEST_F(Tls, RefusesThoseWithoutACertificate) {
  rpc::Endpoint endpoint{address()};
  endpoint.check = rpc::IsCoordinator(daemon::AdminDirectory(settings_), "alpha");
  const auto channel = rpc::Channel::Open(endpoint);
  EXPECT_THAT((*channel)->Call<proto::Document>("Admin/Runs", proto::RunsRequest{},
                                                std::chrono::seconds(5)),
              Fails(Code::kUnavailable, ""));
}

TEST_F(Tls, ACallerLooksAtTheCoordinatorToo) {
  const fs::path admin = daemon::AdminDirectory(settings_);
  rpc::Endpoint endpoint{address(), admin};
  endpoint.check = rpc::IsCoordinator(admin, "beta");
  const auto channel = rpc::Channel::Open(endpoint);
  EXPECT_THAT((*channel)->Call<proto::Document>("Admin/Runs", proto::RunsRequest{},
                                                std::chrono::seconds(5)),
              Fails(Code::kUnavailable, "beta"));
}

TEST_F(Tls, RevocationEndsWhatIsOpenAndWhatComes) {
  const fs::path admin = daemon::AdminDirectory(settings_);
  const fs::path vera = Enrolled("vera", "viewer");
  ASSERT_THAT(Runs(vera), IsOk());
  const auto channel = rpc::Channel::Open({address(), vera});
  const auto renewed = rpc::Renew(**channel, vera);
  ASSERT_THAT(renewed, IsOk());
  // A control stream stands for every open one: a viewer has none of its own that waits.
  const fs::path site = Enrolled("site-1", "client");
  const auto link = rpc::Channel::Open({address(), site});
  const auto stream = (*link)->Open("Session/Connect");
  ASSERT_TRUE(stream->Write(proto::ClientMessage{proto::Hello{}}));
  ASSERT_TRUE(*stream->Read<proto::CoordinatorMessage>());  // Welcome
  for (const auto& [name, role] : {std::pair{"vera", "viewer"}, std::pair{"site-1", "client"}})
    ASSERT_THAT(Ask<proto::Document>(admin, "Certificates/Revoke",
                                     proto::RevokeRequest{name, role, "stolen"}),
                IsOk());
  EXPECT_FALSE(*stream->Read<proto::CoordinatorMessage>());
  EXPECT_THAT(stream->Finish(), Fails(Code::kUnauthenticated, "revoked"));
  EXPECT_THAT(Runs(vera), Fails(Code::kUnauthenticated, "revoked"));
}

TEST_F(Tls, EnrolmentTellsNobodyAnythingBehindAnotherRoot) {
  const proto::JoinInvitation join = Invited("site-1", "client");
  proto::JoinInvitation elsewhere = join;
  elsewhere.root_spki = Sha256("another root");
  const std::string request = *privacy::PrepareRequest(scratch_.path() / "site-1");
  EXPECT_THAT(rpc::Enrol(elsewhere, request, ""), Fails(Code::kUnavailable, "holds the root key"));
  EXPECT_THAT(rpc::Enrol(join, request, ""), IsOk()) << "nothing was used up";
}

// T-ENR: an invitation is good for one set of keys, however close its takers come to each other.
TEST_F(Tls, TwoThatUseOneInvitationAtOnceGetOneCertificate) {
  const proto::JoinInvitation join = Invited("site-1", "client");
  std::atomic<int> issued = 0, refused = 0;
  std::barrier together(4);
  {
    std::vector<std::jthread> takers;
    for (int i = 0; i < 4; ++i)
      takers.emplace_back([&, i] {
        const std::string request =
            *privacy::PrepareRequest(scratch_.path() / fmt::format("taker-{}", i));
        together.arrive_and_wait();
        const auto answer = rpc::Enrol(join, request, "");
        const bool is_issued = answer && std::holds_alternative<proto::IssuedChain>(answer->body);
        ++(is_issued ? issued : refused);
      });
  }
  EXPECT_EQ(issued, 1);
  EXPECT_EQ(refused, 3);
}

TEST_F(Tls, AnAddressMayTryToJoinFiveTimesAMinute) {
  proto::JoinInvitation join;
  join.address = EnrolmentAddress();
  join.project = "alpha";
  join.root_spki = issuer_->root().spki;
  join.invite_id = "guessed";
  const std::string request = *privacy::PrepareRequest(scratch_.path() / "guesser");
  for (int i = 0; i < 5; ++i)
    EXPECT_THAT(rpc::Enrol(join, request, ""), Fails(Code::kUnauthenticated, "no such invitation"));
  EXPECT_THAT(rpc::Enrol(join, request, ""), Fails(Code::kResourceExhausted, "wait a minute"));
}

// As a company's proxy does that opens TLS to look inside: another certificate on the way.
TEST_F(Tls, NamesTheIssuerOfACertificateThatIsNotOfTheProject) {
  if (std::system("command -v openssl > /dev/null 2>&1") != 0)
    GTEST_SKIP() << "no openssl program to be the proxy";
  const std::string files = (scratch_.path() / "proxy").string();
  ASSERT_EQ(std::system(fmt::format("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "
                                    "'/O=Example/CN=TLS Inspection' -keyout {0}.key -out {0}.pem "
                                    "2> /dev/null",
                                    files)
                            .c_str()),
            0);
  FILE* proxy = popen(fmt::format("timeout 20 openssl s_server -accept 127.0.0.1:0 -www -naccept 1 "
                                  "-alpn h2 -cert {0}.pem -key {0}.key 2> /dev/null",
                                  files)
                          .c_str(),
                      "r");
  char line[256];
  std::string accepts;
  while (!accepts.starts_with("ACCEPT ") && std::fgets(line, sizeof line, proxy)) accepts = line;
  rpc::Endpoint endpoint{accepts.substr(7, accepts.find('\n') - 7),
                         daemon::AdminDirectory(settings_)};
  const auto channel = rpc::Channel::Open(endpoint);
  ASSERT_THAT(channel, IsOk());
  const auto answer = (*channel)->Call<proto::Document>("Admin/Runs", proto::RunsRequest{},
                                                        std::chrono::seconds(5));
  pclose(proxy);
  EXPECT_THAT(answer, Fails(Code::kUnavailable, "issued by \"CN=TLS Inspection,O=Example\""));
}

TEST_F(Tls, SpeaksNothingBelowVersion13) {
  if (std::system("command -v openssl > /dev/null 2>&1") != 0)
    GTEST_SKIP() << "no openssl program to ask with";
  for (const int port : {daemon_->port(), *daemon_->enrolment_port()}) {
    const auto ask = [&](const char* version) {
      const std::string command =
          fmt::format("openssl s_client -connect 127.0.0.1:{} {} < /dev/null 2>&1", port, version);
      FILE* pipe = popen(command.c_str(), "r");
      std::string said(1 << 16, '\0');
      said.resize(std::fread(said.data(), 1, said.size(), pipe));
      pclose(pipe);
      return said;
    };
    EXPECT_THAT(ask("-tls1_2"), HasSubstr("Cipher is (NONE)"));
    EXPECT_THAT(ask("-tls1_3"), HasSubstr("New, TLSv1.3"));
  }
}

}  // namespace
}  // namespace tributary::service
