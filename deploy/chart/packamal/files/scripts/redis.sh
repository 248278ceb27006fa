# The password comes out of a file and goes into a file: a command line and an environment can be seen by others.
set -eu
password="$(cat /run/secrets/redis/password)"
if [ "$1" = ping ]; then
    export REDISCLI_AUTH="$password"
    exec sh -c 'redis-cli ping | grep -qx PONG'
fi
umask 077
{ cat /srv/configuration/redis.conf; printf 'requirepass %s\n' "$password"; } > /tmp/redis.conf
exec redis-server /tmp/redis.conf
