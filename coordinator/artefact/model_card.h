#pragma once
// README.md of an exported adapter, with the Hub's front matter and a snippet that loads it.

#include <string>

#include "coordinator/artefact/adapter_directory.h"

namespace tributary::artefact {

std::string ModelCard(const config::Config& config, const Provenance& provenance);

}  // namespace tributary::artefact
