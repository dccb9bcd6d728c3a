#pragma once
// Joining a project (on the enrolment port) and everything about certificates (on the main port).

#include <grpcpp/grpcpp.h>

#include <memory>

#include "coordinator/daemon/driver.h"
#include "coordinator/identity/registrar.h"
#include "coordinator/service/gate.h"

namespace tributary::service {

struct IdentityParts {  // all outlive the services
  daemon::Driver& driver;
  identity::Registrar& registrar;  // used on the driver's thread
  Gate& gate;
  std::filesystem::path identity;  // the coordinator's, whose key enrolment is bound to
};

std::unique_ptr<grpc::Service> MakeEnrolmentService(const IdentityParts& parts);
std::unique_ptr<grpc::Service> MakeCertificateService(const IdentityParts& parts);

}  // namespace tributary::service
