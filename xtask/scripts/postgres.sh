#!/usr/bin/env bash
# A private PostgreSQL for tests: start | stop | url. It listens on loopback only and lives in a
# folder of its own; nothing of the system's PostgreSQL is touched.
set -euo pipefail

port="${TRIMTAB_POSTGRES_PORT:-54329}"
home="${TRIMTAB_POSTGRES_HOME:-${TMPDIR:-/tmp}/trimtab-postgres-$(id -u)-$port}"
data="$home/data"

die() { printf 'postgres.sh: %s\n' "$1" >&2; exit 1; }

# PostgreSQL refuses to run as root; Debian's package brings the user `postgres`.
as_server() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    elif id postgres >/dev/null 2>&1; then
        setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
    else
        setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
    fi
}

find_programs() {
    local folder
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV); do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
            printf '%s\n' "$folder"
            return
        fi
    done
    if command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then
        dirname "$(readlink -f "$(command -v initdb)")"
    fi
}

install_programs() {
    local root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "install PostgreSQL first: apt-get install postgresql"
        root="sudo"
    fi
    command -v apt-get >/dev/null || die "install PostgreSQL first (initdb and pg_ctl)"
    $root apt-get update -qq >&2
    # `postgresql-common` would otherwise start a cluster of its own.
    $root mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        printf 'create_main_cluster = false\n' |
            $root tee /etc/postgresql-common/createcluster.conf >/dev/null
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq postgresql >&2
}

is_up() { [ -f "$data/postmaster.pid" ] && as_server "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; }

start() {
    bin="$(find_programs)"
    if [ -z "$bin" ]; then
        install_programs
        bin="$(find_programs)"
    fi
    [ -n "$bin" ] || die "PostgreSQL is installed but initdb was not found"
    if is_up; then return; fi
    if [ ! -f "$data/PG_VERSION" ]; then
        rm -rf "$data"
        mkdir -p "$home"
        if [ "$(id -u)" -eq 0 ]; then
            chown "$(as_server id -u)" "$home"
        fi
        # The server trusts whoever reaches loopback: it holds nothing but what tests wrote.
        (cd "$home" && as_server "$bin/initdb" -D "$data" -U trimtab --auth=trust -E UTF8 \
            --locale=C >"$home.log") || die "initdb failed, see $home.log"
    fi
    # It is thrown away: waiting for the disk would only make the tests slow.
    local settings="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$home"
    settings="$settings -c max_connections=200 -c fsync=off"
    (cd "$home" && as_server "$bin/pg_ctl" -D "$data" -w -t 30 -l "$home/server.log" \
        -o "$settings" start >/dev/null) || die "the server did not start, see $home/server.log"
}

stop() {
    bin="$(find_programs)"
    if [ -n "$bin" ] && is_up; then
        (cd "$home" && as_server "$bin/pg_ctl" -D "$data" -m fast -w stop >/dev/null)
    fi
}

case "${1:-}" in
start) start ;;
stop) stop ;;
url) printf 'postgres://trimtab@127.0.0.1:%s/postgres\n' "$port" ;;
*) die "say start, stop or url" ;;
esac
