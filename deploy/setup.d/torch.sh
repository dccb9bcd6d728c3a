# shellcheck shell=bash
# Checks of a libtorch: the one that was just unpacked, or the one that TRIBUTARY_TORCH names.

readonly oldest_torch=2.9

# torch_version FOLDER: MAJOR.MINOR from its headers, empty if there are none. The numbers moved
# between header files in 2.9.
torch_version() {
  local header text
  for header in headeronly/version.h csrc/api/include/torch/version.h; do
    [[ -r $1/include/torch/$header ]] || continue
    text=$(<"$1/include/torch/$header")
    if [[ $text =~ TORCH_VERSION_MAJOR[[:space:]]+([0-9]+).*TORCH_VERSION_MINOR[[:space:]]+([0-9]+) ]]; then
      echo "${BASH_REMATCH[1]}.${BASH_REMATCH[2]}"
      return
    fi
  done
}

# missing_libraries FOLDER: what libtorch_cpu.so needs and the loader does not find.
missing_libraries() {
  ldd "$1/lib/libtorch_cpu.so" 2>/dev/null | awk '/not found/ {print $1}' | sort -u | paste -s -d ' '
}

# check_own_torch: refuses a TRIBUTARY_TORCH that the build or the program could not use.
check_own_torch() {
  local torch=$TRIBUTARY_TORCH named="TRIBUTARY_TORCH=$TRIBUTARY_TORCH" inner version missing
  [[ $torch == /* ]] || refuse "$named: give an absolute path"
  [[ -d $torch ]] || refuse "$named: there is no such folder"
  if [[ ! -e $torch/lib/libtorch_cpu.so ]]; then
    for inner in torch libtorch; do
      [[ ! -e $torch/$inner/lib/libtorch_cpu.so ]] ||
        refuse "$named has no lib/libtorch_cpu.so; did you mean $torch/$inner?"
    done
    refuse "$named has no lib/libtorch_cpu.so: it should be the 'torch' folder of a wheel, or an" \
      "unpacked libtorch archive"
  fi
  version=$(torch_version "$torch")
  [[ -n $version ]] || refuse "$named has no include/torch/headeronly/version.h: are the headers there?"
  printf '%s\n' "$oldest_torch" "$version" | sort --version-sort --check=quiet ||
    refuse "$named is version $version; $oldest_torch or later is needed"
  missing=$(missing_libraries "$torch")
  [[ -z $missing ]] || refuse "$named: libtorch_cpu.so needs libraries that are not found: $missing"
  say "using libtorch $version in $torch"
}
