#pragma once
// The commands' entries, one file each in coordinator/command and client/command.

#include <string>

#include "deploy/command.h"

namespace tributary {

CommandBody AddSimulate(CommandLine line);
CommandBody AddCheck(CommandLine line);
CommandBody AddMethods(CommandLine line);
CommandBody AddInspect(CommandLine line);
CommandBody AddCompare(CommandLine line);
CommandBody AddExport(CommandLine line);
CommandBody AddEvaluate(CommandLine line);
CommandBody AddPredict(CommandLine line);
CommandBody AddTokenize(CommandLine line);
CommandBody AddData(CommandLine line);

CommandBody AddInit(CommandLine line);
CommandBody AddDoctor(CommandLine line);
CommandBody AddCoordinator(CommandLine line);
CommandBody AddClient(CommandLine line);
CommandBody AddCerts(CommandLine line);
CommandBody AddSubmit(CommandLine line);
CommandBody AddRuns(CommandLine line);
CommandBody AddStatus(CommandLine line);
CommandBody AddAudit(CommandLine line);
CommandBody AddVerify(CommandLine line);
CommandBody AddBackup(CommandLine line);
CommandBody AddRestore(CommandLine line);
CommandBody AddWait(CommandLine line);
CommandBody AddWatch(CommandLine line);
CommandBody AddLogs(CommandLine line);
CommandBody AddRounds(CommandLine line);
CommandBody AddClients(CommandLine line);
CommandBody AddStop(CommandLine line);
CommandBody AddPause(CommandLine line);
CommandBody AddResume(CommandLine line);

std::string VersionText();  // version, numerics, compiler, training module

}  // namespace tributary
