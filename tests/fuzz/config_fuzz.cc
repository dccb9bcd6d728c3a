// A configuration of any text: faults, or a configuration that is written and read again as the
// same, and whose plan travels.

#include <cstdint>

#include "coordinator/config/read.h"
#include "coordinator/config/render.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tributary;
  using namespace tributary::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ReadConfig read = ReadConfigText(text, "fuzz", "/", {});
  for (const Fault& fault : read.faults)
    TRIBUTARY_CHECK(!fault.message.empty(), "a fault says what is wrong");
  if (!read.faults.empty()) return 0;
  const std::string written = RenderToml(read.config);
  const ReadConfig again = ReadConfigText(written, "fuzz", "/", {});
  TRIBUTARY_CHECK(again.faults.empty() && RenderToml(again.config) == written,
                  "what was written is read as the same");
  const auto plan = ReadPlan(RenderPlan(read.config));
  TRIBUTARY_CHECK(plan && PlanDigest(*plan) == PlanDigest(read.config),
                  "a plan that travels keeps its digest");
  return 0;
}
