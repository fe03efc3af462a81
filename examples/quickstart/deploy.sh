#!/bin/sh
# Switches one environment of this machine to the image it is told; promote and rollback call it, and so can you:
#   ENVIRONMENT=staging NOTES_IMAGE=oci:…@sha256:… NOTES_ENV_FILE=env/staging.env RELEASE=1.0.0 ./deploy.sh
#   ENVIRONMENT=staging ./deploy.sh observe | url | stop
set -eu
home="run/$ENVIRONMENT"
mkdir -p "$home"

# A process that has ended but that nobody has waited for (a container without an init) still has its number.
alive() {
    [ -f "$home/pid" ] && pid=$(cat "$home/pid") && kill -0 "$pid" 2>/dev/null && ! grep -qs '^State:.Z' "/proc/$pid/status"
}

stop() {
    rm -f "$home/image" "$home/url"
    alive || return 0
    kill "$pid"
    while alive; do sleep 0.05; done
}

# The address is the system's choice (port 0), so the service says it in its first log line.
address() {
    sed -n 's/.*"event":"listening".*"address":"\([0-9.:]*\)".*/\1/p; s/.*"address":"\([0-9.:]*\)".*"event":"listening".*/\1/p' "$home/log"
}

start() {
    files="$home/releases/${NOTES_IMAGE##*:}"
    tag-image unpack "$NOTES_IMAGE" --to "$files"
    # Read, never sourced: a value such as $(id) stays text. The last line need not have an end.
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in '' | '#'*) ;; *) export "${line?}" ;; esac
    done <"$NOTES_ENV_FILE"
    stop
    # Emptied here, not by the redirection behind `&`, which may be slower than the first look for an address.
    : >"$home/log"
    setsid "$files/notes" >>"$home/log" 2>&1 </dev/null &
    echo $! >"$home/pid"
    until url=$(address) && [ -n "$url" ]; do
        alive || { cat "$home/log"; exit 1; }
        sleep 0.02
    done
    echo "http://$url" >"$home/url"
    # Last, so that `observe` never names an image that does not run.
    echo "$NOTES_IMAGE" >"$home/image"
}

case ${1-} in
    '') start ;;
    observe) if alive && [ -f "$home/image" ]; then echo "notes=$(cat "$home/image")"; fi ;;
    url) cat "$home/url" ;;
    stop) stop ;;
    *) echo "deploy.sh: unknown word $1" >&2; exit 2 ;;
esac
