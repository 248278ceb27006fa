# backup: one dump, restored at once into a PostgreSQL of its own and counted, then kept. A dump that was never read
#         back is not called a backup: until then it is named .part.
# restore: the newest backup, or the one named in BACKUP, into a database without an analysis.
# Needs URL_FILE, FOLDER, SCRATCH, KEEP.
set -eu
what="$1"
url="$(cat "$URL_FILE")"
COUNT="SELECT format('SELECT %L, count(*) FROM %I.%I;', tablename, schemaname, tablename) FROM pg_tables
       WHERE schemaname = 'public' ORDER BY tablename"

count() {  # table|rows of the database $1, or of a snapshot when $2 names one
    {
        echo 'BEGIN ISOLATION LEVEL REPEATABLE READ;'
        [ -z "${2:-}" ] || echo "SET TRANSACTION SNAPSHOT '$2';"
        echo "$COUNT"
        echo '\gexec'
    } | psql "$1" --quiet --no-psqlrc --tuples-only --no-align --set ON_ERROR_STOP=1
}

try_out() {  # restore $1 into a PostgreSQL of its own and compare with the counts in $2
    data="$SCRATCH/trial"
    rm -rf "$data"
    initdb --pgdata="$data" --username=trial --auth=trust --no-sync --encoding=UTF8 --locale=C > "$SCRATCH/initdb.log"
    pg_ctl --pgdata="$data" --wait --log="$SCRATCH/trial.log" \
        --options="-c listen_addresses= -c unix_socket_directories=$SCRATCH -c fsync=off" start > /dev/null
    trial="postgresql://trial@/postgres?host=$SCRATCH"
    trap 'pg_ctl --pgdata="$data" --mode=immediate stop > /dev/null 2>&1 || true; rm -rf "$data"' EXIT
    pg_restore --dbname="$trial" --no-owner --no-privileges --exit-on-error "$1"
    count "$trial" > "$SCRATCH/restored"
    cmp "$2" "$SCRATCH/restored"
}

backup() {
    name="packamal-$(date -u +%Y%m%dT%H%M%SZ)"
    part="$FOLDER/$name.part"
    mkfifo "$SCRATCH/say"
    # one session holds the snapshot that dump and counts see, whatever is written meanwhile
    psql "$url" --quiet --no-psqlrc --tuples-only --no-align < "$SCRATCH/say" > "$SCRATCH/snapshot" &
    holder=$!
    exec 3> "$SCRATCH/say"
    echo 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot();' >&3
    tries=0
    until [ -s "$SCRATCH/snapshot" ]; do
        tries=$((tries + 1))
        [ "$tries" -le 60 ] && kill -0 "$holder" || { echo 'no snapshot' >&2; exit 1; }
        sleep 0.5
    done
    snapshot="$(head -n 1 "$SCRATCH/snapshot")"
    count "$url" "$snapshot" > "$SCRATCH/counts"
    pg_dump --dbname="$url" --snapshot="$snapshot" --format=custom --no-owner --no-privileges --file="$part"
    exec 3>&-
    wait "$holder"
    rm -f "$SCRATCH/say" "$SCRATCH/snapshot"
    try_out "$part" "$SCRATCH/counts"
    mv "$part" "$FOLDER/$name.dump"
    cp "$SCRATCH/counts" "$FOLDER/$name.counts"
    (cd "$FOLDER" && sha256sum "$name.dump" "$name.counts" > "$name.sha256")
    rm -f "$FOLDER"/*.part
    find "$FOLDER" -name 'packamal-*.dump' | sort -r | tail -n "+$((KEEP + 1))" | while read -r old; do
        rm -f "$old" "${old%.dump}.counts" "${old%.dump}.sha256"
    done
    echo "kept $name.dump, restored and counted: $(wc -l < "$SCRATCH/counts") tables"
}

restore() {
    dump="${BACKUP:-$(find "$FOLDER" -name 'packamal-*.dump' | sort | tail -n 1)}"
    [ -n "$dump" ] || { echo 'there is no backup' >&2; exit 1; }
    name="$(basename "$dump" .dump)"
    (cd "$FOLDER" && sha256sum --check --quiet "$name.sha256")
    # what a fresh release writes by itself and its first people do not count
    count "$url" > "$SCRATCH/there" # by itself: in a pipe a count that failed would read as an empty database
    rows="$(awk -F '|' '$1 !~ /^(django|auth|operations|accounts|feeds)_/ { sum += $2 } END { print sum + 0 }' "$SCRATCH/there")"
    if [ "$rows" -gt 0 ]; then
        echo "the database holds $rows rows: a restore goes into an empty one" >&2
        exit 1
    fi
    pg_restore --dbname="$url" --no-owner --no-privileges --clean --if-exists --exit-on-error --single-transaction "$dump"
    count "$url" > "$SCRATCH/restored"
    cmp "$FOLDER/$name.counts" "$SCRATCH/restored"
    echo "restored $name.dump: $(wc -l < "$SCRATCH/restored") tables, counts as in the backup"
}

"$what"
