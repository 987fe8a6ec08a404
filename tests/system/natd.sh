# For system tests of lodge-natd: a host, a client, and namespaces that play guests alice (tap2) and bob (tap3).
. "$TOP/tests/system/taps.sh"

NATD=${LODGE_BUILD:-$TOP/build}/lodge-natd
CLIENT6=2001:db8:1::2
HOST6=2001:db8:1::1
ALICE='"2201:22/tcp", 10000-10009'
BOB='"2202:22/tcp", 10010-10019, 65000-65535'

write_file() { # LINES-FOR-ALICE LINES-FOR-BOB [TOP-LINES] [MORE-OF-ALICE] [MORE-OF-BOB]
	cat >"$W/lodge.yaml" <<-YAML
	network: 192.168.77.0/24
	network6: 2001:db8:77::/64
	wan: wan
	state: $W/state
	run: $W/run
	reserve: [2200]
	${3-}
	guests:
	  alice:
	    address: 192.168.77.2
	    address6: 2001:db8:77::2
	    ports: [$1]
	    ${4-}
	  bob:
	    address: 192.168.77.3
	    address6: 2001:db8:77::3
	    ports: [$2]
	    ${5-}
	YAML
}

natd_world() {
	world_make
	guests_make alice bob
	host ip addr add $HOST6/64 dev wan nodad
	client ip addr add $CLIENT6/64 dev eth0 nodad
	client ip -6 route add 2001:db8:77::/64 via $HOST6
	client ip route add 192.168.77.0/24 via $HOST_IP
	host ip route add default via $CLIENT_IP
}

natd() { host "$NATD" -c "$W/lodge.yaml" "$@"; }

natd_start() { # [COMMAND before the program…]
	: >"$W/natd.log" # before it is asked for its first line
	nsenter --net="$W/ns/host" "$@" "$NATD" -c "$W/lodge.yaml" 2>>"$W/natd.log" &
	NATD_PID=$!
	within 5 grep -q 'guests behind' "$W/natd.log" || { sed 's/^/# /' "$W/natd.log"; return 1; }
}

natd_end() { # [SIGNAL]
	kill -"${1:-TERM}" $NATD_PID
	wait $NATD_PID 2>/dev/null
}

# Where a test failed, what natd said.
natd_done() {
	[ $FAILED = 0 ] || tail -n 30 "$W/natd.log" | sed 's/^/# /'
	done_testing
}

natd_status() { echo status | socat -t5 - "UNIX-CONNECT:$W/run/natd.sock"; echo; }
natd_field() { natd_status | tr ',{}' '\n\n\n' | sed -n "s/^ *\"$1\": *//p"; }
drops() { natd_field "$1"; }
generation() { natd_field generation; }
more() { [ "$(drops "$1")" -gt "$2" ]; } # COUNTER BEFORE
said() { grep -qE "$1" "$W/natd.log"; }

natd_reload() {
	reloads=$(grep -cE 'reloaded|reload refused' "$W/natd.log")
	kill -HUP $NATD_PID
	within 5 sh -c "[ \$(grep -cE 'reloaded|reload refused' $W/natd.log) -gt $reloads ]"
}

# --- probes: a server says its name and who it thinks is asking ------------------------------------

serve() { # NAMESPACE PORT NAME
	in_ns "$1" socat "TCP4-LISTEN:$2,fork,reuseaddr" SYSTEM:"echo $3 \$SOCAT_PEERADDR" 2>/dev/null &
	in_ns "$1" socat "TCP6-LISTEN:$2,ipv6only=1,fork,reuseaddr" SYSTEM:"echo $3 \$SOCAT_PEERADDR" 2>/dev/null &
	in_ns "$1" python3 "$TOP/tests/system/udp_name.py" "$2" "$3" 2>/dev/null &
	for sort in t4 t6 u; do within 5 serves "$1" $sort "$2" || return; done
}
serves() { in_ns "$1" ss -Hln"$2" "sport = :$3" | grep -q .; } # NAMESPACE t|t4|t6|u PORT: is it listened on?
hears() { # NAMESPACE FAMILY PROTOCOL: somebody there waits for packets of that protocol
	[ "$2" = 4 ] && table=raw || table=raw6
	in_ns "$1" grep -qi ":$(printf %04X "$3") " /proc/self/net/$table
}
# What a step wants refused is not waited for long; all else as long as a busy machine takes.
tcp() { # NAMESPACE ADDRESS:PORT [OPTIONS]
	[ "${pattern-}" = '!' ] && connect_s=0.7 || connect_s=4
	in_ns "$1" timeout 9 socat -u "TCP:$2,connect-timeout=$connect_s${3-}" -
}
udp() { # NAMESPACE ADDRESS:PORT; a busy machine may answer late: ask again
	for t in 0.3 0.6 2 4; do
		echo x | in_ns "$1" timeout 9 socat -t$t - "UDP:$2" && [ "$(stat -c %s "$W/out")" -gt 0 ] && return
	done
	return 1
}
# Passes when nothing is heard, and the packets are counted as dropped.
dropped() { # COUNTER tcp|udp NAMESPACE ADDRESS:PORT
	before=$(drops "$1") pattern='!'
	if [ "$2" = tcp ]; then
		tcp "$3" "$4" >"$W/heard"
	else
		echo x | in_ns "$3" timeout 9 socat -t0.3 - "UDP:$4" >"$W/heard"
	fi
	[ ! -s "$W/heard" ] && within 3 more "$1" "$before"
}
udp_flow() { udp client "$1,sourceport=5555"; }
