# For system tests of one launcher and its guest: the smallest image there is, and what asks it.

GUEST=${LODGE_BUILD:-$TOP/build}/lodge-guest
IP=192.168.77.2

# A root of busybox alone: a shell on port 22, network from the kernel's words, ctrl-alt-del powers off.
make_image() { # FILE [COMMAND]: the last of its boot; SIZE, and PROGRAMS for its /bin, may be set
	d=$W/root
	mkdir -p "$d/bin" "$d/proc" "$d/sys" "$d/dev" "$d/etc" "$d/mnt" "$d/tmp"
	for program in "$(command -v busybox)" ${PROGRAMS-}; do cp "$program" "$d/bin/"; done
	for name in sh ip mount umount nc poweroff reboot init cat ls dd ln mv rm echo touch wc stty mkdir mknod sync sleep find \
		stat ps kill grep chmod head tail id df; do
		ln -sf busybox "$d/bin/$name"
	done
	ln -sfn bin "$d/sbin"
	cat >"$d/etc/inittab" <<-'END'
	::sysinit:/etc/rc
	::respawn:/bin/nc -ll -p 22 -e /bin/sh
	::ctrlaltdel:/bin/poweroff
	tty0::respawn:/bin/sh
	END
	cat >"$d/etc/rc" <<-END
	#!/bin/sh
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	for word in \$(cat /proc/cmdline); do case \$word in LODGE_*=*) export "\$word" ;; esac; done
	ip link set lo up
	ip link set vec0 up
	ip addr add \$LODGE_ADDRESS/32 dev vec0
	ip route add \$LODGE_GATEWAY dev vec0
	ip route add default via \$LODGE_GATEWAY
	${2-[ -w /proc/mconsole ] && echo up >/proc/mconsole}
	END
	chmod 755 "$d/etc/rc"
	truncate -s "${SIZE-16M}" "$1" && mke2fs -q -t ext4 -d "$d" "$1"
}

make_tap() { # NAME ADDRESS
	host ip tuntap add dev "$1" mode tap vnet_hdr
	host ip addr add 192.168.77.1/32 dev "$1"
	host ip link set "$1" up
	host ip route add "$2" dev "$1"
}

launch() { # NAME
	nsenter --net="$W/ns/host" "$GUEST" -d -c "$W/lodge.yaml" "$1" >>"$W/$1.log" 2>&1 &
	LAUNCHER=$!
}

word() { printf '%s\n' "$2" | socat -t 5 - "UNIX-CONNECT:$W/run/guest-$1.sock"; }
is() { word "$1" status | grep -q "\"state\":\"$2\""; }
starts() { word "$1" status | sed 's/.*"starts":\([0-9]*\).*/\1/'; }
has() { word "$1" status | grep -qE "$2"; }
inside() { printf '%s\n' "$*" | host timeout 20 socat -t 10 - "TCP:$IP:22"; }
refused() { # FILE NAME: the launcher's words and its exit status
	host timeout 5 "$GUEST" -c "$1" "$2"
	echo "exit $?"
}
kernel_pid() {
	reaper=$(cat "/proc/$1/task/$1/children")
	for pid in $(cat "/proc/${reaper% }/task/${reaper% }/children"); do echo "$pid"; done
}

