# shellcheck shell=bash
# common.sh - what demo.sh and test.sh share: packages, builds, one run at a time.  Sourced, not run.
# Needs $top, the source folder.
: "${top:?}"

packages=(build-essential cmake ninja-build pkg-config libgsl-dev libsqlite3-dev libinih-dev
          libjansson-dev libzstd-dev libxxhash-dev uthash-dev libplot-dev libpng-dev
          libyaml-dev libxml2-dev libcriterion-dev)
# What captures of real migrations need: for test.sh, whose tests skip them where they are missing.  Cases of
# the lab with Linux guests need more, see docs/lab.md; nothing installs that by itself.
capture_packages=(qemu-system-x86 busybox-static cpio iproute2 libvirt-dev libvirt-daemon libvirt-daemon-driver-qemu
                  libvirt-clients)
# Another simulator, for one test and one benchmark that are left out where it is missing.
peer_packages=(libsimgrid-dev)
# A browser, for tests that open pages; they are left out where it cannot be had.
browser_packages=(chromium-headless-shell)
jobs=$(nproc)

note() {
    printf '== %s\n' "$*"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# One run at a time in this folder; the lock ends with the script.
take_turn() {
    exec 9<"$top"
    if ! flock -n 9; then
        note "another run is at work here; waiting for it"
        flock 9
    fi
}

missing_packages() {
    local package
    for package in "${packages[@]}"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            printf '%s\n' "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        die "packages are missing, and only root can install them: run '$*' as root"
    fi
}

# Another apt may hold the lock, and networks hiccup: three tries.
with_retries() {
    local try
    for try in 1 2 3; do
        "$@" && return 0
        [ "$try" -eq 3 ] || sleep $((try * 5))
    done
    return 1
}

install_packages() {
    local missing
    command -v dpkg-query >/dev/null || die "this is made for Debian 12; install by hand: ${packages[*]}"
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -gt 0 ] || return 0
    note "installing: ${missing[*]}"
    with_retries as_root apt-get -q -o DPkg::Lock::Timeout=300 update >"$log_dir/apt.log" 2>&1 ||
        { tail -n 5 "$log_dir/apt.log" >&2; die "cannot reach the package servers; install ${missing[*]} and run this again"; }
    with_retries as_root apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends \
        "${missing[@]}" >>"$log_dir/apt.log" 2>&1 9<&- ||
        { tail -n 15 "$log_dir/apt.log" >&2; die "cannot install ${missing[*]}"; }
}

# install_optional PACKAGE... - what tests can do without; says so when it cannot be had.
install_optional() {
    local -a packages=("$@")
    local missing
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -gt 0 ] || return 0
    note "installing: ${missing[*]}"
    as_root apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}" \
        >>"$log_dir/apt.log" 2>&1 9<&- || note "cannot install ${missing[*]}; what needs it is skipped"
}

# The parser of OpenMetrics out of Debian's prometheus package, whose server nobody wants to be started.
fetch_promtool() {
    local tools=$top/build/tools
    command -v promtool >/dev/null && return 0
    export PROMTOOL=$tools/usr/bin/promtool
    [ -x "$PROMTOOL" ] && return 0
    note "fetching promtool"
    mkdir -p "$tools"
    (cd "$tools" && apt-get -q download prometheus && dpkg-deb --fsys-tarfile prometheus_*.deb |
        tar -x ./usr/bin/promtool && rm -f prometheus_*.deb) \
        >>"$log_dir/apt.log" 2>&1 || note "cannot fetch promtool; what needs it is skipped"
}

# build_dir PRESET - its folder
build_dir() {
    [ "$1" = release ] && echo build || echo "build-$1"
}

# build_preset PRESET [TARGET...] - configure once, build what is out of date; all of it unless targets are named.
build_preset() {
    local preset=$1 dir
    local -a targets=("${@:2}")
    dir=$(build_dir "$preset")
    note "building $dir${targets[*]:+: ${targets[*]}}"
    if [ ! -f "$dir/build.ninja" ] || ! grep -qx "CMAKE_HOME_DIRECTORY:INTERNAL=$top" "$dir/CMakeCache.txt"; then
        cmake --preset "$preset" --fresh >"$log_dir/configure-$preset.log" 2>&1 ||
            { cat "$log_dir/configure-$preset.log" >&2; die "cannot configure $dir"; }
    fi
    cmake --build "$dir" -j "$jobs" ${targets[@]+--target "${targets[@]}"} >"$log_dir/build-$preset.log" 2>&1 ||
        { grep -v '^\[[0-9]*/[0-9]*\] [A-Z]' "$log_dir/build-$preset.log" | tail -n 60 >&2
          die "$dir does not build; all of it is in $log_dir/build-$preset.log"; }
}

prepare() {
    cd "$top" || die "cannot enter $top"
    take_turn
    log_dir=$top/build/log
    mkdir -p "$log_dir"
    install_packages
    build_preset release programs
}
