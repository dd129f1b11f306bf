# Two commands do everything on a fresh machine; the rest is in `cargo xtask --help`.

.PHONY: demo test

# Builds, makes two synthetic markets, trains, backtests, walks one day, writes a report.
# The last line printed is the path of the report.
demo:
	cargo build --release --package app
	@cargo run --quiet --release --package app -- demo

# Everything CI runs; installs what it needs.
test:
	./xtask/scripts/test.sh
