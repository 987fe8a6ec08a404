# For system tests of what is counted: a host with two taps, a namespace behind each, lodge-acct and a Redis beside it.

ACCT=${LODGE_BUILD:-$TOP/build}/lodge-acct
SOCK=$W/redis.sock

make_tap() { # TAP NUMBER NAMESPACE
	host ip tuntap add "$1" mode tap
	host ip addr add 192.168.77.1/32 dev "$1"
	host ip link set "$1" up
	host ip route replace "192.168.77.$2/32" dev "$1"
	host sysctl -qw "net.ipv4.conf.$1.proxy_arp=1"
	rewire "$@"
}
rewire() { # TAP NUMBER NAMESPACE: somebody reads the tap
	nsenter --net="$W/ns/host" "$W/tapwire" "$1" "$W/ns/$3" g0 &
	eval "wire_$3=$!"
	within 3 in_ns "$3" ip link show g0
	in_ns "$3" ip addr add "192.168.77.$2/24" dev g0
	in_ns "$3" ip link set g0 up
	in_ns "$3" ip route add default via 192.168.77.1
	# Whoever looks a neighbour up again seconds later would make a sound in the quiet that is compared.
	host ip neigh replace "192.168.77.$2" dev "$1" nud permanent \
		lladdr "$(in_ns "$3" ip -o link show g0 | sed 's/.*link.ether \([^ ]*\).*/\1/')"
	# The host answers for the other guest too.
	for far in 1 $((5 - $2)); do
		in_ns "$3" ip neigh replace "192.168.77.$far" dev g0 nud permanent \
			lladdr "$(host ip -o link show "$1" | sed 's/.*link.ether \([^ ]*\).*/\1/')"
	done
}

make_world() {
	world_make
	cc -D_GNU_SOURCE -O1 -o "$W/tapwire" "$TOP/tests/system/tapwire.c" || bail 'tapwire does not compile'
	for ns in host client; do
		in_ns $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	done
	for ns in alice bob; do
		: >"$W/ns/$ns"
		unshare --net="$W/ns/$ns" true
		in_ns $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	done
	host sysctl -qw net.ipv4.ip_forward=1
	client ip route add 192.168.77.0/24 via $HOST_IP
	make_tap tap2 2 alice
	make_tap tap3 3 bob
	in_ns alice iperf3 -s -p 5201 -D >/dev/null
	cat >"$W/lodge.yaml" <<-YAML
	network: 192.168.77.0/24
	wan: wan
	state: $W/state
	run: $W/run
	redis: unix:$SOCK
	user: nobody
	billing: {count: wire, scope: wan, direction: both, day: 1}
	guests:
	  alice: {address: 192.168.77.2}
	  bob: {address: 192.168.77.3}
	YAML
	mkdir -p "$W/db" "$W/state"
	mount -t tmpfs -o mode=0755,size=256k full "$W/state"
}

start_redis() {
	redis-server --port 0 --unixsocket "$SOCK" --unixsocketperm 777 --save '' --dir "$W/db" >"$W/redis.log" 2>&1 &
	REDIS=$!
	within 5 redis-cli -s "$SOCK" ping
}
start_acct() {
	nsenter --net="$W/ns/host" "$ACCT" -c "$W/lodge.yaml" >>"$W/acct.log" 2>&1 &
	ACCT_PID=$!
	within 5 status
}
status() { printf 'status\n' | socat -t2 - "UNIX-CONNECT:$W/run/acct.sock"; }
field() { redis-cli -s "$SOCK" HGET "lodge:{$1}:${3-cur}" "$2"; }

# "rx_bytes rx_packets tx_bytes tx_packets" of a tap, as the kernel has them.
kernel() { host cat /proc/net/dev | awk -v tap="$1:" '$1 == tap { print $2, $3, $10, $11; n = 1 } END { if (!n) print 0, 0, 0, 0 }'; }

traffic() { # GUEST NUMBER: both directions, wan, host and the other guest
	client ping -q -i 0.002 -c 30 -s 700 "192.168.77.$2"
	host ping -q -i 0.002 -c 20 "192.168.77.$2"
	in_ns "$1" ping -q -i 0.002 -c 20 -s 1200 $CLIENT_IP
	in_ns "$1" ping -q -i 0.002 -c 10 192.168.77.$((5 - $2))
}
bulk() { client iperf3 -c 192.168.77.2 -p 5201 -n "$@"; }
