# shellcheck shell=bash
# What the benchmarks share. Each script times ours and its rival in turns, so that a busy spell of
# the machine meets both, and prints rows of the table in docs/benchmarks.md:
#   | what | ours | rival | ratio | wanted |

# shellcheck source=deploy/setup.d/common.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../setup.d/common.sh"

# shellcheck disable=SC2034
readonly here=$root/deploy/bench programs=$root/build/release
# shellcheck disable=SC2034
readonly model=$root/deps/models/all-MiniLM-L6-v2
# shellcheck disable=SC2034
readonly turns=${TRIBUTARY_BENCH_TURNS:-5}
work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT

# need_module PYTHON MODULE HOW: refuses without it.
need_module() {
  "$1" -c "import importlib.util, sys; sys.exit(importlib.util.find_spec('$2') is None)" 2>/dev/null ||
    refuse "$1 has no $2; $3"
}

# python_with MODULE: TRIBUTARY_PYTHON, which has the rivals of rivals.txt.
python_with() {
  local python=${TRIBUTARY_PYTHON:-python3}
  need_module "$python" "$1" \
    "make a virtual environment with deploy/bench/rivals.txt and name its Python by TRIBUTARY_PYTHON"
  echo "$python"
}

# texts: makes $work/texts, the short descriptions of Debian's packages in a fixed random order.
texts() {
  [[ ! -s $work/texts ]] || return 0
  apt-cache dumpavail | sed -n 's/^Description\(-en\)\?: //p' | sort -u |
    shuf --random-source=<(yes) >"$work/texts"
  [[ -s $work/texts ]] || refuse "no package index on this machine; run apt-get update"
}

# field NAME FILE: the median of a number over the JSON lines of a file.
field() {
  sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p" "$2" | sort -g |
    awk '{v[NR] = $1} END {print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'
}

# quotient A B
quotient() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", a / b}'; }

# row WHAT OURS RIVAL RATIO WANTED
row() { printf '| %s | %s | %s | %s | %s |\n' "$@"; }

# compare NAME FIELD WHAT RIVAL WANTED: a row of the medians in $work/NAME.ours and .rival. More is
# better of what is counted per second, less of the rest.
compare() {
  local ours rival ratio
  ours=$(field "$2" "$work/$1.ours") rival=$(field "$2" "$work/$1.rival")
  case $2 in
    *s_per_second) ratio=$(quotient "$ours" "$rival") ;;
    *) ratio=$(quotient "$rival" "$ours") ;;
  esac
  row "$3" "$ours" "$rival ($4)" "$ratio" "$5"
}

# wall FILE COMMAND...: appends the command's JSON line with its wall time from start to end.
wall() {
  local file=$1 began=$EPOCHREALTIME
  shift
  "$@" 2>/dev/null | tail -n 1 |
    sed "s/}\$/, \"wall\": WALL}/" >"$work/line"
  sed "s/WALL/$(awk -v a="$EPOCHREALTIME" -v b="$began" 'BEGIN {printf "%.3f", a - b}')/" "$work/line" >>"$file"
}
