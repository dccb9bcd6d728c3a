#pragma once
// The sections of a report, each an HTML fragment. html.cc puts them into a page.

#include <string>

#include "aggregation/strategy/method.h"
#include "coordinator/report/run_view.h"

namespace tributary::report {

struct Page {
  const RunView& view;
  const config::Config& config;
  const RunFacts& facts;
  const strategy::Method* method;  // null: not a method of this program
  std::string MethodTitle() const;
  const Round* Start() const { return view.rounds.empty() ? nullptr : &view.rounds.front(); }
  const Round* Kept() const { return view.rounds.empty() ? nullptr : &view.rounds[view.kept]; }
};

inline constexpr size_t kMaxTableRows = 400;
inline constexpr size_t kMaxTimelineMarks = 4000;  // clients over all rounds that can be chosen

// A card; `wide` ones span the page. `body` is HTML.
std::string Card(std::string_view id, std::string_view heading, std::string_view body,
                 bool is_wide = false);

std::string Headline(const Page& page);
std::string AccuracySection(const Page& page);
std::string LossSection(const Page& page);
std::string AveragingSection(const Page& page);
std::string SpreadSection(const Page& page);
std::string BytesSection(const Page& page);
std::string MethodsSection(const Page& page);
std::string PrivacySection(const Page& page);
std::string TimelineSection(const Page& page);
std::string RoundsSection(const Page& page);
std::string PlanSection(const Page& page);

}  // namespace tributary::report
