#!/bin/sh
# The guide's two nodes, from nothing to pools, in the sandbox. `make demo` runs it; its argument is the command to use.
set -eu
spidercli=${1:-spidercli}

show() {
    printf '\n$ %s\n' "$*"
    shift
    "$spidercli" "$@"
}

show spidercli inventory
show spidercli bootstrap --yes
show spidercli pools list
show spidercli bootstrap --yes
show spidercli pools who 172.31.199.187
