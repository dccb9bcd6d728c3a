// TRIBUTARY_REPORT_DIR=somewhere report_test keeps the sample pages there, to be looked at.
#include "coordinator/report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "aggregation/base/file.h"
#include "aggregation/strategy/method.h"
#include "coordinator/report/charts.h"
#include "coordinator/report/sections.h"
#include "coordinator/report/timeline.h"
#include "tests/coordinator/report/sample_run.h"
#include "tests/coordinator/report/well_formed.h"

namespace tributary::report {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string Render(const SampleRun& run, const char* keep_as = nullptr) {
  const auto view = Build(run.config, run.facts, run.records);
  EXPECT_TRUE(view.has_value()) << view.error().message;
  if (!view) return "";
  std::string html = RenderHtml(*view, run.config, run.facts);
  const char* directory = std::getenv("TRIBUTARY_REPORT_DIR");
  if (directory != nullptr && keep_as != nullptr) {
    EXPECT_TRUE(WriteFile(std::filesystem::path(directory) / keep_as, html).has_value());
  }
  return html;
}

void ExpectSound(const std::string& html) {
  const Document page = ReadHtml(html);
  EXPECT_THAT(page.faults, IsEmpty());
  EXPECT_EQ(page.Count("script"), 1u);
  EXPECT_EQ(page.Count("h1"), 1u);
  for (const Element& e : page.elements) {
    for (const char* attribute :
         {"src", "href", "srcset", "action", "data", "onload", "onerror", "onclick"})
      EXPECT_FALSE(e.attributes.contains(attribute)) << e.name << " " << attribute;
    for (const char* name :
         {"a", "img", "link", "iframe", "object", "embed", "base", "form", "image", "use"})
      EXPECT_NE(e.name, name);
  }
}

TEST(Html, EveryMethodMakesAWellFormedPageThatNeedsNoNetwork) {
  for (const strategy::Method* method : strategy::Methods()) {
    SampleOptions options;
    options.method = method->name;
    const std::string html =
        Render(MakeSampleRun(options), fmt::format("{}.html", method->name).c_str());
    ExpectSound(html);
    EXPECT_THAT(html, Not(HasSubstr("://")));
    EXPECT_THAT(html, Not(HasSubstr("nan")));
    EXPECT_THAT(html, Not(HasSubstr("inf\"")));
    EXPECT_THAT(ReadHtml(html).text, HasSubstr(std::string(method->rule)));
  }
}

TEST(Html, EveryChartHasATitleAndADescription) {
  const Document page = ReadHtml(Render(MakeSampleRun()));
  size_t charts = 0;
  for (const Element& e : page.elements) {
    if (e.name != "svg" || !e.attributes.contains("role")) continue;
    ++charts;
    const std::string& labels = e.attributes.at("aria-labelledby");
    for (const std::string& id :
         {labels.substr(0, labels.find(' ')), labels.substr(labels.find(' ') + 1)})
      EXPECT_TRUE(std::ranges::any_of(page.elements, [&](const Element& other) {
        return (other.name == "title" || other.name == "desc") && other.attributes.contains("id") &&
               other.attributes.at("id") == id;
      })) << id;
  }
  EXPECT_GE(charts, 8u);
}

TEST(Html, HostileTextFromDataStaysText) {
  SampleOptions options;
  options.name_prefix = "</title><script>alert('1')</script>\"&\x01\xff";
  SampleRun run = MakeSampleRun(options);
  run.config.model.name = "\"><img src=x onerror=alert(1)>";
  run.facts.labels = {"<b>", "]]>", "http://example.org/&amp;"};
  run.facts.version = "<!-- 0.1";
  run.facts.numerics = "'\"><svg onload=\"x\">";
  const std::string html = Render(run);
  ExpectSound(html);
  const Document page = ReadHtml(html);
  EXPECT_THAT(page.text, HasSubstr("<b>, ]]>, http://example.org/&amp;"));
  EXPECT_THAT(page.text, HasSubstr(run.config.model.name));
  EXPECT_THAT(html, Not(HasSubstr("\x01")));
  EXPECT_THAT(html, Not(HasSubstr("\xff")));
}

TEST(Html, SaysWhatPrivacyThereIs) {
  EXPECT_THAT(Render(MakeSampleRun()), HasSubstr("NOT PRIVATE"));
  SampleOptions options;
  options.method = "fed-sb";
  options.is_private = true;
  options.evaluate_on = "test";
  SampleRun run = MakeSampleRun(options);
  std::string html = Render(run, "private.html");
  ExpectSound(html);
  EXPECT_THAT(html, Not(HasSubstr("NOT PRIVATE")));
  EXPECT_THAT(html, HasSubstr("per client under the replace-one relation"));
  EXPECT_THAT(html, HasSubstr("One abandoned attempt was charged too"));
  run.config.privacy.noise = "seeded";
  html = Render(run, "seeded.html");
  EXPECT_THAT(html, HasSubstr("Simulation, not private"));
  EXPECT_THAT(html, Not(HasSubstr("Differentially private:")));
}

TEST(Html, ShowsARunWithoutMetricsAndOneThatHasNotBegun) {
  SampleOptions options;
  options.has_metrics = false;
  SampleRun run = MakeSampleRun(options);
  ExpectSound(Render(run, "bare.html"));
  run.records.resize(40);
  const std::string begun = Render(run);
  ExpectSound(begun);
  EXPECT_THAT(begun, HasSubstr("The run has not ended"));
  run.records.clear();
  ExpectSound(Render(run, "empty.html"));
}

TEST(Html, ShowsOneTimelineWithoutAScriptAndTheOthersWithOne) {
  const Document page = ReadHtml(Render(MakeSampleRun()));
  size_t shown = 0, all = 0, options = page.Count("option");
  for (const Element& e : page.elements) {
    if (!e.attributes.contains("data-round")) continue;
    ++all;
    if (!e.attributes.contains("hidden")) ++shown;
  }
  EXPECT_EQ(shown, 1u);
  EXPECT_EQ(all, 11u);
  EXPECT_EQ(options, all);
}

TEST(Html, StaysSmallForALongRunAndSaysWhatIsLeftOut) {
  SampleOptions options;
  options.clients = 400;
  options.cohort = 200;
  options.rounds = 1000;
  options.evaluate_on = "test";
  const std::string html = Render(MakeSampleRun(options), "long.html");
  ExpectSound(html);
  EXPECT_LT(html.size(), size_t{3} << 20);
  EXPECT_THAT(html, HasSubstr("601 more rounds are in rounds.jsonl"));
  EXPECT_THAT(html, HasSubstr("50 more clients are in clients.jsonl"));
}

TEST(Charts, EscapeLeavesOnlyTextThatAPageMayHold) {
  EXPECT_EQ(Escape("a<b>&\"'\n"), "a&lt;b&gt;&amp;&quot;&#39;\n");
  EXPECT_EQ(Escape(std::string_view("\0\x7f\x80é", 5)), "\uFFFD\uFFFD\uFFFDé");
  EXPECT_EQ(Escape("\xf0\x9f\x92"), "\uFFFD\uFFFD\uFFFD");
}

TEST(Charts, ShortenCountsCharacters) {
  EXPECT_EQ(Shorten("äöü", 3), "äöü");
  EXPECT_EQ(Shorten("äöüß", 3), "äö…");
  EXPECT_EQ(Shorten("", 3), "");
}

TEST(Charts, TicksAreRoundAndWithin) {
  EXPECT_THAT(Ticks(0, 10, 5), testing::ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(Ticks(0.63, 0.68, 5),
              testing::ElementsAre(testing::DoubleEq(0.63), testing::DoubleEq(0.64),
                                   testing::DoubleEq(0.65), testing::DoubleEq(0.66),
                                   testing::DoubleEq(0.67), testing::DoubleEq(0.68)));
  EXPECT_THAT(Ticks(0, 3, 7, 1), testing::ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(Ticks(5, 5, 7), testing::ElementsAre(5));
}

TEST(Charts, NumbersAreWrittenForPeople) {
  EXPECT_EQ(AsRound(1234567), "1,234,567");
  EXPECT_EQ(AsRound(999), "999");
  EXPECT_EQ(AsNumber(1.3), "1.30");
  EXPECT_EQ(AsNumber(99.96), "100");
  EXPECT_EQ(AsNumber(0), "0");
  EXPECT_EQ(AsPercent(0.6721), "67.2\u00a0%");
  EXPECT_EQ(AsBytes(-5), "0\u00a0B");
  EXPECT_EQ(AsEpsilon(6.8101), "6.82");
  EXPECT_EQ(AsEpsilon(6.81), "6.81");
  EXPECT_EQ(AsEpsilon(0.99991), "1");
  EXPECT_EQ(AsEpsilon(INFINITY), "unbounded");
}

}  // namespace
}  // namespace tributary::report
