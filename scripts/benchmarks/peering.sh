# shellcheck shell=bash disable=SC2034,SC2154
# Peering and offloading: to Ready nodes, idle peers, pods to Running, bytes on the wire, reconnects, frames beside libssl.
products=(causeway-hub causeway-agent Benchmarks)

run() { "$programs/Benchmarks" peering "$@"; }
