// A client generated from the .proto files, in Python, against the real daemon.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

using testing::HasSubstr;

constexpr const char* kProtos = TRIBUTARY_SOURCE_DIR "/proto";

bool Shell(const std::string& command) { return std::system(command.c_str()) == 0; }

TEST(PythonClient, ListsRunsAndIsRefusedTheRest) {
  if (!Shell("/usr/bin/python3 -c 'import grpc' 2>/dev/null && command -v grpc_python_plugin "
             ">/dev/null && command -v protoc >/dev/null"))
    GTEST_SKIP() << "needs python3-grpcio, protobuf-compiler and protobuf-compiler-grpc";
  LiveFederation live(1);
  live.StartCoordinator();
  const std::string identity = live.world().File("vera"), made = live.world().File("generated"),
                    said = live.world().File("said");
  const Outcome join = RunProgram(
      {"client", "join", live.Invite("vera", {"--role", "viewer"}), "--identity", identity});
  ASSERT_EQ(join.code, 0) << join.All();
  std::filesystem::create_directories(made);
  ASSERT_TRUE(
      Shell(fmt::format("protoc -I {0} --python_out={1} --grpc_out={1} "
                        "--plugin=protoc-gen-grpc=\"$(command -v grpc_python_plugin)\" "
                        "{0}/tributary/v1/*.proto",
                        kProtos, made)));
  ASSERT_TRUE(
      Shell(fmt::format("/usr/bin/python3 {}/tests/e2e/python_client.py {} 127.0.0.1:{} {} "
                        "> {} 2>&1",
                        TRIBUTARY_SOURCE_DIR, made, live.port(), identity, said)))
      << ReadText(said);
  const std::string text = ReadText(said);
  EXPECT_THAT(text, HasSubstr("runs OK {\"schema\":1"));
  EXPECT_THAT(text,
              HasSubstr("control PERMISSION_DENIED vera may not call Admin/Control as viewer"));
  EXPECT_THAT(text, HasSubstr("submit PERMISSION_DENIED"));
  EXPECT_THAT(text, HasSubstr("invite PERMISSION_DENIED"));
  EXPECT_THAT(text, HasSubstr("stranger UNAVAILABLE"));
}

}  // namespace
}  // namespace tributary
