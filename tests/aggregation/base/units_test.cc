#include "aggregation/base/units.h"

#include <gtest/gtest.h>

#include "tests/support/matchers.h"

namespace tributary {
namespace {

TEST(Units, ReadsDurations) {
  const std::pair<const char*, int64_t> cases[] = {{"0s", 0},
                                                   {"90s", 90'000'000},
                                                   {"250ms", 250'000},
                                                   {"15us", 15},
                                                   {"1.5h", 5'400'000'000},
                                                   {"5m", 300'000'000},
                                                   {"2 d", 172'800'000'000},
                                                   {"1e3s", 1'000'000'000},
                                                   {"0.4us", 0}};
  for (const auto& [text, microseconds] : cases) {
    const auto duration = ParseDuration(text);
    ASSERT_THAT(duration, IsOk()) << text;
    EXPECT_EQ(duration->count(), microseconds) << text;
  }
}

TEST(Units, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "s", "90", "-1s", "90 sec", "9x0s", "nans", "infs", "inf s",
                           "1e400s", "1e15d", " 90s", "90s ", "0x10s", "1,5h"})
    EXPECT_THAT(
        ParseDuration(text),
        Fails(Code::kInvalidArgument, fmt::format("\"{}\" is not a number with a unit", text)));
}

TEST(Units, ReadsSizes) {
  const std::pair<const char*, int64_t> cases[] = {{"0B", 0},
                                                   {"812 B", 812},
                                                   {"64KiB", 65'536},
                                                   {"10MB", 10'000'000},
                                                   {"1.5GiB", 1'610'612'736},
                                                   {"2GB", 2'000'000'000},
                                                   {"3kB", 3'000},
                                                   {"1MiB", 1'048'576},
                                                   {"2TB", 2'000'000'000'000},
                                                   {"1TiB", 1'099'511'627'776}};
  for (const auto& [text, bytes] : cases) {
    const auto size = ParseSize(text);
    ASSERT_THAT(size, IsOk()) << text;
    EXPECT_EQ(*size, bytes) << text;
  }
}

TEST(Units, RefusesWhatIsNoSize) {
  for (const char* text : {"", "10", "MB", "-1B", "10mb", "1KB", "1e30B", "9000000TiB"})
    EXPECT_THAT(ParseSize(text), Fails(Code::kInvalidArgument, fmt::format("\"{}\"", text)));
}

TEST(Units, WritesDurationsForPeople) {
  const std::pair<int64_t, const char*> cases[] = {{0, "0 ms"},
                                                   {18'400, "18 ms"},
                                                   {999'499, "999 ms"},
                                                   {999'600, "1.0 s"},
                                                   {4'200'000, "4.2 s"},
                                                   {59'940'000, "59.9 s"},
                                                   {59'960'000, "1m 00s"},
                                                   {187'000'000, "3m 07s"},
                                                   {3'599'400'000, "59m 59s"},
                                                   {3'599'600'000, "1h 00m"},
                                                   {3'720'000'000, "1h 02m"},
                                                   {360'000'000'000, "100h 00m"}};
  for (const auto& [microseconds, text] : cases)
    EXPECT_EQ(FormatDuration(Duration(microseconds)), text);
}

TEST(Units, WritesSizesForPeople) {
  const std::pair<int64_t, const char*> cases[] = {{0, "0 B"},
                                                   {812, "812 B"},
                                                   {999, "999 B"},
                                                   {1000, "1.00 kB"},
                                                   {3'140'000, "3.14 MB"},
                                                   {9'994'000, "9.99 MB"},
                                                   {9'996'000, "10.0 MB"},
                                                   {99'940'000, "99.9 MB"},
                                                   {99'960'000, "100 MB"},
                                                   {999'499'999, "999 MB"},
                                                   {999'500'000, "1.00 GB"},
                                                   {5'000'000'000'000, "5.00 TB"},
                                                   {5'000'000'000'000'000, "5000 TB"}};
  for (const auto& [bytes, text] : cases) EXPECT_EQ(FormatSize(bytes), text);
}

TEST(Units, ReadsTheSizesItWrites) {
  for (const int64_t bytes : {0L, 812L, 3'140'000L, 100'000'000L, 5'000'000'000'000L})
    EXPECT_EQ(*ParseSize(FormatSize(bytes)), bytes);
}

}  // namespace
}  // namespace tributary
