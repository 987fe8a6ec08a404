# For system tests: namespaces that play guests behind lodge's own taps.

# Namespaces of these names, and the program that carries frames between a tap and one of them.
guests_make() { # NAME…
	cc -D_GNU_SOURCE -O1 -o "$W/tapwire" "$TOP/tests/system/tapwire.c" || bail 'tapwire does not compile'
	for ns in "$@"; do
		: >"$W/ns/$ns"
		unshare --net="$W/ns/$ns" true
		in_ns "$ns" ip link set lo up
	done
}

# Behind a tap, with the addresses that the number gives in 192.168.77.0/24 and 2001:db8:77::/64. Other guests' IPv6
# addresses it seeks behind the host, as lodge's own images do.
join_tap() { # TAP NUMBER NAMESPACE
	host "$W/tapwire" "$1" "$W/ns/$3" g0 2>>"$W/wire.log" &
	within 3 in_ns "$3" ip link show g0 || bail "tapwire: $(cat "$W/wire.log")"
	in_ns "$3" ip link set g0 address "02:00:c0:a8:4d:0$2"
	in_ns "$3" ip addr add "192.168.77.$2/24" dev g0
	in_ns "$3" ip addr add "2001:db8:77::$2/128" dev g0 nodad
	in_ns "$3" ip link set g0 up
	in_ns "$3" ip route add default via 192.168.77.1
	in_ns "$3" ip -6 route add 2001:db8:77::1 dev g0
	in_ns "$3" ip -6 route add default via 2001:db8:77::1
}
