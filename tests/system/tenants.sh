# For system tests of what one tenant can do to another and to the host: alice and bob, two real guests, each with a root
# shell on port 22 and a disk of 32 MiB, launched by hand. A test may set IMAGES, a folder for the images.

. "$TOP/tests/system/smallest.sh"
IMAGES=${IMAGES:-$W/state}

tenants_make() { # PROGRAM…: into their images' /bin
	mkdir -p "$W/run" "$W/state" "$IMAGES"
	PROGRAMS=$* SIZE=32M
	make_image "$IMAGES/alice.img"
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
	make_tap tap2 192.168.77.2
	make_tap tap3 192.168.77.3
}

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
