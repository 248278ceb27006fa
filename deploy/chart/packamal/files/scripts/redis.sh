# The password comes out of a file and goes into a file: a command line and an environment can be seen by others.
# Needs PASSWORD_FILE, CONFIGURATION and, for what it writes, RUN.
set -eu
password="$(cat "$PASSWORD_FILE")"
if [ "$1" = ping ]; then
    shift
    export REDISCLI_AUTH="$password"
    answer="$(redis-cli "$@" ping)"
    [ "$answer" = PONG ]
    exit
fi
umask 077
{ cat "$CONFIGURATION"; printf 'requirepass %s\n' "$password"; } > "$RUN/redis.conf"
shift
exec redis-server "$RUN/redis.conf" "$@"
