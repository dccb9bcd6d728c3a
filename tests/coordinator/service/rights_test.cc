// The table of rights against the services as they are: T-AUTHZ-1.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include <tributary/v1/admin.pb.h>
#include <tributary/v1/identity.pb.h>
#include <tributary/v1/session.pb.h>
#include <tributary/v1/transfer.pb.h>

#include "coordinator/service/caller.h"
#include "tests/support/matchers.h"

namespace tributary::service {
namespace {

// Of the services that ask for certificates; Enrollment is the one that does not.
std::set<std::string> Methods() {
  std::set<std::string> methods;
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const char* name : {"Session", "Transfer", "Admin", "Certificates"}) {
    const auto* service = pool->FindServiceByName(std::string("tributary.v1.") + name);
    EXPECT_NE(service, nullptr) << name;
    for (int i = 0; service != nullptr && i < service->method_count(); ++i)
      methods.insert(std::string(name) + "/" + service->method(i)->name());
  }
  return methods;
}

TEST(Rights, EveryMethodHasExactlyOneRow) {
  v1::Submission::descriptor();  // links the generated descriptors in
  v1::InviteRequest::descriptor();
  v1::ClientMessage::descriptor();
  v1::UploadMessage::descriptor();
  std::multiset<std::string> rows;
  for (const Right& right : Rights()) rows.insert(std::string(right.method));
  std::set<std::string> methods = Methods();
  methods.insert({"Health/Check", "Health/Watch", "ServerReflection/ServerReflectionInfo"});
  EXPECT_EQ(rows, std::multiset<std::string>(methods.begin(), methods.end()));
}

TEST(Rights, EveryPairOfRoleAndMethodIsDecidedByTheTable) {
  std::vector<std::string> roles(Roles().begin(), Roles().end());
  roles.insert(roles.end(), {"", "coordinator", "Admin", "root"});
  for (const Right& right : Rights())
    for (const std::string& role : roles) {
      const bool may = std::find(right.roles.begin(), right.roles.end(), role) != right.roles.end();
      const Status answer = Authorise({"x", role}, right.method);
      EXPECT_EQ(answer.has_value(), may) << role << " " << right.method;
      if (!may) {
        EXPECT_EQ(answer.error().code, Code::kPermissionDenied);
      }
    }
}

TEST(Rights, AMethodWithoutARowIsRefusedToAll) {
  for (const std::string_view role : Roles())
    EXPECT_THAT(Authorise({"x", std::string(role)}, "Admin/Nothing"),
                Fails(Code::kPermissionDenied, "no row"));
}

TEST(Rights, NobodyBothRunsJobsAndTrains) {
  for (const Right& right : Rights()) {
    const auto has = [&](std::string_view role) {
      return std::find(right.roles.begin(), right.roles.end(), role) != right.roles.end();
    };
    if (right.method.starts_with("Admin/")) {
      EXPECT_FALSE(has("client")) << right.method;
    }
    if (right.method == "Session/Connect" || right.method == "Transfer/Upload") {
      EXPECT_EQ(right.roles, std::vector<std::string_view>{"client"});
    }
  }
}

}  // namespace
}  // namespace tributary::service
