# For system tests: a guest's whole life, as its owner and its tenant see it, in one piece. Sourced after lib.sh and
# world_make; $STATE may hold a base that is kept.
#
# story GUEST DOMAIN OPTION…: create with these options; ssh with the key; its web server over the proxy, http by Host
# and https by SNI; reboot inside; stop; start; backup; destroy; restore; ssh and web again.
# story_web GUEST is called once it can be logged into, to give it a web server that answers with its name; the small
# guest has one.

story_file() { # the file before anybody lives there
	cat >"$W/lodge.yaml" <<-YAML
	network: 192.168.77.0/24
	wan: wan
	state: $W/state
	run: $W/run
	redis: private
	reserve: [22]
	include: guests.d/*.yaml
	YAML
	mkdir -p "$W/state" "$W/guests.d" "$W/save"
}

story_ssh() { client $SSH -p "$PORT" root@host "$@"; }
story_banner() { client sh -c "timeout 5 nc -w 5 host $PORT </dev/null" | grep -q '^SSH-'; }
story_http() { client curl -s --max-time 10 "http://$DOMAIN/"; }
story_https() { client curl -sk --max-time 10 "https://$DOMAIN/"; }
story_boot() { story_ssh cat /proc/sys/kernel/random/boot_id; }
story_rebooted() { now=$(story_boot) && [ -n "$now" ] && [ "$now" != "$BOOT" ]; }
story_serves() { # WHEN
	yes "$1: ssh, with the key" within 60 story_ssh true
	step "$1: its web server by Host" "^$NAME$" story_http
	step "$1: and by SNI" "^$NAME$" story_https
}
tenths() { echo $((($(date +%s%N) - $1) / 100000000)); }
second() { echo "$(($1 / 10)).$(($1 % 10))"; }

story() { # GUEST DOMAIN OPTION…
	NAME=$1 DOMAIN=$2
	shift 2
	begin=$(date +%s%N)
	step "$NAME: lodge guest create, in one command" "^ssh -p [0-9]+ root@$DOMAIN$" \
		lodge guest create "$NAME" --domain "$DOMAIN" --ssh-key "$W/key.pub" "$@"
	PORT=$(sed -n "s/^ssh -p \([0-9]*\) .*/\1/p" "$W/out")
	made=$(tenths "$begin")
	yes "$NAME: comes up unasked" within 90 story_banner
	banner=$(tenths "$begin")
	echo "# $NAME, $*: $(second "$banner") s to the SSH banner, $(second "$made") of them to make it"
	yes "$NAME: ssh, with the key" within 30 story_ssh true
	step "$NAME: it is who it should be" "^$NAME$" story_ssh cat /etc/hostname
	story_web
	story_serves "$NAME"
	yes "$NAME: the tenant writes something" story_ssh 'echo mine >/root/mine && sync'
	fingerprint=$(client ssh-keyscan -t ed25519 -p "$PORT" host 2>/dev/null)

	BOOT=$(story_boot)
	story_ssh reboot >/dev/null 2>&1
	yes "$NAME: a reboot inside is a new boot" within 120 story_rebooted
	story_serves "$NAME, rebooted"

	yes "$NAME: stop" lodge guest stop "$NAME"
	step "$NAME: is stopped" "^$NAME +stopped" lodge status
	step "$NAME: its name answers 503 meanwhile" ' 503 ' client curl -si --max-time 10 "http://$DOMAIN/"
	yes "$NAME: start" lodge guest start "$NAME"
	story_serves "$NAME, started"

	yes "$NAME: backup" lodge guest backup "$NAME" "$W/save/$NAME"
	story_ssh 'echo later >/root/mine' 2>/dev/null
	yes "$NAME: destroy" lodge guest destroy --yes "$NAME"
	yes "$NAME: nothing of it is left" sh -c "! ls '$W/state/$NAME.img' '$W/guests.d/$NAME.yaml' 2>/dev/null | grep ."
	step "$NAME: its name is nobody's" ' 421 ' client curl -si --max-time 10 "http://$DOMAIN/"
	yes "$NAME: restore" lodge guest restore "$W/save/$NAME"
	story_serves "$NAME, restored"
	step "$NAME: with what was its tenant's when it was saved" '^mine$' story_ssh cat /root/mine
	[ -n "$fingerprint" ] && [ "$(client ssh-keyscan -t ed25519 -p "$PORT" host 2>/dev/null)" = "$fingerprint" ]
	ok $? "$NAME: and its own host key"
	echo "# $NAME: all of it in $(second "$(tenths "$begin")") s"
}
