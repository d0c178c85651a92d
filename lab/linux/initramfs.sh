#!/bin/sh
# initramfs.sh OUT INIT WRITER [TOOL...] - a small Linux root as an initramfs: busybox, the init script, the
# writer, and each TOOL with the shared libraries that it needs.  Ends with 69 and says so where a tool or
# busybox is missing.  Not compressed: the guest would spend seconds on that under emulation.
set -eu
out=$1 init=$2 writer=$3
shift 3

missing() {
    echo "$1 is not installed" >&2
    exit 69
}

root=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$root"' EXIT
trap 'exit 1' INT TERM
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/usr"

busybox=$(command -v busybox) || missing busybox
if ldd "$busybox" >/dev/null 2>&1; then missing "busybox-static (a busybox without shared libraries)"; fi
cp "$busybox" "$root/bin/busybox"
cp "$init" "$root/init"
cp "$writer" "$root/bin/writer"
chmod 755 "$root/init" "$root/bin/writer"

for tool in "$@"; do
    path=$(command -v "$tool") || missing "$tool"
    cp -L "$path" "$root/bin/$tool"
    # "libc.so.6 => /lib/.../libc.so.6 (0x...)" and the loader, "/lib64/ld-linux-x86-64.so.2 (0x...)"
    for library in $(ldd "$path" 2>/dev/null | sed -n 's/^\(.* => \)\{0,1\}[[:space:]]*\(\/[^ ]*\) (.*/\2/p'); do
        mkdir -p "$root${library%/*}"
        [ -e "$root$library" ] || cp -L "$library" "$root$library"
    done
done
(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc --quiet) >"$out.part"
mv "$out.part" "$out"
