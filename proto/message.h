#pragma once
// What travels between coordinator, clients and operators, as plain values: one struct for each
// message of tributary/v1/*.proto, with the same name and the same field names. PROTOCOL.md says
// who may say what when; convert.h makes bytes of them and checks every bound named in them.

#include "proto/message/admin.h"
#include "proto/message/identity.h"
#include "proto/message/session.h"
#include "proto/message/transfer.h"

// Every message that travels by itself, for what must exist for each of them.
#define TRIBUTARY_MESSAGES(X)                                                                   \
  X(ClientMessage)                                                                              \
  X(CoordinatorMessage)                                                                         \
  X(UploadMessage)                                                                              \
  X(UploadState)                                                                                \
  X(ManifestRequest)                                                                            \
  X(CheckpointManifest)                                                                         \
  X(ModelRequest)                                                                               \
  X(ModelManifest)                                                                              \
  X(FetchRequest)                                                                               \
  X(Chunk)                                                                                      \
  X(Document)                                                                                   \
  X(Submission) X(RunRef) X(RunsRequest) X(BackupRequest) X(ControlRequest) X(LogsRequest)      \
      X(AboutRequest) X(ExportRequest) X(ExportManifest) X(EnrolmentRequest) X(EnrolmentAnswer) \
          X(RenewRequest) X(InviteRequest) X(Invitation) X(SignRequest) X(CertificatesRequest)  \
              X(ApproveRequest) X(RevokeRequest) X(IssuedChain) X(ClientRef)
