#pragma once
// One table cut into a file per client, in the table's own format and with its records as they
// stand: what a researcher hands to the sites of a pilot.

#include "client/data/table.h"

namespace tributary::data {

struct ClientFile {
  std::string client;
  std::string file;  // name within the directory
  int64_t rows = 0;
};

struct SplitResult {
  std::vector<ClientFile> files;  // sorted bytewise by client
  BadRecords bad;                 // these stand in no file
};

// Reads `table` and writes one file per value of the column `client` into `directory`, which is
// made; one that holds anything is refused. Nothing is written before the whole table was read.
// Memory grows with the table, up to options.limits.text_bytes.
Result<SplitResult> SplitByClient(const std::filesystem::path& table, const std::string& client,
                                  const std::filesystem::path& directory,
                                  const TableOptions& options);

// A name that is a file's on any system and can be no path: the client's name itself if it consists
// of letters, digits, '.', '_' and '-', begins with a letter, digit or '_', and has at most 80
// bytes; else a readable form of it and 8 digits of its SHA-256, so that different names stay
// different.
std::string SafeFileName(std::string_view client);

}  // namespace tributary::data
