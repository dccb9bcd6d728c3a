#pragma once
// tributary/v1/transfer.proto: uploads and downloads.

#include "proto/message/kinds.h"

namespace tributary::proto {

inline constexpr int64_t kSafetensorsSchema = 1;

struct UploadBegin {
  static constexpr std::string_view kName = "UploadBegin";
  RunId run;
  int64_t sequence = 0;
  Digest digest;
  int64_t size = 0;
  int64_t schema = kSafetensorsSchema;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("sequence", m.sequence), f("digest", m.digest), f("size", m.size);
    f("schema", m.schema);
  }
  bool operator==(const UploadBegin&) const = default;
};

struct Chunk {
  static constexpr std::string_view kName = "Chunk";
  int64_t offset = 0;
  Bytes data;
  static void Fields(auto& m, auto&& f) { f("offset", m.offset), f("data", m.data); }
  bool operator==(const Chunk&) const = default;
};

struct UploadMessage {
  static constexpr std::string_view kName = "UploadMessage";
  std::variant<UploadBegin, Chunk> body;
  static void Fields(auto& m, auto&& f) { f("body", m.body); }
  bool operator==(const UploadMessage&) const = default;
};

struct UploadState {
  static constexpr std::string_view kName = "UploadState";
  int64_t offset = 0;
  bool committed = false;
  static void Fields(auto& m, auto&& f) { f("offset", m.offset), f("committed", m.committed); }
  bool operator==(const UploadState&) const = default;
};

struct ManifestRequest {
  static constexpr std::string_view kName = "ManifestRequest";
  RunId run;
  Digest checkpoint;
  static void Fields(auto& m, auto&& f) { f("run", m.run), f("checkpoint", m.checkpoint); }
  bool operator==(const ManifestRequest&) const = default;
};

struct TensorEntry {
  static constexpr std::string_view kName = "TensorEntry";
  std::string name, dtype;
  std::vector<int64_t> shape;
  Digest digest;  // strategy::TensorDigest
  int64_t size = 0;
  static void Fields(auto& m, auto&& f) {
    f("name", m.name), f("dtype", m.dtype), f("shape", m.shape), f("digest", m.digest);
    f("size", m.size);
  }
  bool operator==(const TensorEntry&) const = default;
};

struct CheckpointManifest {
  static constexpr std::string_view kName = "CheckpointManifest";
  std::vector<TensorEntry> tensors;
  static void Fields(auto& m, auto&& f) { f("tensors", m.tensors); }
  bool operator==(const CheckpointManifest&) const = default;
};

struct ModelRequest {
  static constexpr std::string_view kName = "ModelRequest";
  RunId run;
  static void Fields(auto& m, auto&& f) { f("run", m.run); }
  bool operator==(const ModelRequest&) const = default;
};

struct ModelFile {
  static constexpr std::string_view kName = "ModelFile";
  std::string name;
  Digest digest;  // SHA-256
  int64_t size = 0;
  static void Fields(auto& m, auto&& f) {
    f("name", m.name), f("digest", m.digest), f("size", m.size);
  }
  bool operator==(const ModelFile&) const = default;
};

struct ModelManifest {
  static constexpr std::string_view kName = "ModelManifest";
  std::vector<ModelFile> files;
  static void Fields(auto& m, auto&& f) { f("files", m.files); }
  bool operator==(const ModelManifest&) const = default;
};

struct FetchRequest {
  static constexpr std::string_view kName = "FetchRequest";
  RunId run;
  Digest checkpoint;
  std::vector<Digest> digests;
  int64_t offset = 0;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("checkpoint", m.checkpoint), f("digests", m.digests);
    f("offset", m.offset);
  }
  bool operator==(const FetchRequest&) const = default;
};

}  // namespace tributary::proto
