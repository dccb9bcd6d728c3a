#pragma once
// The commands' entries, one file each in coordinator/command and client/command.

#include <string>

#include "deploy/command.h"

namespace tributary {

CommandBody AddSimulate(CLI::App& app);
CommandBody AddCheck(CLI::App& app);
CommandBody AddMethods(CLI::App& app);
CommandBody AddInspect(CLI::App& app);
CommandBody AddCompare(CLI::App& app);
CommandBody AddExport(CLI::App& app);
CommandBody AddEvaluate(CLI::App& app);
CommandBody AddPredict(CLI::App& app);
CommandBody AddTokenize(CLI::App& app);
CommandBody AddData(CLI::App& app);

CommandBody AddInit(CLI::App& app);
CommandBody AddDoctor(CLI::App& app);
CommandBody AddCoordinator(CLI::App& app);
CommandBody AddClient(CLI::App& app);
CommandBody AddCerts(CLI::App& app);
CommandBody AddSubmit(CLI::App& app);
CommandBody AddRuns(CLI::App& app);
CommandBody AddStatus(CLI::App& app);
CommandBody AddAudit(CLI::App& app);
CommandBody AddVerify(CLI::App& app);
CommandBody AddBackup(CLI::App& app);
CommandBody AddRestore(CLI::App& app);
CommandBody AddWait(CLI::App& app);
CommandBody AddWatch(CLI::App& app);
CommandBody AddLogs(CLI::App& app);
CommandBody AddRounds(CLI::App& app);
CommandBody AddClients(CLI::App& app);
CommandBody AddStop(CLI::App& app);
CommandBody AddPause(CLI::App& app);
CommandBody AddResume(CLI::App& app);

std::string VersionText();  // version, numerics, compiler, training module

}  // namespace tributary
