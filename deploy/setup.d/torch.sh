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

# loader_complaint FOLDER: why the loader would not load libtorch_cpu.so; empty if it would.
loader_complaint() {
  local found missing
  if ! found=$(ldd "$1/lib/libtorch_cpu.so" 2>/dev/null); then
    echo "libtorch_cpu.so is no library for this machine"
    return
  fi
  missing=$(awk '/not found/ {print $1}' <<<"$found" | sort --unique | paste --serial --delimiters ' ')
  [[ -z $missing ]] || echo "libtorch_cpu.so needs what is not found: $missing"
}

# check_own_torch: refuses a TRIBUTARY_TORCH that the build or the program could not use.
check_own_torch() {
  local torch=$TRIBUTARY_TORCH named="TRIBUTARY_TORCH=$TRIBUTARY_TORCH" inner version complaint
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
  complaint=$(loader_complaint "$torch")
  [[ -z $complaint ]] || refuse "$named: $complaint"
  say "using libtorch $version in $torch"
}
