# Four hosts on one machine: each has a network of its own (a namespace with one cable to a common switch), a hostname and
# shared memory of its own. Sourced; needs root. NET is a short prefix of names, HOSTS a folder.
#   net_up N        hosts ${NET}1 .. ${NET}N with the addresses 10.77.0.1 .. N
#   net_down        ends what still runs on them, and takes them away
#   on HOST CMD...  runs a command there
NET=${NET:-tsr$$h}
HOSTS=${HOSTS:-${TMPDIR:-/tmp}/$NET}

net_up() {
    net_down # of one that was killed and had this one's process id
    mkdir -p "$HOSTS"
    echo "127.0.0.1 localhost" >"$HOSTS/hosts"
    ip netns add "${NET}sw"
    ip -n "${NET}sw" link add br0 type bridge
    ip -n "${NET}sw" link set br0 up
    for i in $(seq "$1"); do
        ip netns add "$NET$i"
        ip -n "$NET$i" link set lo up
        ip -n "$NET$i" link add eth0 type veth peer name "p$i" netns "${NET}sw"
        ip -n "$NET$i" addr add "10.77.0.$i/24" dev eth0
        ip -n "$NET$i" link set eth0 up
        ip -n "${NET}sw" link set "p$i" master br0
        ip -n "${NET}sw" link set "p$i" up
        echo "10.77.0.$i $NET$i" >>"$HOSTS/hosts"
    done
    # What mpirun calls in the place of ssh: HOST and the words of one shell command.
    cat >"$HOSTS/agent" <<END
#!/bin/sh
host=\$1
shift
exec nsenter --net=/run/netns/"\$host" unshare --mount --uts sh -c '
    hostname "\$0" && mount --bind "$HOSTS/hosts" /etc/hosts && mount -t tmpfs tmpfs /dev/shm && exec sh -c "\$1"' "\$host" "\$*"
END
    chmod +x "$HOSTS/agent"
}

on() {
    host=$1
    shift
    nsenter --net=/run/netns/"$host" unshare --mount --uts sh -c '
        hostname "$0" && mount --bind "$1/hosts" /etc/hosts && mount -t tmpfs tmpfs /dev/shm && shift && exec "$@"' \
        "$host" "$HOSTS" "$@"
}

net_down() {
    for name in $(ip netns list | awk '{print $1}' | grep "^$NET\(sw\|[0-9]*\)\$"); do
        for pid in $(ip netns pids "$name"); do kill -9 "$pid" 2>/dev/null || true; done
        ip netns del "$name" || true
        rm -rf "${TMPDIR:-/tmp}/ompi.$name.$(id -u)"
    done
    rm -rf "$HOSTS"
}
