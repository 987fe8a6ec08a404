# For system tests of lodge-acct beside lodge-natd (natd.sh): lodge-acct with a clock that the test sets, and a Redis.

ACCT=${LODGE_BUILD:-$TOP/build}/lodge-acct
SOCK=$W/redis.sock

make_clock() {
	cc -std=gnu11 -D_GNU_SOURCE -O1 -shared -fPIC -o "$W/step.so" "$TOP/tests/system/clock_step.c" -ldl || bail 'clock_step.c does not compile'
	head -c 8 /dev/zero >"$W/step"
}
set_clock() { # SECONDS since 1970, which it is now
	python3 -c "import sys; open('$W/step', 'r+b').write(($1 - $(date +%s)).to_bytes(8, sys.byteorder, signed=True))"
}

start_redis() {
	mkdir -p "$W/db"
	redis-server --port 0 --unixsocket "$SOCK" --unixsocketperm 777 --save '' --dir "$W/db" >"$W/redis.log" 2>&1 &
	REDIS=$!
	within 5 redis-cli -s "$SOCK" ping
}
start_acct() {
	nsenter --net="$W/ns/host" env LD_PRELOAD="$W/step.so" CLOCK_STEP="$W/step" \
		"$ACCT" -c "$W/lodge.yaml" >>"$W/acct.log" 2>&1 &
	ACCT_PID=$!
	within 5 acct_status
}
acct_status() { echo status | socat -t2 - "UNIX-CONNECT:$W/run/acct.sock"; }
acct_kill() {
	kill -9 $ACCT_PID
	wait $ACCT_PID 2>/dev/null
}
