# For system tests of what one tenant can do to another and to the host: alice and bob, two real guests, each with a root
# shell on port 22 and a disk of 32 MiB, launched by hand. A test may set IMAGES, a folder for the images.

GUEST=${LODGE_BUILD:-$TOP/build}/lodge-guest
IMAGES=${IMAGES:-$W/state}

tenants_make() { # PROGRAM…: into their images' /bin
	d=$W/root
	mkdir -p "$d/bin" "$d/proc" "$d/sys" "$d/dev" "$d/etc" "$d/mnt" "$d/tmp" "$W/run" "$W/state" "$IMAGES"
	for program in "$(command -v busybox)" "$@"; do cp "$program" "$d/bin/"; done
	for name in sh ip mount umount nc poweroff init cat ls dd rm echo find wc stat sleep ps kill grep ln chmod head sync tail id df mkdir mknod; do
		ln -sf busybox "$d/bin/$name"
	done
	ln -sfn bin "$d/sbin"
	cat >"$d/etc/inittab" <<-'END'
	::sysinit:/etc/rc
	::respawn:/bin/nc -ll -p 22 -e /bin/sh
	::ctrlaltdel:/bin/poweroff
	END
	cat >"$d/etc/rc" <<-'END'
	#!/bin/sh
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	for word in $(cat /proc/cmdline); do case $word in LODGE_*=*) export "$word" ;; esac; done
	ip link set lo up
	ip link set vec0 up
	ip addr add $LODGE_ADDRESS/32 dev vec0
	ip route add $LODGE_GATEWAY dev vec0
	ip route add default via $LODGE_GATEWAY
	END
	chmod 755 "$d/etc/rc"
	truncate -s 32M "$IMAGES/alice.img" && mke2fs -q -t ext4 -d "$d" "$IMAGES/alice.img"
	cp --sparse=always "$IMAGES/alice.img" "$IMAGES/bob.img"
	cat >"$W/lodge.yaml" <<-YAML
	network: 192.168.77.0/24
	wan: wan
	state: $IMAGES
	run: $W/run
	guests:
	  alice: {address: 192.168.77.2, memory: 64M, disk: {image: alice.img}}
	  bob: {address: 192.168.77.3, memory: 64M, disk: {image: bob.img}}
	YAML
	for n in 2 3; do
		host ip tuntap add dev tap$n mode tap vnet_hdr
		host ip addr add 192.168.77.1/32 dev tap$n
		host ip link set tap$n up
		host ip route add 192.168.77.$n dev tap$n
	done
}

launch() { # NAME
	nsenter --net="$W/ns/host" "$GUEST" -c "$W/lodge.yaml" "$1" >>"$W/$1.log" 2>&1 &
	LAUNCHER=$!
}
word() { printf '%s\n' "$2" | socat -t 5 - "UNIX-CONNECT:$W/run/guest-$1.sock"; }
is() { word "$1" status | grep -q "\"state\":\"$2\""; }
starts() { word "$1" status | sed 's/.*"starts":\([0-9]*\).*/\1/'; }

# What root of a guest says to a line of shell.
in_guest() { # NUMBER SECONDS LINE
	printf '{ %s\n} 2>&1; exit\n' "$3" | host timeout "$2" socat -t "$2" - "TCP:192.168.77.$1:22,connect-timeout=3"
}
alice() { in_guest 2 20 "$*"; }
bob() { in_guest 3 20 "$*"; }

tenants_up() {
	launch alice
	ALICE=$LAUNCHER
	launch bob
	BOB=$LAUNCHER
	for name in alice bob; do
		within 60 is $name up || bail "$name did not come up: $(cat "$W/$name.log")"
	done
}
