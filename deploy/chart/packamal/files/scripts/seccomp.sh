# Puts the profile where the kubelet reads it, and again whenever it is lost; a reader never sees half of it.
set -eu
trap 'exit 0' TERM INT
source="$1"
target="$2"
while :; do
    if ! cmp -s "$source" "$target"; then
        mkdir -p "$(dirname "$target")"
        cp "$source" "$target.part"
        chmod 0644 "$target.part"
        mv "$target.part" "$target"
        echo "installed $target"
    fi
    sleep 60 &
    wait $!
done
