#pragma once
// A key of the list as text: its value, its type, its help. What every rendering is made of.

#include <string>

#include "coordinator/config/keys.h"

namespace tributary::config {

// The value as TOML; empty where it is absent.
std::string SlotText(const Slot& slot);
std::string_view SlotType(const Slot& slot);  // for people: "whole number", "path"
std::string TomlNumber(double value);

std::string_view SectionOf(const Key& key);  // "" at the top level
std::string_view NameOf(const Key& key);     // within its section
std::string HelpOf(const Key& key);          // with the choices that there are

}  // namespace tributary::config
