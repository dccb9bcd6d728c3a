// Wire and domain: every struct has its message, what is said is what is heard, and whatever a
// stranger sends is a value within the limits or an error that names the field.

#include "proto/convert.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>
#include <tributary/v1/admin.pb.h>
#include <tributary/v1/session.pb.h>
#include <tributary/v1/transfer.pb.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "tests/support/matchers.h"

namespace tributary::proto {
namespace {

using testing::HasSubstr;

Digest DigestOf(std::string_view text) { return Sha256(text); }

template <typename Message>
std::vector<Message> Samples();

template <>
std::vector<ClientMessage> Samples() {
  Hello hello;
  hello.program = "0.1.0";
  hello.numerics = "tributary-1";
  hello.torch = "2.15.0";
  hello.device = "cpu";
  hello.instruction_set = "avx2";
  hello.seen = {{RunId{"flora-1"}, 7, 2}};
  return {{hello},
          {Heartbeat{42}},
          {Holds{RunId{"flora-1"}, 9}},
          {Offer{RunId{"flora-1"}, 9, DigestOf("update"), 120, {{"loss", 0.25}, {"rows", 120}}}},
          {Failure{RunId{"flora-1"}, 9, Reason::kNonFinite, "a loss is not finite"}},
          {Progress{RunId{"flora-1"}, 9, "training", 0.5}}};
}
template <>
std::vector<CoordinatorMessage> Samples() {
  const Task task{9, TaskKind::kTrain,       3,
                  1, DigestOf("checkpoint"), TimePoint{std::chrono::seconds(90)}};
  return {{Welcome{0, 3, "hospital", "0.1.0", TimePoint{std::chrono::seconds(5)}}},
          {HeartbeatReply{42}},
          {Assignment{RunId{"flora-1"}, DigestOf("plan"), 8, task}},
          {Acknowledgement{RunId{"flora-1"}, 9}},
          {Dismissal{RunId{"flora-1"}, 9, Reason::kLate}},
          {RunEnd{RunId{"flora-1"}, Reason::kComplete, 10, DigestOf("last")}},
          {Goodbye{"the coordinator stops", std::chrono::seconds(5)}}};
}
template <>
std::vector<UploadMessage> Samples() {
  return {{UploadBegin{RunId{"flora-1"}, 9, DigestOf("update"), 4096, kSafetensorsSchema}},
          {Chunk{1024, {std::string("\0\xff bytes", 8)}}}};
}
template <>
std::vector<UploadState> Samples() {
  return {{1024, false}, {4096, true}};
}
template <>
std::vector<ManifestRequest> Samples() {
  return {{RunId{"flora-1"}, DigestOf("checkpoint")}};
}
template <>
std::vector<CheckpointManifest> Samples() {
  return {{{{"encoder.A", "F32", {8, 384}, DigestOf("A"), 12288}, {"empty", "F64", {}, {}, 0}}}};
}
template <>
std::vector<ModelRequest> Samples() {
  return {{RunId{"flora-1"}}};
}
template <>
std::vector<ModelManifest> Samples() {
  return {{{{"config.json", DigestOf("config"), 812}, {"model.safetensors", DigestOf("w"), 9000}}},
          {}};
}
template <>
std::vector<FetchRequest> Samples() {
  return {{RunId{"flora-1"}, DigestOf("checkpoint"), {DigestOf("A"), DigestOf("B")}, 77}};
}
template <>
std::vector<Chunk> Samples() {
  return {{0, {"data"}}};
}
template <>
std::vector<Document> Samples() {
  return {{{"{\"schema\":1}\n"}}};
}
template <>
std::vector<Submission> Samples() {
  return {{"token", {"format = 1\n"}, {"{}"}, "pilot", "lab", {"region=eu", "group=large"}}};
}
template <>
std::vector<RunRef> Samples() {
  return {{RunId{"flora-1"}}};
}
template <>
std::vector<ClientRef> Samples() {
  return {{ClientId{"site-a"}}};
}
template <>
std::vector<AboutRequest> Samples() {
  return {{}};
}
template <>
std::vector<RunsRequest> Samples() {
  return {{}};
}
template <>
std::vector<BackupRequest> Samples() {
  return {{}};
}
template <>
std::vector<ControlRequest> Samples() {
  return {{RunId{"flora-1"}, "pause"}};
}
template <>
std::vector<LogsRequest> Samples() {
  return {{RunId{"flora-1"}, "warning", TimePoint{std::chrono::seconds(1'800'000'000)}, true}, {}};
}
template <>
std::vector<ExportRequest> Samples() {
  return {{RunId{"flora-1"}, "best"}};
}
template <>
std::vector<ExportManifest> Samples() {
  return {{10, DigestOf("state"), 9000, {"format = 1\n"}, {"{}"}, {"{\"schema\":1}"}}};
}

template <>
std::vector<EnrolmentRequest> Samples() {
  return {{"309c26d664d8", {std::string("0\x82\0\1", 4)}, DigestOf("nonce"), DigestOf("proof")}};
}
template <>
std::vector<EnrolmentAnswer> Samples() {
  return {{EnrolmentGreeting{DigestOf("nonce")}},
          {IssuedChain{{"-----BEGIN CERTIFICATE-----\n"}, "192.0.2.1:7340"}},
          {EnrolmentPending{"an administrator has still to approve"}}};
}
template <>
std::vector<RenewRequest> Samples() {
  return {{{"request"}}};
}
template <>
std::vector<InviteRequest> Samples() {
  return {{"site-1", "client", {"group=large", "country=de"}, std::chrono::hours(24), true}};
}
template <>
std::vector<Invitation> Samples() {
  return {{"TRIBJOIN1.AA.00000000", TimePoint{std::chrono::seconds(1'800'000'000)}}};
}
template <>
std::vector<SignRequest> Samples() {
  return {{{"request"}, "site-1", "client", {"group=small"}}};
}
template <>
std::vector<CertificatesRequest> Samples() {
  return {{}};
}
template <>
std::vector<ApproveRequest> Samples() {
  return {{"site-1", "client", true}};
}
template <>
std::vector<RevokeRequest> Samples() {
  return {{"site-1", "client", "stolen"}};
}
template <>
std::vector<IssuedChain> Samples() {
  return {{{"-----BEGIN CERTIFICATE-----\n"}, "192.0.2.1:7340"}};
}

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

template <typename Message>
class EveryMessage : public testing::Test {};
using AllMessages =
    testing::Types<ClientMessage, CoordinatorMessage, UploadMessage, UploadState, ManifestRequest,
                   CheckpointManifest, ModelRequest, ModelManifest, FetchRequest, Chunk, Document,
                   Submission, RunRef, RunsRequest, BackupRequest, ControlRequest, LogsRequest,
                   AboutRequest, ExportRequest, ExportManifest, EnrolmentRequest, EnrolmentAnswer,
                   RenewRequest, InviteRequest, Invitation, SignRequest, CertificatesRequest,
                   ApproveRequest, RevokeRequest, IssuedChain, ClientRef>;
TYPED_TEST_SUITE(EveryMessage, AllMessages);

TYPED_TEST(EveryMessage, ComesBackAsItWas) {
  for (const TypeParam& sample : Samples<TypeParam>()) {
    const auto again = Decode<TypeParam>(Encode(sample));
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_TRUE(*again == sample);
  }
}

TYPED_TEST(EveryMessage, IsTotalOverCutAndChangedBytes) {
  for (const TypeParam& sample : Samples<TypeParam>()) {
    const std::string bytes = Encode(sample);
    for (size_t i = 0; i < bytes.size(); ++i) {
      static_cast<void>(Decode<TypeParam>(bytes.substr(0, i)));
      std::string changed = bytes;
      for (const int flip : {1, 0x80, 0xff}) {
        changed[i] = static_cast<char>(bytes[i] ^ flip);
        if (const auto value = Decode<TypeParam>(changed)) Encode(*value);
      }
    }
  }
}

// One line a sample, "NAME HEX": the wire's bytes are kept for ever.
TYPED_TEST(EveryMessage, HasTheBytesThatItAlwaysHad) {
  const std::filesystem::path file = std::filesystem::path(TRIBUTARY_SOURCE_DIR) /
                                     "tests/data/golden/wire" /
                                     (std::string(TypeParam::kName) + ".txt");
  std::string lines;
  for (const TypeParam& sample : Samples<TypeParam>()) lines += Hex(Encode(sample)) + "\n";
  if (std::getenv("TRIBUTARY_REWRITE") != nullptr) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << lines;
  }
  std::ostringstream golden;
  golden << std::ifstream(file).rdbuf();
  EXPECT_EQ(golden.str(), lines) << file;
}

template <typename Message>
void ExpectFieldsOf() {
  const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
      "tributary.v1." + std::string(Message::kName));
  ASSERT_NE(type, nullptr) << Message::kName;
  std::set<std::string> ours, theirs;
  Message message;
  Message::Fields(message, [&](std::string_view name, auto&) { ours.emplace(name); });
  for (int i = 0; i < type->field_count(); ++i)
    if (type->field(i)->real_containing_oneof() == nullptr) theirs.insert(type->field(i)->name());
  for (int i = 0; i < type->real_oneof_decl_count(); ++i)
    theirs.insert(type->oneof_decl(i)->name());
  EXPECT_EQ(ours, theirs) << Message::kName;
}

TYPED_TEST(EveryMessage, HasTheFieldsOfItsStruct) { ExpectFieldsOf<TypeParam>(); }

TEST(Wire, PartsHaveTheFieldsOfTheirStructs) {
  ExpectFieldsOf<Hello>(), ExpectFieldsOf<RunSeen>(), ExpectFieldsOf<Heartbeat>();
  ExpectFieldsOf<Holds>(), ExpectFieldsOf<Offer>(), ExpectFieldsOf<Failure>();
  ExpectFieldsOf<Progress>(), ExpectFieldsOf<Welcome>(), ExpectFieldsOf<HeartbeatReply>();
  ExpectFieldsOf<Assignment>(), ExpectFieldsOf<Acknowledgement>(), ExpectFieldsOf<Dismissal>();
  ExpectFieldsOf<RunEnd>(), ExpectFieldsOf<Goodbye>(), ExpectFieldsOf<UploadBegin>();
  ExpectFieldsOf<TensorEntry>(), ExpectFieldsOf<ModelFile>();
}

TEST(Wire, EveryReasonAndTaskKindTravels) {
  for (int i = 0; i < kReasons; ++i) {
    const CoordinatorMessage message{Dismissal{RunId{"r"}, 1, static_cast<Reason>(i)}};
    EXPECT_EQ(*Decode<CoordinatorMessage>(Encode(message)), message);
  }
  for (int i = 0; i < kTaskKinds; ++i) {
    Assignment assignment{RunId{"r"}, {}, 1, {}};
    assignment.task.kind = static_cast<TaskKind>(i);
    const CoordinatorMessage message{assignment};
    EXPECT_EQ(*Decode<CoordinatorMessage>(Encode(message)), message);
  }
}

Status DecodeOffer(const std::function<void(v1::Offer&)>& change) {
  v1::ClientMessage message;
  v1::Offer& offer = *message.mutable_offer();
  offer.set_run("r");
  offer.set_digest(std::string(32, 'x'));
  change(offer);
  const auto decoded = Decode<ClientMessage>(message.SerializePartialAsString());
  return decoded ? Status() : tl::unexpected(decoded.error());
}

TEST(Wire, NamesTheFieldThatIsWrong) {
  EXPECT_TRUE(DecodeOffer([](v1::Offer&) {}).has_value());
  const auto message = [](const Status& status) {
    return status ? std::string("nothing wrong") : status.error().message;
  };
  EXPECT_THAT(message(DecodeOffer([](v1::Offer& o) { o.set_digest("short"); })),
              HasSubstr("Offer.digest: 5 bytes, a digest has 32"));
  EXPECT_THAT(message(DecodeOffer([](v1::Offer& o) { o.set_run("a\nb"); })),
              HasSubstr("Offer.run: a control character"));
  EXPECT_THAT(message(DecodeOffer([](v1::Offer& o) { o.set_run(std::string(5000, 'a')); })),
              HasSubstr("Offer.run: 5000 bytes"));
  EXPECT_THAT(message(DecodeOffer([](v1::Offer& o) {
                o.add_metrics()->set_value(std::numeric_limits<double>::quiet_NaN());
              })),
              HasSubstr("Metric.value: is not finite"));
  EXPECT_THAT(message(DecodeOffer([](v1::Offer& o) {
                for (size_t i = 0; i <= kMaxList; ++i) o.add_metrics();
              })),
              HasSubstr("Offer.metrics: 16385 entries"));
  v1::CoordinatorMessage assignment;
  assignment.mutable_assignment()->set_plan(std::string(32, 'x'));
  EXPECT_THAT(Decode<CoordinatorMessage>(assignment.SerializeAsString()).error().message,
              HasSubstr("Assignment.task: is missing"));
  v1::CoordinatorMessage dismissal;
  dismissal.mutable_dismissal()->set_reason(static_cast<v1::Reason>(99));
  EXPECT_THAT(Decode<CoordinatorMessage>(dismissal.SerializeAsString()).error().message,
              HasSubstr("is no reason that is known"));
  EXPECT_THAT(Decode<ClientMessage>("").error().message, HasSubstr("says nothing"));
  EXPECT_THAT(Decode<ClientMessage>(std::string(kMaxMessage + 1, 'x')).error().message,
              HasSubstr("at most 4194304"));
}

TEST(Wire, IgnoresWhatANewerMinorVersionAdds) {
  std::string bytes = Encode(UploadState{7, true});
  bytes += "\xfa\x3e\x03new";  // field 1007, a string
  EXPECT_EQ(*Decode<UploadState>(bytes), (UploadState{7, true}));
}

}  // namespace
}  // namespace tributary::proto
