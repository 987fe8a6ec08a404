# For system tests: TAP, and the world of pkg/world.sh around it. A test begins with
#	# TAP: the fear it holds
#	. "$(dirname "$0")/lib.sh"
# and from there on runs in namespaces of its own. It ends with `done_testing`.
UP=../..
. "$(dirname "$0")/../../pkg/world.sh"
if [ "${IN_WORLD-}" != yes ]; then
	IN_WORLD=yes
	export IN_WORLD
	world_enter "$0" "$@"
fi

. "$TOP/tests/tap.sh"
step_not() { [ "$1" != 0 ]; } # the command failed

# What it prints, for step, where it exits so; else only how it ended.
says() { # STATUS COMMAND…
	want=$1
	shift
	printed=$("$@" 2>&1)
	status=$?
	if [ $status = "$want" ]; then
		printf '%s\nexit as documented\n' "$printed"
	else
		echo "exit $status, not $want"
	fi
}

# Retries a command each tenth of a second until it succeeds or the seconds are over.
within() { # SECONDS COMMAND…: four times that on a busy machine, which costs only what fails
	patience=$(($(date +%s) + 4 * $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $patience ] || {
			echo "# waited in vain for: $*" >&2
			return 1
		}
		sleep 0.1
	done
}

# Those that launchers made for the guests of one lodge, known by the number of the folder in it.
cgroups() { # RUN GUEST
	mark=$(stat -c '%d %i' "$1/guests" | { read -r device inode; printf '%x.%x' "$device" "$inode"; })
	find /sys/fs/cgroup -type d -name "lodge-guest-$2-$mark" 2>/dev/null
}

cleanup() {
	status=$?
	trap '' INT TERM HUP
	[ -n "${UP_PID-}" ] && lodge_down
	# Of a launcher that the test killed; not of one that ends with these namespaces.
	[ -d "${W-}/run/guests" ] && cgroups "$W/run" '*' | xargs -r rmdir 2>/dev/null
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
