# What deploy/quickstart and deploy/cluster share: to be sourced by bash, with `root` and `data` set.
# shellcheck shell=bash disable=SC2034,SC2154

say() { echo "$*" >&2; }

fail() {
    say "${0##*/}: $2"
    exit "$1"
}

# Starts a process in a group of its own, so that Ctrl-C reaches only the script, which stops them in their order; they end by themselves if it's killed.
# Its output is added to the two files.
start() {
    local output=$1 errors=$2
    shift 2
    if command -v setpriv >/dev/null; then set -- setpriv --pdeathsig TERM -- "$@"; fi
    set -m
    "$@" </dev/null >>"$output" 2>>"$errors" &
    set +m
}

is_running() { [[ -n $1 ]] && kill -0 "$1" 2>/dev/null; }

# Waits until the command given succeeds; gives up when the process ends first, or after 30 s.
wait_for() {
    local pid=$1 deadline=$((SECONDS + 30))
    shift
    until "$@"; do
        is_running "$pid" && ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# Kills it where it hasn't ended 12 s after it was asked to.
stop() {
    local pid=$1 deadline=$((SECONDS + 12))
    is_running "$pid" || return 0
    kill -TERM "$pid" || true
    while is_running "$pid"; do
        if ((SECONDS >= deadline)); then kill -KILL "$pid" || true; fi
        sleep 0.05
    done
}

# Makes the folder and goes to the repository; one script at a time has a folder.
prepare_data() {
    mkdir -p "$data"
    data=$(cd "$data" && pwd)
    cd "$root" || fail 1 "$root can't be entered"
    command -v flock >/dev/null || return 0
    exec 9>"$data/lock"
    flock --nonblock 9 || fail 1 "another ${0##*/} runs on $data: stop it first, or give --data another folder"
}

# Sets `handover` to the path of the binary.
build() {
    command -v cargo >/dev/null || fail 1 "cargo is missing: install Rust first"
    say "building handover (the first time takes some minutes)"
    CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
    export CARGO_TARGET_DIR
    cargo build --locked --release -p cli 9>&-
    handover=$CARGO_TARGET_DIR/release/handover
}

is_listening() { (exec 8<>"/dev/tcp/$1/$2") 2>/dev/null; }

# Whether the server at ADDRESS:PORT says that it's ready.
is_ready() {
    local host=${1%:*} status=
    { exec 8<>"/dev/tcp/${host//[][]/}/${1##*:}"; } 2>/dev/null || return 1
    printf 'GET /readyz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$1" >&8
    read -r -t 5 _ status _ <&8 2>/dev/null || true
    exec 8>&-
    [[ $status == 200 ]]
}
