# shellcheck shell=sh
# Sourced by the scripts: where the tools of script/tools.txt lie, first on the PATH.
SEAWORTHY_TOOLS=${SEAWORTHY_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/seaworthy/tools}
PATH=$SEAWORTHY_TOOLS/bin:$PATH
export SEAWORTHY_TOOLS PATH
