#pragma once
// What `tributary doctor` looks at on either side. Nothing is changed but a file that is made in a
// directory, to see whether it can be, and removed.

#include <filesystem>
#include <optional>
#include <set>

#include "coordinator/command/examination.h"
#include "privacy/crypto/certificate.h"
#include "proto/rpc/channel.h"

namespace tributary {

// Program, protocol, libraries, and as which user it looks.
void CheckVersions(Examination* found);

// That there is room and that it can be written; whether others may write it.
void CheckDirectory(const std::filesystem::path& directory, Examination* found);

// Keys below a directory that only their owner may enter: modes and owners.
void CheckKeys(const std::filesystem::path& directory, Examination* found);

// How long it lasts, and whether the next one is due: `seconds` before its end, else with a third
// of its life left; `renewal` says by whom.
void CheckLife(const std::string& whose, const privacy::Certificate& certificate,
               const std::string& renewal, Examination* found, std::optional<int64_t> seconds = {});

// A directory of privacy/crypto/credentials.h. `how` says how one comes to it anew.
void CheckIdentity(const std::string& whose, const std::filesystem::path& directory,
                   privacy::Purpose purpose, const std::string& project, const std::string& how,
                   Examination* found);

// Digests of the base models in these directories, which `key` names.
std::set<std::string> CheckModelDirectories(std::string_view key,
                                            const std::vector<std::string>& paths,
                                            Examination* found);

// How a server that listens there is called on its own machine.
std::string FromHere(const std::string& listen);

enum class Port { kFree, kTaken, kNot };
// Whether a server can listen there; kNot was told, the others were not.
Port TryToListen(const std::string& key, const std::string& address, Examination* found);

// Asks the coordinator who it is: reachable, certificates accepted, its clock, its version. Its
// project; nothing where it did not answer, which was told.
std::optional<std::string> CheckCoordinatorAnswers(const rpc::Endpoint& endpoint,
                                                   Examination* found);

// Open files and core dumps.
void CheckLimits(Examination* found);

}  // namespace tributary
