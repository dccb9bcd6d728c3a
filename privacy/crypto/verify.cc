#include "privacy/crypto/verify.h"

#include <openssl/x509_vfy.h>

#include "aggregation/base/utc.h"
#include "privacy/crypto/openssl.h"

namespace tributary::privacy {
namespace {

constexpr int kLongest = 3;        // leaf, issuing authority, root
constexpr int kSecurityLevel = 2;  // 112 bits: nothing is signed with SHA-1

using OwnedStore = Owned<X509_STORE, X509_STORE_free>;
using OwnedContext = Owned<X509_STORE_CTX, X509_STORE_CTX_free>;

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
using OwnedStack = std::unique_ptr<STACK_OF(X509), FreeStack>;

template <typename... Args>
tl::unexpected<Error> Refuse(fmt::format_string<Args...> format, Args&&... args) {
  return MakeError(Code::kUnauthenticated, format, std::forward<Args>(args)...);
}

std::string_view PurposeName(Purpose purpose) {
  return purpose == Purpose::kClient ? "a client" : "a server";
}

OwnedX509 Open(const Certificate& certificate) {
  OwnedX509 x = FromDer<X509_free>(d2i_X509, certificate.der);
  TRIBUTARY_CHECK(x != nullptr, "a certificate was read before");
  return x;
}

OwnedStack Stack(std::span<const Certificate> certificates) {
  OwnedStack stack(sk_X509_new_null());
  for (const Certificate& certificate : certificates)
    TRIBUTARY_CHECK(sk_X509_push(stack.get(), Open(certificate).release()) > 0,
                    "OpenSSL lists certificates");
  return stack;
}

OwnedStore Store(std::span<const Certificate> roots) {
  OwnedStore store(X509_STORE_new());
  for (const Certificate& root : roots)
    TRIBUTARY_CHECK(X509_STORE_add_cert(store.get(), Open(root).get()) == 1,
                    "OpenSSL takes a root");
  return store;
}

void SetRules(X509_STORE_CTX* context, const PeerExpectation& expected) {
  X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context);
  // CHECK_SS_SIGNATURE: of a pinned root only the key is known, so the rest must be signed by it.
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
  X509_VERIFY_PARAM_set_time(rules, expected.now);
  // As long as can be, so that a long chain of others is told from a long chain of ours.
  X509_VERIFY_PARAM_set_depth(rules, kMaxBundle);
  X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
  TRIBUTARY_CHECK(X509_VERIFY_PARAM_set_purpose(rules, expected.purpose == Purpose::kClient
                                                           ? X509_PURPOSE_SSL_CLIENT
                                                           : X509_PURPOSE_SSL_SERVER) == 1,
                  "OpenSSL knows the purposes of TLS");
}

// Why the chain did not verify, in our words.
tl::unexpected<Error> Explain(X509_STORE_CTX* context, const Certificate& leaf,
                              const PeerExpectation& expected) {
  const int error = X509_STORE_CTX_get_error(context);
  const std::string reason = X509_verify_cert_error_string(error);
  const X509* const at = X509_STORE_CTX_get_current_cert(context);
  const auto read = at ? CertificateFromDer(ToDer(i2d_X509, at)) : Result<Certificate>(leaf);
  const Certificate& found = read ? *read : leaf;
  const std::string name = found.Name();
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Refuse(
          "certificate {}: expired at {}, and here it is {}: it needs to be renewed, unless "
          "the clock of this machine is wrong",
          name, Utc(found.not_after), Utc(expected.now));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Refuse(
          "certificate {}: is valid from {}, and here it is {}: is the clock of this machine "
          "wrong?",
          name, Utc(found.not_before), Utc(expected.now));
    case X509_V_ERR_INVALID_PURPOSE:
      return Refuse("certificate {}: is not for {}", name, PurposeName(expected.purpose));
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return Refuse("certificate {}: is not signed by an authority of this project ({})", name,
                    reason);
    default:
      return Refuse("certificate {}: does not verify: {}", name, reason);
  }
}

