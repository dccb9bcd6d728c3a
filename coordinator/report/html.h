#pragma once
// report.html: the run as one self-contained page that needs no network and no script to be read.

#include <string>

#include "coordinator/report/run_view.h"

namespace tributary::report {

// Well-formed HTML whose void elements are closed, so that it is XML too. Text from data is
// escaped. Very long runs are thinned out; the page says so where it happens.
std::string RenderHtml(const RunView& view, const config::Config& config, const RunFacts& facts);

}  // namespace tributary::report
