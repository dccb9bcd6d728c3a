# shellcheck shell=bash
# Debian packages: which of debian.txt are missing, and how they are installed.

# wanted_packages: the names in debian.txt, one a line.
wanted_packages() {
  sed -E 's/[[:space:]]*(#.*)?$//; /^$/d' "$root/deploy/setup.d/debian.txt"
}

# missing_packages: those that dpkg does not have fully installed, one a line.
missing_packages() {
  local name state installed
  command -v dpkg-query >/dev/null || refuse "this machine has no dpkg-query: setup knows Debian" \
    "packages only; install by other means what deploy/setup.d/debian.txt names, then build with cmake"
  # dpkg-query also fails when it merely does not know a package.
  # shellcheck disable=SC2046  # package names hold no spaces
  installed=$(dpkg-query --show --showformat '${Package} ${db:Status-Abbrev}\n' \
    $(wanted_packages) 2>/dev/null || true)
  declare -A have=()
  while read -r name state; do
    [[ $state != ii* ]] || have[$name]=yes
  done <<<"$installed"
  for name in $(wanted_packages); do
    if [[ -z ${have[$name]:-} && ! ($name == python3-pip && $(needs_pip) == no) ]]; then
      echo "$name"
    fi
  done
}

# needs_pip: whether Debian's pip would be of use: something is to be downloaded, and no other
# Python's pip is there to do it.
needs_pip() {
  if nothing_to_download || find_pip >/dev/null; then
    echo no
  else
    echo yes
  fi
}

# ask_for_packages NAME...: tells someone who is not root the one line to run, and exits 2.
ask_for_packages() {
  local update=''
  ! missing_apt_lists || update='sudo apt-get update && '
  printf 'error: Debian packages are missing, and only root can install them. Run:\n\n%s\n\n' \
    "  ${update}sudo apt-get install --no-install-recommends $*" >&2
  exit 2
}

# install_packages NAME...: for root.
install_packages() {
  ! missing_apt_lists || update_apt_lists
  say "installing $# Debian packages: $*"
  # Downloading may be interrupted at any time. Unpacking may not, or dpkg is left half
  # configured: in a session of its own it does not get the terminal's Ctrl-C.
  if ! download_packages "$@" ||
    ! quiet_apt setsid --wait apt-get install --no-install-recommends "$@"; then
    fail "apt-get could not install the packages: $(apt_reason)"
  fi
}

# download_packages NAME...: once more with fresh lists where the old ones name no package, or a
# version that is gone.
download_packages() {
  local download=(quiet_apt apt-get --download-only install --no-install-recommends "$@")
  "${download[@]}" && return
  grep -qE 'Unable to locate|no installation candidate|404 ' <<<"$apt_output" || return
  update_apt_lists
  "${download[@]}"
}

# update_apt_lists: a source that does not answer is only a warning; what matters is whether the
# packages are found afterwards.
update_apt_lists() {
  say "fetching the package lists"
  quiet_apt apt-get update || say "warning: apt-get update: $(apt_reason)"
}

# quiet_apt COMMAND...: runs apt-get without questions, output kept for apt_reason. Waits for
# another apt-get, such as a fresh machine's unattended upgrade.
quiet_apt() {
  apt_output=$(DEBIAN_FRONTEND=noninteractive "$@" -qq --yes -o DPkg::Lock::Timeout=300 \
    2>&1 </dev/null)
}

# apt_reason: the line of apt's output that says what went wrong.
apt_reason() {
  grep -m 1 -E '^E: |No space left' <<<"$apt_output" || tail -n 1 <<<"$apt_output"
}
