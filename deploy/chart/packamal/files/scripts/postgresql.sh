# Makes the database once, whole or not at all, then becomes PostgreSQL. Needs PGDATA, SOCKETS and PASSWORD_FILE.
set -eu
part="$PGDATA.part"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    rm -rf "$part"
    initdb --pgdata="$part" --username=packamal --pwfile="$PASSWORD_FILE" --encoding=UTF8 --locale=C \
        --auth-local=trust --auth-host=scram-sha-256 --data-checksums
    echo 'host all all all scram-sha-256' >> "$part/pg_hba.conf"
    pg_ctl --pgdata="$part" --wait --options="-c listen_addresses= -c unix_socket_directories=$SOCKETS" start
    createdb --host="$SOCKETS" --username=packamal packamal
    pg_ctl --pgdata="$part" --wait --mode=fast stop
    mv "$part" "$PGDATA"
fi
rm -f "$PGDATA/postmaster.pid"
exec postgres -D "$PGDATA" -c 'listen_addresses=*' -c "unix_socket_directories=$SOCKETS" "$@"
