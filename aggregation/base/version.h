#pragma once
// Who wrote a run, and which arithmetic.

#include <string_view>

namespace tributary {

inline constexpr std::string_view kVersion = "0.1.0";
// Changes whenever any byte of a result may change: of draws, folds, training or exports.
inline constexpr std::string_view kNumerics = "tributary-1";

}  // namespace tributary
