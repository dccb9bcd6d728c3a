# shellcheck shell=bash
# What the commands of deploy/ share. Sourcing it sets names and changes nothing on the machine.
#
# Exit codes everywhere: 0 done, 1 the work failed, 2 wrong usage or input, 130 interrupted.

# The checkout; what was fetched for it; where setup works on what is not finished.
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
# shellcheck disable=SC2034  # not every command needs all of them
readonly root deps=$root/deps scratch=$root/deps/.scratch
# Exported, so that commands which call each other count from the same start.
export TRIBUTARY_STARTED="${TRIBUTARY_STARTED:-$EPOCHSECONDS}"

# say TEXT: one line of progress with the seconds since the first command began.
say() {
  printf '[%3ds] %s\n' "$((EPOCHSECONDS - TRIBUTARY_STARTED))" "$*"
}

# fail TEXT: the work failed.
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# refuse TEXT: the caller asked for something that cannot be done as asked.
refuse() {
  printf 'error: %s\n' "$*" >&2
  exit 2
}

# unknown_argument ARGUMENT
unknown_argument() {
  refuse "unknown argument '$1'; deploy/${0##*/} --help lists what there is"
}

is_root() {
  [[ $(id -u) == 0 ]]
}

# missing_apt_lists: true on a machine where `apt-get update` never ran (container images drop
# its lists).
missing_apt_lists() {
  ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null
}

# available_memory: megabytes that new processes may use; a container's own limit counts too.
available_memory() {
  local free limit used
  free=$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo)
  if [[ -r /sys/fs/cgroup/memory.max && -r /sys/fs/cgroup/memory.current ]]; then
    limit=$(</sys/fs/cgroup/memory.max)
    used=$(</sys/fs/cgroup/memory.current)
    if [[ $limit != max ]] && (((limit - used) / 1048576 < free)); then
      free=$(((limit - used) / 1048576))
    fi
  fi
  echo "$free"
}

# parallel_jobs: how many compilers or tests may run at once. A source file that includes
# libtorch's headers takes 2 GB and more to compile, so memory limits as well as cores.
parallel_jobs() {
  local cores by_memory
  cores=$(nproc)
  by_memory=$(($(available_memory) / 2560))
  if ((by_memory < 1)); then
    echo 1
  else
    echo "$((by_memory < cores ? by_memory : cores))"
  fi
}

# build PRESET TARGET...: configures and builds. Configuring again is cheap, and it is when
# TRIBUTARY_TORCH is read. Without a terminal ninja's line per file is only noise.
build() {
  local preset=$1 jobs quiet=()
  shift
  jobs=$(parallel_jobs)
  [[ -t 1 ]] || quiet=(-- --quiet)
  say "configuring build/$preset"
  cmake --preset "$preset" >/dev/null || fail "could not configure build/$preset"
  say "building ${*:-everything} ($jobs jobs)"
  cmake --build --preset "$preset" --parallel "$jobs" ${@:+--target "$@"} "${quiet[@]}" ||
    fail "could not build ${*:-build/$preset}"
}
