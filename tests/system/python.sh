# For system tests in Python: runs NAME.py beside the test in a network namespace of its own,
# and in those that it says in UNSHARE. A test is
#	# TAP: the fear it holds
#	. "$(dirname "$0")/python.sh"
cd "$(dirname "$0")/../.." || exit 1
export LODGE_BUILD="${LODGE_BUILD:-$PWD/build}"
exec unshare -n ${UNSHARE-} -- sh -c 'ip link set lo up && exec python3 "$0"' "tests/system/$(basename "$0").py"
