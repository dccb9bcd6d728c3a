# shellcheck shell=bash
# What the rows of deploy/bench/service share: a real coordinator with TLS and real certificates,
# and made-up sites (service_bench). State is in $work, on the disk of TMPDIR; what would be on the
# sites' own disks is in memory.

# shellcheck source=deploy/bench/common.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../common.sh"

sites_disk=$(mktemp -d "/dev/shm/tributary-bench.XXXXXX")
coordinator='' address='' state=''
started=()
export XDG_CONFIG_HOME=$work/config

end_service() {
  local each
  for each in "${started[@]}" ${coordinator:+"$coordinator"}; do kill -9 "$each" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work" "$sites_disk"
}
trap end_service EXIT

# peers ARGUMENT...: service_bench's sites of the service that new_service made.
peers() {
  "$programs/service_bench" peers --sites "$sites_disk/sites" --directory "$sites_disk" --model-config "$work/config.json" "$@"
}

# free_ports COUNT: as many that nobody has now, a line each.
free_ports() {
  python3 -c 'import socket, sys
all = [socket.socket() for _ in range(int(sys.argv[1]))]
for each in all: each.bind(("127.0.0.1", 0))
for each in all: print(each.getsockname()[1])' "$1"
}

# new_service SITES [DIRECTORY]: a project with that many sites; its state below DIRECTORY.
new_service() {
  local ports
  mapfile -t ports < <(free_ports 2)
  address=127.0.0.1:${ports[0]}
  rm -rf "$sites_disk/sites"
  state=${2:-$work}/state
  rm -rf "$state"
  cat >"$work/coordinator.toml" <<TOML
directory = "$state"
listen = "$address"
[enrolment]
listen = "127.0.0.1:${ports[1]}"
TOML
  "$programs/tributary" certs init "$work/coordinator.toml" >/dev/null 2>&1
  "$programs/service_bench" sites "$work/coordinator.toml" "$1" "$sites_disk/sites"
  export TRIBUTARY_IDENTITY=$state/default/admin
}

# start_coordinator [--insecure]: runs it and waits until it serves; prints what `serving` prints.
# shellcheck disable=SC2120  # mostly without
start_coordinator() {
  local began=$EPOCHREALTIME how=(--identity "$TRIBUTARY_IDENTITY")
  (($# == 0)) || how=(--insecure "$address")
  "$programs/tributary" coordinator "$work/coordinator.toml" "$@" 2>>"$work/coordinator.log" &
  coordinator=$!
  "$programs/service_bench" serving "${how[@]}" --since "$began"
}

# stop_coordinator [SIGNAL]
# shellcheck disable=SC2120
stop_coordinator() {
  kill "-${1:-TERM}" "$coordinator"
  wait "$coordinator" 2>/dev/null || true
  coordinator=''
}

# memory FIELD: of the coordinator, in KiB: VmRSS or VmHWM.
memory() { awk -v field="$1:" '$1 == field {print $2}' "/proc/$coordinator/status"; }

# model HIDDEN LAYERS: a base model's description; nobody has its weights.
model() {
  cat >"$work/config.json" <<JSON
{"model_type": "bert", "hidden_size": $1, "num_hidden_layers": $2, "num_attention_heads": 2,
 "intermediate_size": 64, "vocab_size": 100, "max_position_embeddings": 64}
JSON
}

# submit KEY=VALUE...: a run of ffa-lora, which changes rank x HIDDEN numbers of every layer in
# either direction; prints its id.
submit() {
  local each sets=()
  cat >"$work/run.toml" <<'TOML'
format = 1
[model]
name = "bench/made-up"
digest = "1111111111111111111111111111111111111111111111111111111111111111"
labels = ["a", "b"]
[adapter]
method = "ffa-lora"
targets = ["query"]
[training]
freeze_head = true
[evaluation]
on = "clients"
every = 100000
TOML
  for each in "$@"; do sets+=(--set "$each"); done
  "$programs/tributary" submit "$work/run.toml" --model-config "$work/config.json" "${sets[@]}"
}

# pick NAME FILE: a number of the last JSON line of a file.
pick() { sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p" "$2" | tail -n 1; }

# How busy the machine is with others, for whoever reads the figures.
load() { cut -d ' ' -f 1 /proc/loadavg; }
