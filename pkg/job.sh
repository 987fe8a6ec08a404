# The main job, step by step, from the client's side: what the demo shows and what tests/system/main_job asserts.
# Each step is `step TITLE PATTERN COMMAND…`: it passes when a line of the command's output matches the extended
# regular expression. A PATTERN of `!` passes when the command fails. Whoever reads this file defines `step`.

# The bytes of a guest's tap as the kernel counts them, in the form of the keys.
tap_counters() {
	host ip -s -j link show dev "$1" |
		sed -n 's/.*"stats64":{"rx":{"bytes":\([0-9]*\),"packets":\([0-9]*\).*"tx":{"bytes":\([0-9]*\),"packets":\([0-9]*\).*/from_guest \1\npackets_from_guest \2\npackets_to_guest \4\nto_guest \3/p'
}

key_counters() {
	redis HGETALL "lodge:{$1}:cur" | paste -d' ' - - |
		grep -E '^(packets_)?(to|from)_guest ' | sort
}

# Equal within ten seconds: the last frames of a closing connection may still be on their way.
bill_equals_tap() { # GUEST TAP
	for try in 1 2 3 4 5 6 7 8 9 10; do
		tap_counters "$2" >"$W/tap"
		key_counters "$1" >"$W/key.counted"
		[ -s "$W/tap" ] && cmp -s "$W/tap" "$W/key.counted" && {
			sed 's/$/ (tap and key alike)/' "$W/tap"
			return 0
		}
		sleep 1
	done
	diff "$W/tap" "$W/key.counted"
	return 1
}

outside_listen() { # prints the address of whoever connects to port 9000 of the client's namespace, once
	client socat -T 5 TCP-LISTEN:9000,reuseaddr SYSTEM:'echo seen as $SOCAT_PEERADDR' &
	sleep 0.5
}

masquerade() {
	outside_listen
	ssh_alice "nc -w 5 $CLIENT_IP 9000 </dev/null"
}

# What to type in a guest to try another one by ping and by TCP.
reach() { # ADDRESS
	echo "if ping -c 1 -W 1 $1 >/dev/null || nc -w 2 $1 80 </dev/null; then echo reached; else echo refused; fi"
}

# A service of the host that listens everywhere; the client reaches it, a guest must not.
host_service() {
	nsenter --net="$W/ns/host" socat -T 5 TCP-LISTEN:9000,reuseaddr,fork SYSTEM:'echo the host itself' &
	service=$!
	sleep 0.3
	client socat -t 2 - TCP:host:9000
	ssh_alice 'nc -w 2 192.168.77.1 9000 </dev/null || echo refused'
	kill $service
}

echo_tcp() { # PORT: a line there and back
	echo hello | client socat -t 3 - "TCP:host:$1"
}

echo_udp() {
	echo hello | client socat -t 3 - "UDP:host:$1"
}

# Both sides of the TLS connection have the same certificate: nobody stood between.
same_certificate() { # NAME SSH
	seen=$(client openssl s_client -connect host:443 -servername "$1" </dev/null 2>/dev/null |
		openssl x509 -noout -fingerprint -sha256)
	own=$("$2" cat /etc/nginx/cert.pem | openssl x509 -noout -fingerprint -sha256)
	echo "$seen"
	[ -n "$seen" ] && [ "$seen" = "$own" ] && echo 'the certificate in the guest'
}

broken_file() {
	sed -e 's/domains: \[bob/domain: [bob/' -e 's/192.168.77.3/192.168.77.2/' -e 's/10010-/10005-/' \
		"$W/lodge.yaml" >"$W/broken.yaml"
	"$LODGE" -c "$W/broken.yaml" check 2>&1
}

steps() {
	curl='client curl -s --max-time 10'
	step 'a name of alice on port 80' '^alice' $curl http://alice.example.org/
	step 'a name below her suffix' '^alice' $curl http://www.alice.dev/
	step 'a name of bob' '^bob' $curl http://bob.example.org/
	step 'HTTPS to alice, ended in the guest' '^alice' $curl -k https://alice.example.org/
	step 'HTTPS to bob' '^bob' $curl -k https://bob.example.org/
	step "alice's own log has the client" "^$CLIENT_IP [0-9]+ 443 alice.example.org" ssh_alice cat /var/log/nginx/access.log
	step 'nobody decrypted on the way' 'certificate in the guest' same_certificate alice.example.org ssh_alice
	step 'an unknown name reaches nobody' '^421' $curl http://nobody.example.org/
	step 'nor by TLS' '!' $curl -k https://nobody.example.org/
	step 'ssh -p 2201 logs in to alice' '^alice$' ssh_alice hostname
	step 'ssh -p 2202 logs in to bob' '^bob$' ssh_bob hostname
	step 'TCP on a port of the range' '^hello' echo_tcp 10000
	step 'UDP on a port of the range' '^hello' echo_udp 10001
	step 'alice reaches the outside, as the host' "seen as $HOST_IP" masquerade
	step 'alice cannot reach bob' '^refused' ssh_alice "$(reach 192.168.77.3)"
	step 'bob cannot reach alice' '^refused' ssh_bob "$(reach 192.168.77.2)"
	step 'alice cannot reach a service of the host' '^refused' host_service
	step 'what alice is billed by' '^billed' redis HGETALL 'lodge:{alice}:cur'
	step 'the bill equals the kernel: alice' 'to_guest [1-9]' bill_equals_tap alice tap2
	step 'the bill equals the kernel: bob' 'to_guest [1-9]' bill_equals_tap bob tap3
	step 'lodge status' '^alice .*up' lodge status
	step 'whose a name is, and the line that says so' '^www.alice.dev: alice, by .alice.dev at ' \
		lodge routes https://www.alice.dev/
	step 'a broken file: every mistake with its place' 'broken.yaml:[0-9]+:[0-9]+: error: ' broken_file
}
