# TAP for tests in sh, sourced by the lib.sh of each kind. $W/out has what the last command printed, which is shown where a test
# fails. Whoever sources this defines `step_not STATUS`: when a step passes whose pattern is `!`.
TESTS=0 FAILED=0

ok() { # STATUS TITLE
	TESTS=$((TESTS + 1))
	if [ "$1" = 0 ]; then
		echo "ok $TESTS - $2"
	else
		FAILED=$((FAILED + 1))
		echo "not ok $TESTS - $2"
		[ -s "$W/out" ] && sed 's/^/# /' "$W/out" | tail -n 40
	fi
}

# Passes when the command's output has a line of this pattern (or, for `!`, when by step_not).
step() { # TITLE PATTERN COMMAND…
	title=$1 pattern=$2
	shift 2
	"$@" >"$W/out" 2>&1
	status=$?
	if [ "$pattern" = '!' ]; then
		step_not $status
	else
		grep -qE "$pattern" "$W/out"
	fi
	ok $? "$title"
	pattern=
}

# Passes when the command succeeds.
yes() { # TITLE COMMAND…
	title=$1
	shift
	"$@" >"$W/out" 2>&1
	ok $? "$title"
	pattern=
}

# The test cannot go on; the others can, which TAP's own word for it would end, too.
bail() {
	TESTS=$((TESTS + 1))
	echo "not ok $TESTS - it cannot go on: $*" | sed '2,$s/^/# /'
	echo "1..$TESTS"
	exit 1
}

done_testing() {
	echo "1..$TESTS"
	[ $FAILED = 0 ]
	exit
}
