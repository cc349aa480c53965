# shellcheck shell=bash disable=SC2034,SC2154
# The embedded cluster's API: creates, gets, lists, watch events, memory and start, beside a bare TLS handler.
products=(causeway-hub Benchmarks)

run() { "$programs/Benchmarks" api "$@"; }
