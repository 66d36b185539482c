# shellcheck shell=bash
# Functions that node-image and load-balancer-image share. Sourced, not run.
# The caller sets program (its name, for messages).
# shellcheck disable=SC2154 # program
# shellcheck disable=SC2016 # "$1" in mmdebstrap's hooks is for their shell

cache="${CAPSTAN_CACHE:-$HOME/.cache/capstan}"
images_cache="$cache/images"
debian_suite="${CAPSTAN_DEBIAN_SUITE:-bookworm}"

die() { echo "$program: $*" >&2; exit 1; }
say() { echo "$program: $*" >&2; }

as_root_only() { ((EUID == 0)) || die "building a root file system needs root; run this with sudo -E"; }

have_image() { docker image inspect "$1" > /dev/null 2>&1; }

image_label() { docker image inspect --format "{{index .Config.Labels \"$2\"}}" "$1" 2>/dev/null || true; }

# Sum of what the arguments hold: files and folders by content and mode, other words as they are.
sum_of() {
  local item
  for item; do
    if [[ -d $item ]]; then
      (cd "$item" && find . \( -type f -o -type l \) -print0 | sort -z | xargs -0 -r stat -c '%n %a' &&
        find . -type f -print0 | sort -z | xargs -0 -r sha256sum)
    elif [[ -f $item ]]; then
      sha256sum < "$item"
    else
      echo "$item"
    fi
  done | sha256sum | cut -c 1-12
}

words_of() { sed 's/#.*//' "$1" | tr -s ' \n' '\n' | sed '/^$/d'; }

# debian_tar NAME VARIANT PACKAGE...: prints the path of a tar of a Debian root file system, made once per package list.
debian_tar() {
  local name=$1 variant=$2 sum tar started=$SECONDS
  shift 2
  sum="$(sum_of "$debian_suite" "$variant" "${CAPSTAN_DEBIAN_SOURCES:-}" "$@")"
  tar="$images_cache/$name-$sum.tar"
  if [[ ! -f $tar ]]; then
    as_root_only
    command -v mmdebstrap > /dev/null || die "mmdebstrap is missing; scripts/install-packages node"
    mkdir -p "$images_cache"
    say "making the Debian root file system of $name ..."
    # Documents, manuals and translations are half the files and of no use in a container.
    nice -n 10 mmdebstrap --quiet --mode=root --variant="$variant" --include="$(IFS=,; echo "$*")" \
      --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
      --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*' \
      --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/lintian/*' \
      --customize-hook='rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/* "$1"/etc/machine-id "$1"/var/lib/dbus/machine-id' \
      --customize-hook='rm -f "$1"/etc/resolv.conf "$1"/etc/hostname; : > "$1"/etc/machine-id' \
      "$debian_suite" "$tar.new.tar" ${CAPSTAN_DEBIAN_SOURCES:+"$CAPSTAN_DEBIAN_SOURCES"} >&2 ||
      die "mmdebstrap failed; if it found no packages, set CAPSTAN_DEBIAN_SOURCES to a sources.list of a mirror you reach"
    mv "$tar.new.tar" "$tar"
    forget_others "$name" "$tar"
    say "$name took $((SECONDS - started)) s"
  fi
  echo "$tar"
}

# Drops cached files that no build asks for any more: those of NAME with another sum than that of KEEP.
forget_others() {
  local name=$1 keep=$2 file
  for file in "$images_cache/$name"-????????????.tar; do
    [[ -e $file && $file != "$keep" ]] && rm -f "$file"
  done
  return 0
}

# A registry is asked only for a moment: most test machines reach none, and a build is the answer there anyway.
pull_quickly() {
  local image=$1 seconds="${CAPSTAN_PULL_PROBE_SECONDS:-4}"
  # The manifest is small, so it tells in time whether a registry answers at all; the pull itself may take long.
  if ! timeout "$seconds" docker manifest inspect "$image" > /dev/null 2>&1; then
    say "no registry offers $image within $seconds s"
    return 1
  fi
  say "pulling $image ..."
  timeout "${CAPSTAN_PULL_SECONDS:-900}" docker pull "$image" >&2
}

# Builds from a folder with a Dockerfile. The classic builder needs no plugin of the docker command.
build_image() {
  local image=$1 folder=$2 log old
  shift 2
  old="$(docker image inspect --format '{{.Id}}' "$image" 2>/dev/null || true)"
  log="$(mktemp)"
  if ! tar -C "$folder" -c . | DOCKER_BUILDKIT=0 docker build --network none --tag "$image" "$@" - > "$log" 2>&1; then
    tail -20 "$log" >&2
    rm -f "$log"
    die "docker could not build $image"
  fi
  rm -f "$log"
  # What the name stood for before; the engine refuses while a container runs from it.
  if [[ -n $old && $old != "$(docker image inspect --format '{{.Id}}' "$image")" ]]; then
    docker rmi "$old" > /dev/null 2>&1 || true
  fi
}
