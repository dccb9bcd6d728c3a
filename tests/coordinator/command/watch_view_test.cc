// What `watch` shows, from documents as coordinators give them, and as they should not.

#include "coordinator/command/watch_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/command/view_parts.h"

namespace tributary {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

RunPicture Sample() {
  RunPicture picture;
  picture.status = Json::parse(R"({"schema":1,"run":"flora-1","phase":"reporting",
      "why":"waits for 1 of 2 clients to report train","waits_for":["site-b"],"seconds_left":30,
      "method":"flora","model":"tiny/bert","rounds":8,"clients":3,"round":3,"last_fault":"",
      "stage":{"task":"train","round":3,"attempt":1,"selected":2,"accepted":1}})");
  picture.rounds = Json::parse(R"({"schema":1,"rounds":[
      {"round":1,"accuracy":0.5,"loss":0.9,"bytes_up":1000,"bytes_down":500,"virtual_seconds":2},
      {"round":2,"accuracy":0.75,"loss":null,"bytes_up":1000,"bytes_down":500,"virtual_seconds":1}]})");
  picture.clients = Json::parse(R"({"clients":[{"state":"training"},{"state":"idle"},
      {"state":"training"}]})");
  picture.until = 1030;
  return picture;
}

TEST(WatchView, ShowsWhatIsKnown) {
  const auto lines = ViewOf(Sample(), {100, false, false, 1000});
  EXPECT_THAT(
      lines,
      ElementsAre("flora-1  reporting  flora, tiny/bert", "round 3/8 [#########...............]",
                  "  [######......] training 1 of 2 reported, attempt 2",
                  "clients   1 idle   2 training", "accuracy  0.7500 in round 2  _#",
                  "loss      0.9000", "bytes     2.00 kB up, 1.00 kB down; 1.50 kB/s in round 2",
                  "now       waits for 1 of 2 clients to report train", "for       site-b",
                  HasSubstr("30 s left")));
  EXPECT_THAT(LineOf(Sample()), HasSubstr("training 1 of 2 reported, attempt 2  accuracy 0.7500"));
  const Json json = JsonOf(Sample());
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["figures"]["bytes_per_second"], 1500);
  EXPECT_EQ(json["figures"]["clients_by_state"], Json({{"idle", 1}, {"training", 2}}));
}

TEST(WatchView, FitsAnyWidth) {
  RunPicture picture = Sample();
  picture.link = "127.0.0.1:7340: connection refused";
  for (const size_t width : {1U, 7U, 20U, 200U})
    for (const std::string& line : ViewOf(picture, {width, false, false, 1000}))
      EXPECT_LE(line.size(), width) << line;
  EXPECT_THAT(ViewOf(picture, {80, true, true, 1000}).front(), HasSubstr("\033[1m"));
  EXPECT_THAT(ViewOf(picture, {80, true, true, 1000})[4], HasSubstr("▁█"));
}

TEST(WatchView, AnOddDocumentIsShownAsFarAsItGoes) {
  for (const char* odd : {"{}", R"({"stage":null})", R"({"stage":[],"waits_for":{},"run":7})",
                          R"({"round":"x","rounds":null,"waits_for":[1,null]})"}) {
    RunPicture picture;
    picture.status = Json::parse(odd);
    picture.rounds = picture.clients = Json::parse(R"({"rounds":[3,null],"clients":[[],7]})");
    EXPECT_FALSE(ViewOf(picture, {}).empty()) << odd;
    EXPECT_FALSE(LineOf(picture).empty()) << odd;
    EXPECT_TRUE(JsonOf(picture).contains("figures")) << odd;
  }
}

TEST(ViewParts, Pieces) {
  EXPECT_EQ(Bar(1, 2, 4), "[##..]");
  EXPECT_EQ(Bar(9, 0, 4), "[####]");
  EXPECT_EQ(SparkLine(std::vector<double>{1, 2, 3}, 2, false), "_#");
  EXPECT_EQ(SparkLine(std::vector<double>{4, 4}, 9, true), "▅▅");
  EXPECT_EQ(SparkLine({}, 9, true), "");
  EXPECT_EQ(ScreenLine(3, false).Add("aé").Add("bcd").text(), "aéb");
  EXPECT_EQ(ScreenLine(9, false).Add("a\033[2J").text(), "a?[2J");
  EXPECT_THAT(ScreenLine(9, false).Add("x", ScreenLine::Style::kBad).text(), Not(HasSubstr("[")));
}

}  // namespace
}  // namespace tributary
