// Wherever a bit flips or a file ends early, opening either refuses with the file's name or gives
// back every acknowledged byte.

#include <gtest/gtest.h>

#include "aggregation/base/file.h"
#include "aggregation/base/random.h"
#include "coordinator/store/sqlite_store.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary::store {
namespace {

const RunId kRuns[] = {RunId{"first"}, RunId{"second"}};

// What a store answers, as text to compare.
std::string Describe(StateStore& store) {
  std::string text;
  const auto runs = store.Runs();
  for (const RunId& run : *runs) {
    const auto found = store.Recover(run);
    if (!found) return found.error().message;
    text += fmt::format("{}: {} | {} | {}\n", run.value, found->snapshot.value_or("none"),
                        fmt::join(found->records, ","), store.Get(run, "fact")->value_or("none"));
  }
  return text;
}

void Fill(StateStore& store) {
  for (int i = 0; i < 12; ++i)
    for (const RunId& run : kRuns) {
      const std::vector<std::string> records = {
          fmt::format("{}-{}", run.value, i),
          std::string(static_cast<size_t>(50 + 400 * (i % 4)), static_cast<char>('a' + i))};
      ASSERT_THAT(store.Append(run, records), IsOk());
      if (i == 5) {
        ASSERT_THAT(store.WriteSnapshot(run, std::string(3000, 's')), IsOk());
      }
      if (i == 7) {
        ASSERT_THAT(store.Put(run, "fact", "value of " + run.value), IsOk());
      }
    }
}

// The three files of a store: database, write-ahead log, witness.
struct Image {
  std::string database, log, head;

  static Image Of(const std::filesystem::path& file) {
    const auto log = ReadFile(file.string() + "-wal");
    return {*ReadFile(file), log ? *log : "", *ReadFile(file.string() + ".head")};
  }
  void WriteTo(const std::filesystem::path& file) const {
    const std::pair<const char*, const std::string*> parts[] = {
        {"", &database}, {"-wal", &log}, {".head", &head}};
    for (const auto& [suffix, content] : parts) {
      const std::filesystem::path path = file.string() + suffix;
      std::filesystem::remove(path);
      if (!content->empty()) {
        std::FILE* out = std::fopen(path.c_str(), "wb");
        ASSERT_EQ(std::fwrite(content->data(), 1, content->size(), out), content->size());
        ASSERT_EQ(std::fclose(out), 0);
      }
    }
  }
};

class Damage : public testing::Test {
 protected:
  Damage() {
    auto store = OpenSqliteStore(source_);
    Fill(**store);
    expected_ = Describe(**store);
    crashed_ = Image::Of(source_);  // as kill -9 would leave the files
    store->reset();
    closed_ = Image::Of(source_);
  }

  // True if the image was refused; otherwise it must tell everything.
  bool Refused(const Image& image, const std::string& what) {
    image.WriteTo(target_);
    const auto store = OpenSqliteStore(target_);
    if (store) {
      EXPECT_EQ(Describe(**store), expected_) << what;
      return false;
    }
    EXPECT_TRUE(store.error().code == Code::kDataLoss ||
                store.error().code == Code::kFailedPrecondition)
        << what << ": " << CodeName(store.error().code) << ": " << store.error().message;
    EXPECT_NE(store.error().message.find("target.db"), std::string::npos)
        << what << ": " << store.error().message;
    return true;
  }
  // Flips one bit in every `stride` bytes of a part; returns how many images were refused.
  int Flip(const Image& image, std::string Image::*part, size_t stride) {
    constexpr uint64_t kSeed = 5;
    Random random(kSeed, "flipped bits");
    int refused = 0;
    for (size_t at = 0; at + stride <= (image.*part).size(); at += stride) {
      Image damaged = image;
      const size_t byte = at + random.Below(stride);
      const uint64_t bit = random.Below(8);
      (damaged.*part)[byte] = static_cast<char>((damaged.*part)[byte] ^ (1 << bit));
      refused += Refused(damaged, fmt::format("seed {}, byte {}, bit {}", kSeed, byte, bit));
    }
    return refused;
  }

  ScratchDirectory scratch_;
  const std::filesystem::path source_ = scratch_.path() / "source.db",
                              target_ = scratch_.path() / "target.db";
  Image crashed_, closed_;
  std::string expected_;
};

TEST_F(Damage, AFlippedBitInTheDatabaseIsFoundOrHarmless) {
  ASSERT_EQ(closed_.log, "");
  EXPECT_GT(Flip(closed_, &Image::database, 61), 200);
}

TEST_F(Damage, AFlippedBitInTheDatabasesHeaderIsFoundOrHarmless) {
  for (size_t byte = 0; byte < 108; ++byte)
    for (int bit = 0; bit < 8; bit += 3) {
      Image damaged = closed_;
      damaged.database[byte] = static_cast<char>(damaged.database[byte] ^ (1 << bit));
      Refused(damaged, fmt::format("byte {}, bit {}", byte, bit));
    }
}

TEST_F(Damage, AFlippedBitInTheLogIsFoundOrHarmless) {
  ASSERT_GT(crashed_.log.size(), 50'000U);
  EXPECT_FALSE(Refused(crashed_, "undamaged"));
  EXPECT_GT(Flip(crashed_, &Image::log, 509), 200);
}

TEST_F(Damage, ALogThatEndsEarlyIsFound) {
  for (size_t size = 0; size < crashed_.log.size(); size += 997) {
    Image damaged = crashed_;
    damaged.log.resize(size);
    EXPECT_TRUE(Refused(damaged, fmt::format("log of {} bytes", size))) << size;
  }
}

TEST_F(Damage, ADatabaseThatEndsEarlyIsFound) {
  for (size_t size = 0; size < closed_.database.size(); size += 512) {
    Image damaged = closed_;
    damaged.database.resize(size);
    EXPECT_TRUE(Refused(damaged, fmt::format("database of {} bytes", size))) << size;
  }
}

TEST_F(Damage, ADamagedWitnessStopsNobody) { EXPECT_EQ(Flip(closed_, &Image::head, 8), 0); }

TEST_F(Damage, RefusedFilesStayAsTheyWereFound) {
  Image damaged = crashed_;
  damaged.log[damaged.log.size() / 2] ^= 1;
  ASSERT_TRUE(Refused(damaged, "log"));
  const Image after = Image::Of(target_);
  EXPECT_EQ(after.database, damaged.database);
  EXPECT_EQ(after.log, damaged.log);
}

TEST_F(Damage, AnUnfinishedChangeIsDroppedAndSaid) {
  Image torn = crashed_;  // half a frame's worth of a change that nobody was told of
  const size_t frame = 24 + 4096;
  torn.log += torn.log.substr(torn.log.size() - frame);
  torn.WriteTo(target_);
  auto store = OpenSqliteStore(target_);
  ASSERT_THAT(store, IsOk());
  EXPECT_EQ(Describe(**store), expected_);
  EXPECT_THAT((*store)->Recover(kRuns[0])->notice,
              testing::HasSubstr("target.db: dropped an unfinished change"));
  crashed_.WriteTo(source_);
  auto whole = OpenSqliteStore(source_);
  EXPECT_EQ((*whole)->Recover(kRuns[0])->notice, "");
}

}  // namespace
}  // namespace tributary::store
