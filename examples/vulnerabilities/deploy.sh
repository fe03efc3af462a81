#!/bin/sh
# Stands for what switches an environment: remembers the image, and says which one it was.
set -eu
if [ "${1-}" = observe ]; then
    [ ! -f running ] || cat running
    exit 0
fi
echo "app=$APP_IMAGE" >running
