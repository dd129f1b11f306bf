#!/usr/bin/env bash
# Format, policy, clippy, and all tests on SQLite and PostgreSQL. `make test` and CI run this.
set -euo pipefail
cd "$(dirname "$0")/../.."

step() { printf '\n== %s\n' "$1"; }

step "format"
cargo fmt --all --check

step "clippy"
cargo clippy --quiet --workspace --all-targets -- -D warnings

step "dependency policy"
cargo xtask policy

step "PostgreSQL"
trap './xtask/scripts/postgres.sh stop' EXIT
./xtask/scripts/postgres.sh start
TRIMTAB_TEST_POSTGRES="$(./xtask/scripts/postgres.sh url)"
export TRIMTAB_TEST_POSTGRES

step "tests"
cargo test --workspace --no-fail-fast
