#pragma once
// tributary/v1/admin.proto: what operators ask.

#include "proto/message/kinds.h"

namespace tributary::proto {

struct Submission {
  static constexpr std::string_view kName = "Submission";
  std::string token;
  Text plan, model_config;
  std::string name, designated;
  std::vector<std::string> where;
  static void Fields(auto& m, auto&& f) {
    f("token", m.token), f("plan", m.plan), f("model_config", m.model_config), f("name", m.name);
    f("designated", m.designated), f("where", m.where);
  }
  bool operator==(const Submission&) const = default;
};

struct RunRef {
  static constexpr std::string_view kName = "RunRef";
  RunId run;
  static void Fields(auto& m, auto&& f) { f("run", m.run); }
  bool operator==(const RunRef&) const = default;
};

struct ClientRef {
  static constexpr std::string_view kName = "ClientRef";
  ClientId client;
  static void Fields(auto& m, auto&& f) { f("client", m.client); }
  bool operator==(const ClientRef&) const = default;
};

struct RunsRequest {
  static constexpr std::string_view kName = "RunsRequest";
  static void Fields(auto&, auto&&) {}
  bool operator==(const RunsRequest&) const = default;
};

struct BackupRequest {
  static constexpr std::string_view kName = "BackupRequest";
  static void Fields(auto&, auto&&) {}
  bool operator==(const BackupRequest&) const = default;
};

struct ControlRequest {
  static constexpr std::string_view kName = "ControlRequest";
  RunId run;
  std::string action;
  static void Fields(auto& m, auto&& f) { f("run", m.run), f("action", m.action); }
  bool operator==(const ControlRequest&) const = default;
};

struct LogsRequest {
  static constexpr std::string_view kName = "LogsRequest";
  RunId run;
  std::string level;
  TimePoint since;
  bool follow = false;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("level", m.level), f("since", m.since), f("follow", m.follow);
  }
  bool operator==(const LogsRequest&) const = default;
};

struct ExportRequest {
  static constexpr std::string_view kName = "ExportRequest";
  RunId run;
  std::string round;
  static void Fields(auto& m, auto&& f) { f("run", m.run), f("round", m.round); }
  bool operator==(const ExportRequest&) const = default;
};

struct ExportManifest {
  static constexpr std::string_view kName = "ExportManifest";
  int64_t round = 0;
  Digest state;
  int64_t size = 0;
  Text plan, model_config, facts;
  static void Fields(auto& m, auto&& f) {
    f("round", m.round), f("state", m.state), f("size", m.size), f("plan", m.plan);
    f("model_config", m.model_config), f("facts", m.facts);
  }
  bool operator==(const ExportManifest&) const = default;
};

}  // namespace tributary::proto
