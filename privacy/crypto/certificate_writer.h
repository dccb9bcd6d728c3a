#pragma once
// Puts a certificate together and signs it. What goes in was checked before, so that a failure is a
// broken promise. For the sources of this folder.

#include <string>
#include <string_view>

#include "privacy/crypto/authority.h"

struct x509_st;
struct stack_st_GENERAL_NAME;

namespace tributary::privacy {

class CertificateWriter {
 public:
  // Version 3, a random serial number, a key identifier.
  CertificateWriter(evp_pkey_st* subject_key, int64_t not_before, int64_t seconds);
  ~CertificateWriter();
  CertificateWriter(const CertificateWriter&) = delete;

  void SetSubject(std::string_view organization, std::string_view common_name);
  // As in OpenSSL's configuration files: (NID_basic_constraints, "critical,CA:TRUE").
  void Add(int nid, const char* value);
  void AddIdentity(const IdentityPublicKey& key);
  void NameUri(std::string_view uri);
  void NameDns(std::string_view name);
  void NameAddress(const char* address);

  // Ends it and gives the DER: the names become an extension. Null: signed by itself.
  std::string Sign(const EcKey& key, const Certificate* issuer);

 private:
  void Name(int type, std::string_view text);

  x509_st* certificate_;
  stack_st_GENERAL_NAME* names_;
};

}  // namespace tributary::privacy
