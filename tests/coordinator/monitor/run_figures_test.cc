#include "coordinator/monitor/run_figures.h"

#include <gtest/gtest.h>

namespace tributary::monitor {
namespace {

using namespace coordinator;  // NOLINT: the records

TimePoint At(int seconds) { return {std::chrono::seconds(seconds)}; }

StageOpened Opened(TaskKind kind) {
  StageOpened opened;
  opened.sequence = 1;
  opened.round = 1;
  opened.kind = kind;
  opened.opened = At(10);
  opened.cohort = {{"a"}, {"b"}, {"c"}, {"d"}};
  return opened;
}

TEST(RunFigures, CountTheOpenStage) {
  RunFigures figures;
  figures.Apply(Opened(TaskKind::kTrain));
  EXPECT_EQ(figures.stage->pending(), 4);
  figures.Apply(UpdateAccepted{1, {"a"}, {}, 1, {}, At(11)});
  figures.Apply(ClientEnded{1, {"b"}, Reason::kFailed, At(12)});
  EXPECT_EQ(figures.stage->pending(), 2);
  figures.Apply(StageClosed{1, At(20), Reason::kDeadline});
  EXPECT_EQ(figures.stage->pending(), 0);
  EXPECT_EQ(figures.stage->closed, At(20));
  StageCommitted committed{1, At(21), {}, 0, 0, false, {}};
  committed.metrics = {{"train_loss", 0.5}, {"averaging_error", 0.25}};
  figures.Apply(committed);
  EXPECT_FALSE(figures.stage);
  EXPECT_EQ(figures.train_loss, 0.5);
  EXPECT_EQ(figures.averaging_error, 0.25);
  EXPECT_EQ(figures.last_commit, At(21));
}

TEST(RunFigures, TellEvaluationsOnClientsFromThoseOnPublicRows) {
  RunFigures figures;
  figures.Apply(Opened(TaskKind::kEvaluate));
  figures.Apply(StageCommitted{1, At(21), {}, 8, 6, false, {{"loss", 1.5}}});
  figures.Apply(Opened(TaskKind::kPublicEvaluate));
  figures.Apply(StageCommitted{2, At(31), {}, 0, 0, false, {{"loss", 2.5}}});
  EXPECT_EQ(figures.accuracy_on_clients, 0.75);
  EXPECT_EQ(figures.accuracy_on_public, std::nullopt) << "no rows, no accuracy";
  EXPECT_EQ(figures.loss_on_clients, 1.5);
  EXPECT_EQ(figures.loss_on_public, 2.5);
}

TEST(RunFigures, ForgetAStageThatWasAbandoned) {
  RunFigures figures;
  figures.Apply(Opened(TaskKind::kTrain));
  figures.Apply(StageAbandoned{1, Reason::kBelowMinimum, At(40), false});
  EXPECT_FALSE(figures.stage);
  EXPECT_FALSE(figures.last_commit);
}

}  // namespace
}  // namespace tributary::monitor
