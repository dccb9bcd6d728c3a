# shellcheck shell=bash
# The example's data and runs. Source after common.sh and packages.sh, from the checkout's root.

# shellcheck disable=SC2034
readonly program=build/release/tributary plan=deploy/quickstart.d/federation.toml
readonly data=runs/data/debian

# run_exists RUN, run_finished RUN: a run directory has its configuration from the start, and a
# summary from the first round on, in which "finished" is null until the run ended.
run_exists() { [[ -e $1/run.toml ]]; }
run_finished() { [[ -e $1/summary.json ]] && ! grep --quiet '"finished": null' "$1/summary.json"; }

# prepare_data: split files from the index of packages that apt keeps. Renamed into place, so that
# the folder exists only when it is whole.
prepare_data() {
  [[ ! -d $data ]] || return 0
  if missing_apt_lists; then
    is_root || refuse "the data is Debian's package index, which is not on this machine yet." \
      "Run: sudo apt-get update"
    update_apt_lists
  fi
  say "preparing the data in $data"
  rm -rf "$data.partial"
  mkdir -p "$(dirname "$data")"
  "$program" data debian --out "$data.partial" || fail "could not prepare the data"
  mv "$data.partial" "$data"
}
