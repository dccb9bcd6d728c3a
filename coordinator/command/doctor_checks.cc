#include "coordinator/command/doctor_checks.h"

#include <fcntl.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "aggregation/base/units.h"
#include "aggregation/base/utc.h"
#include "aggregation/base/version.h"
#include "client/model/directory.h"
#include "privacy/crypto/credentials.h"
#include "privacy/crypto/library.h"
#include "privacy/crypto/private_file.h"
#include "privacy/crypto/verify.h"
#include "proto/rpc/library.h"

namespace tributary {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kTooFull = uintmax_t{64} << 20, kNearlyFull = uintmax_t{1} << 30;
constexpr rlim_t kOpenFiles = 4096;
constexpr double kSkewSeen = 10, kSkewTooMuch = 300;  // seconds

mode_t ModeOf(const fs::path& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

// The directory itself, or what is there of the way to it.
fs::path Existing(fs::path path) {
  std::error_code error;
  path = fs::absolute(path);
  while (!fs::exists(path, error) && path.has_parent_path() && path != path.root_path())
    path = path.parent_path();
  return path;
}

bool CanBeWritten(const fs::path& directory) {
  std::string name = (directory / ".tributary-doctor-XXXXXX").string();
  const int fd = mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) return false;
  close(fd);
  unlink(name.c_str());
  return true;
}

Duration SystemNow() {
  return std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch());
}

void CheckClock(double skew, Examination* found) {
  const std::string text = skew == 0 ? std::string("the coordinator's time")
                                     : fmt::format("{:.1f} s {} the coordinator's", std::abs(skew),
                                                   skew > 0 ? "behind" : "ahead of");
  if (std::abs(skew) > kSkewTooMuch)
    found->Fault("clock", text, "set the clock (timedatectl, chronyc): certificates depend on it");
  else if (std::abs(skew) > kSkewSeen)
    found->Warn("clock", text, "let the machine keep time (timedatectl set-ntp true)");
  else
    found->Ok("clock", text);
}

std::string AdviceFor(const Error& error, const std::string& address) {
  const std::string host = address.substr(0, address.rfind(':'));
  if (error.code == Code::kUnauthenticated)
    return "the coordinator refuses this certificate: it was revoked, or is of another root; ask "
           "the administrator for a new invitation";
  if (error.code == Code::kUnimplemented) return "the coordinator is older than this program";
  if (error.message.find("certificate") != std::string::npos)
    return "another machine may answer there, or a proxy that looks inside; compare the address "
           "with what the administrator says";
  return fmt::format(
      "is the coordinator running, is {} its address, and does a firewall let it "
      "through?",
      address);
}

}  // namespace

void CheckVersions(Examination* found) {
  const passwd* user = getpwuid(geteuid());
  found->Ok("versions", fmt::format("tributary {}, numerics {}, protocol {}.{}, {}, {}", kVersion,
                                    kNumerics, proto::kMajor, proto::kMinor, rpc::LibraryVersion(),
                                    privacy::LibraryVersion()));
  found->Ok("user", fmt::format("all that follows is as {} sees it",
                                user != nullptr ? user->pw_name : std::to_string(geteuid())));
}

void CheckDirectory(const fs::path& directory, Examination* found) {
  const fs::path there = Existing(directory);
  const std::string name = directory.string();
  std::error_code error;
  const bool is_made = fs::exists(directory, error);
  if (!fs::is_directory(there, error))
    return found->Fault("directory", there.string() + ": is no directory", "name another one");
  if (!CanBeWritten(there))
    return found->Fault("directory", fmt::format("{}: cannot be written", there.string()),
                        "run as the user that owns it, or change its owner");
  if (ModeOf(there) & 0002 && !(ModeOf(there) & 01000))
    return found->Fault("directory", fmt::format("{}: everybody may write it", there.string()),
                        fmt::format("chmod o-w {}", there.string()));
  const fs::space_info space = fs::space(there, error);
  const std::string room =
      fmt::format("{}: {} free{}", name, FormatSize(static_cast<int64_t>(space.available)),
                  is_made ? "" : "; will be made");
  if (error || space.available < kTooFull)
    found->Fault("disk", room, "make room: runs pause when the disk is full");
  else if (space.available < kNearlyFull)
    found->Warn("disk", room, "make room before it is full");
  else
    found->Ok("disk", room);
}

void CheckKeys(const fs::path& directory, Examination* found) {
  std::error_code error;
  int64_t keys = 0, faults = 0;
  if (const mode_t mode = ModeOf(directory); mode & 077)
    found->Warn("keys", fmt::format("{}: mode {:04o}", directory.string(), mode),
                fmt::format("chmod 700 {}", directory.string()));
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const fs::path& path = entry.path();
    if (path.extension() != ".key" && path.filename() != "tls.pem") continue;
    ++keys;
    if (const auto key = privacy::ReadPrivateFile(path); !key) {
      ++faults;
      found->Fault("keys", key.error().message, fmt::format("chmod 600 {}", path.string()));
    }
  }
  if (error)
    found->Fault("keys", fmt::format("{}: {}", directory.string(), error.message()),
                 "run as the user that owns it");
  else if (keys > 0 && faults == 0)
    found->Ok("keys",
              fmt::format("{}: {} private files, for their owner alone", directory.string(), keys));
}

