#pragma once
// The metrics of a live coordinator or client with `[http] listen = "127.0.0.1:0"`.

#include "tests/e2e/live_federation.h"

namespace tributary {

int HttpPort(StartedProgram& program);  // that it says
inline int HttpPort(LiveFederation& live) { return HttpPort(live.coordinator()); }
std::string Metrics(int http_port);
// The value of one series, written as in the text format; -1 where there is none.
double ValueOf(const std::string& metrics, const std::string& series);
// Asks until the value is at least that, for a minute at most; the last value.
double WaitForValue(int http_port, const std::string& series, double least);

}  // namespace tributary
