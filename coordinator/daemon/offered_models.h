#pragma once
// Base models that the coordinator holds for sites which do not: directories as the Hugging Face
// Hub lays them out, by the digest that plans name them with. Read once, at the start; the files
// must stay as they are. Any thread.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aggregation/base/file.h"
#include "proto/message.h"

namespace tributary::daemon {

struct OfferedModel {
  proto::ModelManifest manifest;
  std::map<Digest, std::shared_ptr<const MappedFile>> files;
};

class OfferedModels {
 public:
  // Errors name the directory and what is wrong in it.
  static Result<OfferedModels> Open(const std::vector<std::string>& directories);

  // Null where it is not offered.
  std::shared_ptr<const OfferedModel> Find(const std::string& digest) const;

 private:
  std::map<std::string, std::shared_ptr<const OfferedModel>> models_;  // by digest, in hexadecimal
};

}  // namespace tributary::daemon
