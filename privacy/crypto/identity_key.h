#pragma once
// The key by which a peer is the same peer whatever certificate it shows: Ed25519 (RFC 8032). It
// signs messages that outlive a connection; TLS never sees it.

#include <array>
#include <string_view>

#include "privacy/crypto/ec_key.h"

namespace tributary::privacy {

using IdentityPublicKey = std::array<unsigned char, 32>;
using IdentitySignature = std::array<unsigned char, 64>;

// Moves, never copies. Any thread may use one that none moves.
class IdentityKey {
 public:
  static IdentityKey Generate();
  // As EcKey::FromPem.
  static Result<IdentityKey> FromPem(std::string_view pem);
  Secret Pem() const;

  const IdentityPublicKey& public_key() const { return public_key_; }
  // Pure Ed25519 over the bytes. Whoever calls begins the message with what it is for, so that no
  // signature can stand under another kind of message.
  IdentitySignature Sign(std::string_view message) const;

 private:
  IdentityKey(KeyHandle key, const IdentityPublicKey& public_key)
      : key_(std::move(key)), public_key_(public_key) {}
  static Result<IdentityKey> FromHandle(KeyHandle key);

  KeyHandle key_;
  IdentityPublicKey public_key_;
};

std::string Hex(const IdentityPublicKey& key);  // lower case

// False for keys of small order, too, under which anybody can sign.
bool VerifyIdentity(const IdentityPublicKey& key, std::string_view message,
                    const IdentitySignature& signature);

}  // namespace tributary::privacy
