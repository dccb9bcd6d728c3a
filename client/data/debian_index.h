#pragma once
// A data set that every Debian machine has: which section does a package of this description belong
// to? Made from the package index as `apt-cache dumpavail` prints it (deb822 stanzas,
// deb-control(5)).
//
// Recipe, in this order, which matters:
// 1. A package counts if it has the fields Package, Maintainer, Section, a one-line description
//    (the first line of Description, else of Description-en) and Filename: without the last it is
//    installed here but in no index, and would make the data differ between machines.
//    text = that line; label = section without contrib/, non-free/, non-free-firmware/;
//    client = maintainer.
// 2. Packages are sorted by name; of equal (text, label) pairs the first is kept.
// 3. Sections with fewer than min_section_rows of these pairs are dropped.
// 4. Test rows are those whose source package's SHA-256 begins with a byte below test_below, so
// that
//    packages of one source, which often have near-equal descriptions, are on one side. All of
//    them are test rows, whoever maintains them.
// 5. Of the other rows, those of maintainers with at least min_client_rows are the training rows.
//
// A maintainer is the whole field, "Name <address>": one team under two addresses is two clients.
// No address is written: the client's name is the field's name part; of several maintainers with
// one name the one with most training rows has the plain name, the others "Name (2)", "Name (3)".

#include <filesystem>
#include <istream>

#include "aggregation/base/status.h"

namespace tributary::data {

struct DebianRecipe {
  int64_t min_section_rows = 500;
  int64_t min_client_rows = 40;
  int test_below = 26;  // of 256
};

struct DebianCounts {
  int64_t packages = 0;  // stanzas in the index
  int64_t skipped = 0;   // of these: with a field missing, or not UTF-8
  int64_t pairs = 0;     // different (text, label) pairs, all sections
  int64_t classes = 0, clients = 0, train_rows = 0, test_rows = 0;
};

// Writes train.jsonl and test.jsonl, rows {"text", "label", "client"} in the order of package
// names, into `directory`, which is made if need be. Equal indexes, whatever the order of their
// stanzas, give equal bytes. An index that leaves no class or no client is an error that says what
// was found.
Result<DebianCounts> WriteDebianDataset(std::istream& index, const std::filesystem::path& directory,
                                        const DebianRecipe& recipe = {});

}  // namespace tributary::data
