# shellcheck shell=bash disable=SC2034,SC2154
# The spread scheduler: decisions by nodes and constraints, memory, and pods bound per second through the API.
products=(causeway-hub Benchmarks)

run() { "$programs/Benchmarks" scheduling "$@"; }
