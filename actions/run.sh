#!/usr/bin/env bash
# Finds one of the seven binaries and becomes it: run.sh BINARY [ARGUMENT]... Inputs pass by as INPUT_* variables; the binary reads them.
set -eu
binary=$1
shift

# Not on the PATH: a `promote` or `rollback` there may be anybody's.
if [ -n "${SEAWORTHY_BIN_DIR:-}" ]; then
    bin=$SEAWORTHY_BIN_DIR
else
    # The version of the commit that `uses:` pins; a tag can move.
    version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "${BASH_SOURCE[0]%/*}/../Cargo.toml")
    bin=${RUNNER_TOOL_CACHE:?is set by the runner}/seaworthy/$version/${RUNNER_ARCH:?is set by the runner}
fi

if [ ! -x "$bin/$binary" ]; then
    echo "::error title=$binary is not installed::there is no $bin/$binary. Build the seven with \`cargo build --release\` in a" \
        "checkout of seaworthy and set SEAWORTHY_BIN_DIR to the directory they lie in, in the env of the job"
    exit 2
fi

# What a team's own script calls, such as `tag-image unpack`, lies beside it.
PATH=$bin:$PATH exec "$bin/$binary" "$@"