void CheckLife(const std::string& whose, const privacy::Certificate& certificate,
               const std::string& renewal, Examination* found, std::optional<int64_t> seconds) {
  const int64_t now = rpc::UnixNow(), left = certificate.not_after - now;
  const int64_t due = left - seconds.value_or((certificate.not_after - certificate.not_before) / 3);
  const std::string text = fmt::format(
      "{}: {} old, {} left", whose, DaysOrHours(now - certificate.not_before), DaysOrHours(left));
  if (left <= 0)
    found->Fault("certificate", fmt::format("{}: expired {} ago", whose, DaysOrHours(-left)),
                 renewal);
  else if (now < certificate.not_before)
    found->Fault("certificate", fmt::format("{}: not valid yet", whose),
                 "set the clock (timedatectl, chronyc)");
  else if (due < 0)
    found->Warn("certificate", fmt::format("{}, renewal is due since {}", text, DaysOrHours(-due)),
                renewal);
  else
    found->Ok("certificate", fmt::format("{}, renewal is due in {}", text, DaysOrHours(due)));
}

std::string FromHere(const std::string& listen) {
  const size_t colon = std::min(listen.rfind(':'), listen.size());
  const std::string host = listen.substr(0, colon);
  if (host.empty() || host == "0.0.0.0") return "127.0.0.1" + listen.substr(colon);
  return host == "[::]" ? "[::1]" + listen.substr(colon) : listen;
}

Port TryToListen(const std::string& key, const std::string& address, Examination* found) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon == address.npos ? 0 : colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM, wanted.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  const auto no = [&](const std::string& why) {
    found->Fault("port", fmt::format("{} = \"{}\": {}", key, address, why),
                 fmt::format("give {} an address of this machine, host:port", key));
    return Port::kNot;
  };
  if (colon == address.npos) return no("names no port");
  if (const int error = getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                    address.substr(colon + 1).c_str(), &wanted, &list);
      error != 0)
    return no(gai_strerror(error));
  const int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const int error =
      bind(fd, list->ai_addr, list->ai_addrlen) == 0 && listen(fd, 1) == 0 ? 0 : errno;
  close(fd);
  freeaddrinfo(list);
  if (error == EADDRINUSE) return Port::kTaken;
  return error == 0 ? Port::kFree : no(std::generic_category().message(error));
}

std::optional<std::string> CheckCoordinatorAnswers(const rpc::Endpoint& endpoint,
                                                   Examination* found) {
  const auto channel = rpc::Channel::Open(endpoint);
  if (!channel) {
    found->Fault("coordinator", channel.error().message, "see the findings about certificates");
    return std::nullopt;
  }
  const auto ask = [&] {
    return (*channel)->Call<proto::Document>("Session/About", proto::AboutRequest{},
                                             std::chrono::seconds(10));
  };
  auto answer = ask();
  const Duration before = SystemNow();
  if (answer) answer = ask();  // this time without the handshake, so that it tells the time well
  const Duration after = SystemNow();
  if (!answer) {
    const bool names_it = answer.error().message.starts_with(endpoint.address);
    found->Fault("coordinator",
                 names_it ? answer.error().message
                          : fmt::format("{}: {}", endpoint.address, answer.error().message),
                 AdviceFor(answer.error(), endpoint.address));
    return std::nullopt;
  }
  const auto json = ParseJson(answer->json.value);
  const auto text = [&](const nlohmann::json& from, const char* key) {
    return from.is_object() && from.contains(key) && from[key].is_string()
               ? from[key].get<std::string>()
               : "?";
  };
  const nlohmann::json you = json.is_object() ? json.value("you", nlohmann::json()) : json;
  found->Ok("coordinator",
            fmt::format("{} answers: project {}, tributary {}, protocol {}; it knows you as {} {}",
                        endpoint.address, text(json, "project"), text(json, "version"),
                        text(json, "protocol"), text(you, "role"), text(you, "name")));
  if (json.is_object() && json.contains("time") && json["time"].is_number_integer()) {
    const double skew =
        json["time"].get<double>() - static_cast<double>((before + after).count()) / 2;
    const double doubt = static_cast<double>((after - before).count()) / 2 + 1e4;
    CheckClock(std::abs(skew) <= doubt ? 0 : skew / 1e6, found);
  }
  return text(json, "project");
}

void CheckLimits(Examination* found) {
  rlimit files{}, cores{};
  getrlimit(RLIMIT_NOFILE, &files);
  getrlimit(RLIMIT_CORE, &cores);
  const std::string open = fmt::format("{} open files are allowed", files.rlim_cur);
  if (files.rlim_cur < kOpenFiles)
    found->Warn("limits", open,
                fmt::format("for many clients raise it: ulimit -n {}, LimitNOFILE= of the unit",
                            kOpenFiles));
  else
    found->Ok("limits", open);
  if (cores.rlim_cur > 0)
    found->Warn("limits", "core dumps are on, and would hold private keys",
                "ulimit -c 0, LimitCORE=0 of the unit");
}

void CheckIdentity(const std::string& whose, const fs::path& directory, privacy::Purpose purpose,
                   const std::string& project, const std::string& how, Examination* found) {
  if (!privacy::HasCredentials(directory))
    return found->Fault("certificate", fmt::format("{}: none in {}", whose, directory.string()),
                        how);
  CheckKeys(directory, found);
  const auto own = privacy::OpenCredentials(directory, purpose, project, rpc::UnixNow());
  if (own) return CheckLife(whose, own->leaf, how, found);
  if (own.error().code != Code::kFailedPrecondition)  // those were told with the keys
    found->Fault("certificate", fmt::format("{}: {}", whose, own.error().message), how);
}

std::set<std::string> CheckModelDirectories(std::string_view key,
                                            const std::vector<std::string>& paths,
                                            Examination* found) {
  std::set<std::string> digests;
  for (const std::string& path : paths) {
    const auto model = model::OpenDirectory(path);
    if (!model) {
      found->Fault("model", model.error().message, fmt::format("correct `{}`", key));
      continue;
    }
    const std::string digest = model->digest.Hex();
    found->Ok("model", fmt::format("{}: digest {}", path, digest));
    digests.insert(digest);
  }
  return digests;
}

}  // namespace tributary
