# A world of its own for the demo and the system tests, sourced by both.
#
# `world_enter SCRIPT ARG…` runs the script again in a private mount and pid namespace: whatever it mounts and
# starts is gone with it, even after kill -9. Inside, $W is a private tmpfs, and there are three network
# namespaces: `host` (where lodge runs), `client` and the caller's own, which nobody touches.
#
#   client 198.51.100.2 ── veth ── 198.51.100.1 host (wan) ── taps ── guests 192.168.77.0/24

TOP=$(cd "$(dirname "$0")/$UP" && pwd)
W=/mnt
LODGE=${LODGE_BUILD:-$TOP/build}/lodge
HOST_IP=198.51.100.1
CLIENT_IP=198.51.100.2

world_enter() {
	[ "$(id -u)" = 0 ] || {
		echo "$1: namespaces and taps need root; run it as root" >&2
		exit 5
	}
	[ -c /dev/net/tun ] || {
		echo "$1: no /dev/net/tun; load the module: modprobe tun" >&2
		exit 1
	}
	# Signals go to the script inside, which cleans up; should this shell be killed, the kernel ends all the rest.
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc sh "$@" &
	WORLD=$!
	trap 'kill -TERM $(cat /proc/$WORLD/task/$WORLD/children) 2>/dev/null' INT TERM HUP
	until wait $WORLD; do
		status=$?
		kill -0 $WORLD 2>/dev/null || exit $status
	done
	exit 0
}

# Namespaces and the line between them. Undone by the end of the mount namespace.
world_make() {
	mount -t tmpfs -o mode=0755 lodge-world "$W" || exit 1
	mkdir "$W/ns" "$W/tmp"
	for ns in host client; do
		: >"$W/ns/$ns"
		unshare --net="$W/ns/$ns" true || exit 1
		in_ns "$ns" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
		in_ns "$ns" ip link set lo up
	done
	in_ns host ip link add wan type veth peer name wan-client
	in_ns host ip link set wan-client netns "$W/ns/client"
	in_ns client ip link set wan-client name eth0
	in_ns host ip addr add $HOST_IP/24 dev wan
	in_ns host ip link set wan up
	in_ns client ip addr add $CLIENT_IP/24 dev eth0
	in_ns client ip link set eth0 up
	{
		cat /etc/hosts 2>/dev/null
		echo "$HOST_IP host alice.example.org www.alice.dev alice.dev bob.example.org nobody.example.org"
	} >"$W/hosts"
	# A minimal system has no such file; it gets none from us either, only this mount namespace does.
	[ -e /etc/hosts ] || {
		cp -a /etc "$W/etc"
		: >"$W/etc/hosts"
		mount --bind "$W/etc" /etc
	}
	mount --bind "$W/hosts" /etc/hosts
	ssh-keygen -q -t ed25519 -N '' -C demo -f "$W/key"
}

in_ns() {
	ns=$1
	shift
	nsenter --net="$W/ns/$ns" "$@"
}

host() { in_ns host "$@"; }
client() { in_ns client "$@"; }

# The file of two guests; $1: alice's and $2: bob's own lines (or nothing).
world_yaml() {
	cat <<-YAML
	network: 192.168.77.0/24
	wan: wan
	state: $W/state
	run: $W/run
	redis: private
	reserve: [22]

	guests:
	  alice:
	    address: 192.168.77.2
	    domains: [alice.example.org, .alice.dev]
	    ports: ["2201:22/tcp", 10000-10009]
	    memory: 96M
	    disk: {image: alice.img, size: 128M, from: small}
	    ssh-keys: ["$(cat "$W/key.pub")"]
	  bob:
	    address: 192.168.77.3
	    domains: [bob.example.org]
	    ports: ["2202:22/tcp", 10010-10019]
	    memory: 96M
	    disk: {image: bob.img, size: 128M, from: small}
	    ssh-keys: ["$(cat "$W/key.pub")"]
	YAML
}

lodge() { host "$LODGE" -c "$W/lodge.yaml" "$@"; }

# lodge up in the background; its words go to $W/up.log.
lodge_start() {
	# A shell without job control makes its background programs deaf to Ctrl-C; this one is to hear it.
	nsenter --net="$W/ns/host" env --default-signal=INT "$LODGE" -c "$W/lodge.yaml" up >"$W/up.log" 2>&1 &
	UP_PID=$!
}

# The same, until it says that all is up.
lodge_up() {
	lodge_start
	lodge_await 'lodge: up: ' "${1:-120}"
}

# Until $W/up.log has the text; fails when lodge up ends before or the seconds are over.
lodge_await() {
	tries=$(($2 * 10))
	until grep -q "$1" "$W/up.log"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] && kill -0 "$UP_PID" 2>/dev/null || {
			sed 's/^/# /' "$W/up.log" >&2
			return 1
		}
		sleep 0.1
	done
}

# Ctrl-C for lodge up; its exit status.
lodge_down() {
	kill -INT "$UP_PID" 2>/dev/null
	wait "$UP_PID"
}

SSH="ssh -q -i $W/key -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=20"
ssh_alice() { client $SSH -p 2201 root@host "$@"; }
ssh_bob() { client $SSH -p 2202 root@host "$@"; }
redis() { redis-cli -s "$W/run/redis/redis.sock" "$@"; }
