#pragma once
// tributary/v1/identity.proto: how a peer gets a certificate, keeps it and loses it.

#include "proto/message/kinds.h"

namespace tributary::proto {

struct EnrolmentRequest {
  static constexpr std::string_view kName = "EnrolmentRequest";
  std::string invite;
  Bytes request;
  Digest client_nonce, proof;  // 32 bytes each
  static void Fields(auto& m, auto&& f) {
    f("invite", m.invite), f("request", m.request), f("client_nonce", m.client_nonce);
    f("proof", m.proof);
  }
  bool operator==(const EnrolmentRequest&) const = default;
};

struct EnrolmentGreeting {
  static constexpr std::string_view kName = "EnrolmentGreeting";
  Digest nonce;  // 32 random bytes
  static void Fields(auto& m, auto&& f) { f("nonce", m.nonce); }
  bool operator==(const EnrolmentGreeting&) const = default;
};

struct EnrolmentPending {
  static constexpr std::string_view kName = "EnrolmentPending";
  std::string why;
  static void Fields(auto& m, auto&& f) { f("why", m.why); }
  bool operator==(const EnrolmentPending&) const = default;
};

struct IssuedChain {
  static constexpr std::string_view kName = "IssuedChain";
  Text chain;
  std::string coordinator;
  static void Fields(auto& m, auto&& f) { f("chain", m.chain), f("coordinator", m.coordinator); }
  bool operator==(const IssuedChain&) const = default;
};

struct EnrolmentAnswer {
  static constexpr std::string_view kName = "EnrolmentAnswer";
  std::variant<EnrolmentGreeting, IssuedChain, EnrolmentPending> body;
  static void Fields(auto& m, auto&& f) { f("body", m.body); }
  bool operator==(const EnrolmentAnswer&) const = default;
};

struct RenewRequest {
  static constexpr std::string_view kName = "RenewRequest";
  Bytes request;
  static void Fields(auto& m, auto&& f) { f("request", m.request); }
  bool operator==(const RenewRequest&) const = default;
};

struct InviteRequest {
  static constexpr std::string_view kName = "InviteRequest";
  std::string name, role;
  std::vector<std::string> tags;
  Duration life{0};
  bool approve = false;
  static void Fields(auto& m, auto&& f) {
    f("name", m.name), f("role", m.role), f("tags", m.tags), f("life", m.life);
    f("approve", m.approve);
  }
  bool operator==(const InviteRequest&) const = default;
};

struct Invitation {
  static constexpr std::string_view kName = "Invitation";
  std::string join;
  TimePoint expires;
  static void Fields(auto& m, auto&& f) { f("join", m.join), f("expires", m.expires); }
  bool operator==(const Invitation&) const = default;
};

struct SignRequest {
  static constexpr std::string_view kName = "SignRequest";
  Bytes request;
  std::string name, role;
  std::vector<std::string> tags;
  static void Fields(auto& m, auto&& f) {
    f("request", m.request), f("name", m.name), f("role", m.role), f("tags", m.tags);
  }
  bool operator==(const SignRequest&) const = default;
};

struct CertificatesRequest {
  static constexpr std::string_view kName = "CertificatesRequest";
  static void Fields(auto&, auto&&) {}
  bool operator==(const CertificatesRequest&) const = default;
};

struct ApproveRequest {
  static constexpr std::string_view kName = "ApproveRequest";
  std::string name, role;
  bool approve = false;
  static void Fields(auto& m, auto&& f) {
    f("name", m.name), f("role", m.role), f("approve", m.approve);
  }
  bool operator==(const ApproveRequest&) const = default;
};

struct RevokeRequest {
  static constexpr std::string_view kName = "RevokeRequest";
  std::string name, role, why;
  static void Fields(auto& m, auto&& f) { f("name", m.name), f("role", m.role), f("why", m.why); }
  bool operator==(const RevokeRequest&) const = default;
};

}  // namespace tributary::proto
