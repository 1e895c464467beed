# The checks themselves are steps of .ci/run; here they have short names.

# lists the recipes
default:
    @just --list

# runs everything that must pass before a change lands; changes no file
verify:
    .ci/run

# formats, and applies what clippy can mend by itself
fix:
    cargo fmt --all
    cargo clippy --workspace --all-targets --all-features --fix --allow-dirty --allow-staged

# runs the tests, doctests included
test:
    .ci/run tests

# kills processes: at random, at every failpoint, at every storage call and again while opening
crash kills="500":
    BATCHYARD_KILLS={{kills}} cargo test -p batch-tests --test killed -- --nocapture
    cargo test -p batch-tests --features failpoints --test failpoints -- --nocapture
    cargo test -p batch-tests --test swept -- --ignored --nocapture

# checks the format and runs clippy for default, all and no features
lint:
    .ci/run format lint direction sizes

# builds the docs with broken links denied, and checks links in Markdown
docs:
    .ci/run docs links

# runs every example
examples:
    .ci/run examples

# measures every backend: just bench submit/sled
bench *args:
    cargo bench -p batch-benches -- {{args}}

# compares with the peers and the limit in one run: just bench-compare 5 pickup
bench-compare *args:
    benches/compare/run {{args}}

# runs the conformance suite on every backend here and prints the report
conformance:
    #!/usr/bin/env bash
    set -euo pipefail
    results=$(mktemp -d)
    trap 'rm -rf "$results"' EXIT
    # The report says which cases failed.
    BATCHYARD_CONFORMANCE_RESULTS="$results" cargo test -p batch-core --all-features --test conformance >&2 || true
    cargo run --quiet -p batch-core --all-features --example conformance_report "$results"