// What is ours to check of the chain that verified.
Status CheckAuthorities(X509_STORE_CTX* context, const Certificate& leaf,
                        const PeerExpectation& expected) {
  const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context);
  if (sk_X509_num(chain) > kLongest)
    return Refuse("certificate {}: a chain of {} certificates to its root, expected at most {}",
                  leaf.Name(), sk_X509_num(chain), kLongest);
  for (int i = 1; i + 1 < sk_X509_num(chain); ++i) {
    const X509* const x = sk_X509_value(chain, i);
    ASSIGN_OR_RETURN(const Certificate authority, CertificateFromDer(ToDer(i2d_X509, x)));
    if (authority.uris != std::vector{ProjectUri(expected.project)})
      return MakeError(Code::kPermissionDenied, "certificate {}: is no authority of the project {}",
                       authority.Name(), expected.project);
  }
  return {};
}

Result<PeerIdentity> CheckLeaf(const Certificate& leaf, const PeerExpectation& expected) {
  const bool client = expected.purpose == Purpose::kClient;
  if (leaf.is_ca)
    return Refuse("certificate {}: is an authority's, expected a peer's", leaf.Name());
  if (!(client ? leaf.client_auth : leaf.server_auth))
    return Refuse("certificate {}: is not for {}", leaf.Name(), PurposeName(expected.purpose));
  if (leaf.client_auth && leaf.server_auth)
    return Refuse("certificate {}: is for clients and servers, expected one of them", leaf.Name());
  if (leaf.uris.size() != 1)
    return Refuse("certificate {}: has {} URIs, expected one", leaf.Name(), leaf.uris.size());
  auto identity = ParsePeerIdentity(leaf.uris.front());
  if (!identity) return Refuse("certificate {}: {}", leaf.Name(), identity.error().message);
  if (identity->project != expected.project)
    return MakeError(Code::kPermissionDenied, "certificate {}: is of another project, expected {}",
                     leaf.Name(), expected.project);
  return identity;
}

}  // namespace

Result<PeerIdentity> VerifyPeer(const Certificate& leaf, std::span<const Certificate> given,
                                std::span<const Certificate> roots,
                                const PeerExpectation& expected) {
  const ErrorScope errors;
  if (given.size() > kMaxBundle || roots.size() > kMaxBundle)
    return Refuse(
        "certificate {}: {} certificates and {} roots to verify it with, expected at most {}",
        leaf.Name(), given.size(), roots.size(), kMaxBundle);
  const OwnedX509 x = Open(leaf);
  const OwnedStack others = Stack(given);
  const OwnedStore store = Store(roots);
  const OwnedContext context(X509_STORE_CTX_new());
  TRIBUTARY_CHECK(
      context && X509_STORE_CTX_init(context.get(), store.get(), x.get(), others.get()) == 1,
      "OpenSSL prepares to verify");
  SetRules(context.get(), expected);
  if (X509_verify_cert(context.get()) != 1) return Explain(context.get(), leaf, expected);
  RETURN_IF_ERROR(CheckAuthorities(context.get(), leaf, expected));
  return CheckLeaf(leaf, expected);
}

Result<PeerIdentity> VerifyPinnedPeer(const Certificate& leaf, std::span<const Certificate> given,
                                      const Digest& root_spki, const PeerExpectation& expected) {
  std::vector<Certificate> roots;
  for (const Certificate& certificate : given)
    if (certificate.spki == root_spki) roots.push_back(certificate);
  if (roots.empty())
    return Refuse(
        "certificate {}: none of the {} certificates shown with it holds the root key {} of "
        "this project",
        leaf.Name(), given.size(), root_spki.Hex());
  return VerifyPeer(leaf, given, roots, expected);
}

}  // namespace tributary::privacy
