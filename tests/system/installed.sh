# For system tests that type what the manual says: a host with the files where they are after an installation, and its
# examples. What is below /etc, /var/lib, /run, /root and /srv is this mount namespace's alone.

EXAMPLES="python3 -B $TOP/tests/system/examples.py"

installed_world() {
	world_make
	echo "$HOST_IP carol.example.org usage.example.org www.alice.example.org" >>"$W/hosts"
	cp -a /etc "$W/etc" && mount --bind "$W/etc" /etc && mkdir -p /etc/lodge || bail 'no /etc of its own'
	mkdir "$W/lib"
	mount --bind /var/lib "$W/lib" && mount -t tmpfs lodge-lib /var/lib && ln -s "$W"/lib/* /var/lib/ &&
		rm -f /var/lib/lodge && mount -t tmpfs lodge-run /run && mount -t tmpfs lodge-root /root &&
		mount -t tmpfs lodge-srv /srv || bail 'no /var/lib, /run, /root or /srv of its own'
	mkdir -m 700 /root/.ssh
	cp "$W/key" /root/.ssh/id_ed25519
	cp "$W/key.pub" /root/.ssh/id_ed25519.pub
	printf '%s\n' 'BatchMode yes' 'StrictHostKeyChecking no' 'UserKnownHostsFile /dev/null' 'LogLevel ERROR' >/root/.ssh/config
	# The way out has the name that it has on most servers.
	host ip link set wan down
	host ip link set wan name eth0
	host ip link set eth0 up
	host ip route add default via $CLIENT_IP
	HOME=/root PATH=$TOP/build:$PATH
	export HOME PATH
	unset SUDO_USER
	cd /root || exit 1
}

# The text of an example as a file.
example_file() { # PAGE WORDS
	rm -rf "$W/ex" && mkdir "$W/ex"
	$EXAMPLES cut "$1" "$2" "$W/ex" >/dev/null && cat "$W/ex/1.cmd"
}

# Types each command of an example, on the host, curl and ssh on the client, and compares what is shown with what came.
# Options, each with a word behind it: `at NAMESPACE`, or `at alice`: in the guest; `edit SED`; `exits STATUS`; `for SECONDS`, of
# one that goes on; `gives PATTERN`, of its output; `shows same`: to the byte; `under COMMAND`; `as file`: it is no
# command, but a file that lodge check takes.
example() { # PAGE WORDS [OPTION WORD]…
	page=$1 words=$2 at='' edit='' exits=0 seconds='' gives='' shows=like under='' as=''
	shift 2
	while [ $# -gt 1 ]; do
		case $1 in
		at) at=$2 ;;
		edit) edit=$2 ;;
		exits) exits=$2 ;;
		for) seconds=$2 ;;
		gives) gives=$2 ;;
		shows) shows=$2 ;;
		under) under=$2 ;;
		as) as=$2 ;;
		*) bail "example: no option $1" ;;
		esac
		shift 2
	done
	rm -rf "$W/ex" && mkdir "$W/ex"
	n=$($EXAMPLES cut "$page" "$words" "$W/ex" 2>"$W/out")
	[ -n "$n" ] || {
		ok 1 "$page: $words"
		return
	}
	for i in $(seq "$n"); do
		[ -z "$as" ] || {
			cp "$W/ex/$i.cmd" "$W/ex/lodge.yaml"
			yes "$page: a file: $words" host lodge -c "$W/ex/lodge.yaml" check
			continue
		}
		[ -z "$edit" ] || sed -i "$edit" "$W/ex/$i.cmd"
		example_run "$W/ex/$i.cmd" "$W/ex/$i.got" "$W/ex/$i.shown"
		ok $? "$page: $(head -n 1 "$W/ex/$i.cmd")"
	done
}

example_run() { # COMMAND GOT SHOWN: true where it did what the page says; what is wrong is in $W/out
	case $(cat "$1") in
	*' up') # the one that goes on, and the others with it
		[ -z "${UP_PID-}" ] || lodge_down
		nsenter --net="$W/ns/host" env --default-signal=INT sh -c "exec $(cat "$1")" >"$W/up.log" 2>&1 &
		UP_PID=$!
		lodge_await 'lodge: up: ' 120 >"$W/out" 2>&1 && $EXAMPLES like "$3" "$W/up.log" any >"$W/out" 2>&1
		return
		;;
	*'# inside the guest'*) where=alice ;;
	'curl '* | 'ssh '*) where=${at:-client} ;;
	*) where=${at:-host} ;;
	esac
	status=0
	case $where in
	host | client) in_ns "$where" ${seconds:+timeout -s INT $seconds} $under sh "$1" >"$2" 2>&1 </dev/null || status=$? ;;
	*) client ssh -p 2201 root@host "$(cat "$1")" >"$2" 2>&1 </dev/null || status=$? ;;
	esac
	cp "$2" "$W/out"
	[ "$status" = "$exits" ] || [ "$status${seconds:+ over}" = '124 over' ] || {
		echo "exit $status, not $exits" >>"$W/out"
		return 1
	}
	[ -z "$gives" ] || grep -qE "$gives" "$2" || {
		echo "no line with: $gives" >>"$W/out"
		return 1
	}
	[ ! -s "$3" ] || $EXAMPLES "$shows" "$3" "$2" >"$W/out" 2>&1
}

# An example that nothing can run here; why is for who reads the test.
untried() { # PAGE WORDS REASON
	echo "# untried: $1: $2: $3"
}
