# For tests on a whole machine: TAP, and a Debian of tests/machine/image in qemu, without KVM. What it writes to its disk is
# gone with it. Its ports are led to loopback alone, and it reaches nothing. Sourced, from the top of the tree, with BUILD.
BUILD=${1:-build}
QEMU=
. tests/tap.sh
step_not() { [ ! -s "$W/out" ]; } # nothing was printed: that it failed may mean that the machine does not answer

# A command in the machine, or on this side.
on() { timeout "${PATIENCE:-600}" ssh $SSH_OPTIONS -p "$PORT_SSH" root@127.0.0.1 "$@" </dev/null; }
within() { # SECONDS COMMAND…
	until_s=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt $until_s ] || return 1
		sleep 3
	done
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

machine_end() {
	status=$?
	[ -z "$QEMU" ] || kill "$QEMU" 2>/dev/null
	[ ! -S "$W/cm" ] || ssh $SSH_OPTIONS -O exit root@127.0.0.1 2>/dev/null
	wait 2>/dev/null
	rm -rf "$W"
	exit $status
}

# INIT: makes the image where it is not there, and boots a copy of it, which a reboot inside keeps.
machine_boot() {
	command -v qemu-system-x86_64 >/dev/null || bail 'no qemu-system-x86_64; sh pkg/setup machine'
	M=$BUILD/machine/$1
	sh tests/machine/image "$1" "$M" || bail 'no image'
	W=$(mktemp -d /var/tmp/lodge-machine.XXXXXX) || bail 'no temporary folder'
	SSH_OPTIONS="-i $M/key -o ControlMaster=auto -o ControlPath=$W/cm -o ControlPersist=60 -o StrictHostKeyChecking=no
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=60 -o ServerAliveInterval=20"
	trap machine_end EXIT
	trap 'exit 130' INT TERM HUP
	cp --sparse=always "$M/disk" "$W/disk" || bail 'no room for its disk'
	PORT_SSH=$(free_port) PORT_HTTP=$(free_port) PORT_GUEST=$(free_port)
	# Copied word by word: a string instruction is emulated one byte at a time. Nor are there watchdogs of a host that is slow.
	nice -n 15 qemu-system-x86_64 -accel tcg,thread=multi -cpu max,erms=off,fsrm=off,la57=off -smp 2 -m 3G -nographic \
		-kernel "$M/kernel" -initrd "$M/initrd" -append 'root=/dev/vda rw console=ttyS0 mitigations=off nowatchdog' \
		-drive "file=$W/disk,format=raw,if=virtio,cache=unsafe" -netdev "user,id=n,restrict=on,hostfwd=tcp:127.0.0.1:$PORT_SSH-:22,$(:
		)hostfwd=tcp:127.0.0.1:$PORT_HTTP-:80,hostfwd=tcp:127.0.0.1:$PORT_GUEST-:2201" \
		-device virtio-net-pci,netdev=n,addr=3 >"$W/console" 2>&1 </dev/null &
	QEMU=$!
	within 1800 on true || bail "it did not boot: $(tail -n 5 "$W/console")"
}

# A file onto the machine.
put() { timeout 300 ssh $SSH_OPTIONS -p "$PORT_SSH" root@127.0.0.1 "cat >$2" <"$1"; }

# What a page of this tree says, typed on the machine as it stands there: its example with these words, of which LINE is a pattern
# where it is not all meant, but for what SED changes.
typed() { # PAGE WORDS [LINE [SED]]
	rm -rf "$W/ex" && mkdir "$W/ex" && python3 -B tests/system/examples.py cut "$1" "$2" "$W/ex" >/dev/null &&
		sed -n "/${3:-^}/{${4:+$4;}p}" "$W/ex/1.cmd" >"$W/typed" && [ -s "$W/typed" ] || return
	put "$W/typed" /root/typed && PATIENCE=900 on 'DEBIAN_FRONTEND=noninteractive sh /root/typed' 2>&1
}

# The package as the tree here makes it, as README installs it; what it depends on is there.
machine_install() {
	OBJECTS=build make -s deb >"$W/out" 2>&1 || bail "make deb: $(tail -n 5 "$W/out")"
	deb=$(ls -t "$BUILD"/lodge_*.deb | head -n 1)
	on 'mkdir -p /root/build' && put "$deb" "/root/build/${deb##*/}" || bail 'the package did not arrive'
	typed README.md 'sh pkg/setup build' '^apt-get install'
}
