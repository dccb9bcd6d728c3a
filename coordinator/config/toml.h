#pragma once
// toml++ as this folder uses it: every source that includes it must do so with the same settings.

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>
