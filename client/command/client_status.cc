#include "client/command/client_status.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "aggregation/base/units.h"
#include "aggregation/base/utc.h"
#include "client/command/client_box.h"

namespace tributary {
namespace {

using Json = nlohmann::ordered_json;

constexpr Duration kPatience = std::chrono::seconds(5);

void Print(const Json& json) {
  const std::string project = json["project"].get<std::string>();
  fmt::print("{}: {}\n", json["client"].get<std::string>(), json["state"].get<std::string>());
  fmt::print("  {} {}{} for {:.0f} s\n",
             json["connected"].get<bool>() ? "connected to" : "not connected to",
             json["coordinator"].get<std::string>(),
             project.empty() ? "" : ", project " + project + ",", json["seconds"].get<double>());
  fmt::print("  tributary {}, device {}; sent {}, received {} since it was started\n",
             json["version"].get<std::string>(), json["device"].get<std::string>(),
             FormatSize(json["bytes_sent"].get<int64_t>()),
             FormatSize(json["bytes_received"].get<int64_t>()));
  if (!json["certificate_expires"].is_null())
    fmt::print("  certificate until {} (it is renewed before)\n",
               Utc(json["certificate_expires"].get<int64_t>()));
  if (json["runs"].empty()) return fmt::print("  no run is under way\n");
  fmt::print("{:20} {:25} {:>6} {:10} {:>9} {:12} {}\n", "run", "standing", "round", "state",
             "seconds", "last", "detail");
  for (const Json& run : json["runs"])
    fmt::print("{:20} {:25} {:>6} {:10} {:>9} {:12} {}\n", run["run"].get<std::string>(),
               run["standing"].get<std::string>(), run["round"].get<int64_t>(),
               run["state"].get<std::string>(),
               run["seconds"].is_null() ? "-" : fmt::format("{:.0f}", run["seconds"].get<double>()),
               run["last"].get<std::string>(), run["detail"].get<std::string>());
}

}  // namespace

Result<int> ShowClientStatus(const std::string& config, bool json) {
  ASSIGN_OR_RETURN(const edge::RequestBox box, BoxOf(config));
  ASSIGN_OR_RETURN(const std::string name, box.Put("status", RunId{}));
  const auto answer = box.Wait(name, kPatience);
  if (!answer) {
    box.TakeBack(name);
    return MakeError(Code::kUnavailable,
                     "{}: no client runs with this configuration (nothing has answered for {} s)",
                     config, std::chrono::duration_cast<std::chrono::seconds>(kPatience).count());
  }
  if (json)
    fmt::print("{}\n", answer->text);
  else
    Print(ParseOrderedJson(answer->text));
  return kDone;
}

}  // namespace tributary
