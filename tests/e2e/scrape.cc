#include "tests/e2e/scrape.h"

#include <unistd.h>

#include <cstdlib>

#include "aggregation/base/status.h"
#include "tests/support/http_get.h"

namespace tributary {

int HttpPort(StartedProgram& program) {
  const std::string said = "http://127.0.0.1:";
  TRIBUTARY_CHECK(program.WaitForError(said), program.error());
  const std::string text = program.error();
  return std::atoi(text.c_str() + text.find(said) + said.size());
}

std::string Metrics(int http_port) { return HttpGet(http_port, "/metrics").body; }

double ValueOf(const std::string& metrics, const std::string& series) {
  const size_t at = ("\n" + metrics).find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stod(metrics.substr(at + series.size() + 1));
}

double WaitForValue(int http_port, const std::string& series, double least) {
  double value = -1;
  for (int i = 0; i < 1200 && value < least; ++i) {
    if (i > 0) usleep(50'000);
    value = ValueOf(Metrics(http_port), series);
  }
  return value;
}

}  // namespace tributary
