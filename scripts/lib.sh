# Shared by the scripts: where things are, and how they speak. Sourced, not run.

CAPSTAN_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
CAPSTAN_CACHE="${CAPSTAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/capstan}"
CAPSTAN_STATE_DIR="${CAPSTAN_STATE_DIR:-/var/tmp/capstan}"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# build PRESET [TARGET...]: configures once, then builds what changed.
build() {
  local preset="$1"; shift
  [ -f "$CAPSTAN_ROOT/build/$preset/build.ninja" ] ||
    cmake -S "$CAPSTAN_ROOT" --preset "$preset" >"/tmp/capstan-configure-$preset.log" 2>&1 ||
    { tail -20 "/tmp/capstan-configure-$preset.log" >&2; die "cmake --preset $preset failed"; }
  cmake --build "$CAPSTAN_ROOT/build/$preset" ${1:+--target "$@"}
}
