#pragma once
// A project with its authorities and peers, and certificates that no honest authority would issue.

#include <functional>
#include <string>
#include <vector>

#include "privacy/crypto/authority.h"
#include "privacy/crypto/certificate_writer.h"

namespace tributary::privacy {

inline constexpr int64_t kNow = 1'800'000'000;  // 2027-01-15

struct Project {
  Authority root;
  Authority issuer;
  std::vector<Certificate> roots() const { return {root.certificate}; }
  std::vector<Certificate> given() const { return {issuer.certificate, root.certificate}; }
};
// Valid since yesterday.
Project MakeProject(std::string_view name = "alpha");

// urn:tributary:alpha/client/site-1, valid for an hour before kNow and 30 days after.
LeafProfile ClientProfile();
// urn:tributary:alpha/coordinator/main, at localhost.
LeafProfile ServerProfile();

Certificate MakeLeaf(const Authority& issuer, const LeafProfile& profile = ClientProfile());

// What `fill` makes of a fresh P-256 key, valid as ClientProfile, signed by the issuer. As DER,
// since reading it may fail.
std::string Forge(const Authority& issuer, const std::function<void(CertificateWriter&)>& fill);
// The parts of an honest client's certificate, for `fill`.
void AddLeafUse(CertificateWriter& writer, const char* usage = "clientAuth");

// An authority below another, with OpenSSL's words for its basic constraints.
Authority MakeAuthority(const Authority& above, const char* constraints,
                        std::string_view project = "alpha");

}  // namespace tributary::privacy
