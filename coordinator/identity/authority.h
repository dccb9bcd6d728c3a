#pragma once
// A project's authorities on disk, in a directory that only their owner may enter:
//   root.key root.pem      made once; the key is needed again only for another issuing authority,
//                          so it belongs on a medium in a drawer
//   issuer.key issuer.pem  what the daemon signs with
//   state.key              32 random bytes that seal the secrets of invitations in the database
// Times are Unix seconds.

#include <filesystem>

#include "privacy/crypto/authority.h"
#include "privacy/crypto/seal.h"

namespace tributary::identity {

// Makes what is missing, and another issuing authority when a month or less is left of the old one.
// Error where there is no root key to make it with.
Status MakeAuthority(const std::filesystem::path& directory, std::string_view project, int64_t now);

class Issuer {
 public:
  // Errors name the file.
  static Result<Issuer> Open(const std::filesystem::path& directory, std::string project);

  struct Issued {
    privacy::Certificate leaf;
    std::string chain;  // PEM: leaf, issuing authority, root
  };
  // For the days that the role has, or as long as the issuing authority lasts. `hosts`: names and
  // addresses of a coordinator; nobody else has any.
  Result<Issued> Issue(std::string_view request, const std::string& name, const std::string& role,
                       std::span<const std::string> hosts, int64_t now) const;

  const privacy::Certificate& root() const { return root_; }
  const privacy::Certificate& certificate() const { return authority_.certificate; }
  privacy::SealKey state_key() const;

 private:
  Issuer(std::string project, privacy::Authority authority, privacy::Certificate root,
         privacy::Secret state_key)
      : project_(std::move(project)),
        authority_(std::move(authority)),
        root_(std::move(root)),
        state_key_(std::move(state_key)) {}
  std::string project_;
  privacy::Authority authority_;
  privacy::Certificate root_;
  privacy::Secret state_key_;
};

// Makes the keys and the certificate of an identity directory beside the authority itself: the
// coordinator's, and the first administrator's.
Status IssueHere(const Issuer& issuer, const std::filesystem::path& directory,
                 const std::string& project, const std::string& name, const std::string& role,
                 std::span<const std::string> hosts, int64_t now);

// The coordinator's own certificate, made, and renewed when a third of its life or less is left or
// it lacks one of the hosts.
Status KeepCurrent(const Issuer& issuer, const std::filesystem::path& directory,
                   const std::string& project, std::span<const std::string> hosts, int64_t now);

}  // namespace tributary::identity
