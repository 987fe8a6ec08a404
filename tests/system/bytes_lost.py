"""See tests/system/bytes_lost."""
from bill import *

ROUNDS, SEED = int(os.environ.get("ROUNDS", 0)), int(os.environ.get("SEED", 0)) or random.SystemRandom().randrange(1, 1 << 31)
DAY, off = 86400, 0
dice = random.Random(SEED)


def pause(most=1.0):
    time.sleep(dice.random() * most)


def step(seconds):
    with open(W + "/step", "r+b") as f:
        f.write(seconds.to_bytes(8, sys.byteorder, signed=True))


def kill_acct():
    "lodge-acct killed"
    acct.kill()
    pause()
    acct.start()


def kill_redis():
    "redis killed"
    redis.kill()
    pause()
    redis.start()


def cut_tail():
    "redis killed and the tail of its file lost"
    redis.kill()
    redis.cut(dice.randrange(1, 1 << dice.randrange(4, 18)))
    pause()
    redis.start()


def kill_both():
    "both killed"
    acct.kill()
    redis.kill()
    pause()
    for program in dice.sample((acct, redis), 2):
        program.start()
        pause()


def empty_redis():
    "redis killed and back with nothing"
    redis.kill()
    redis.empty()
    pause()
    redis.start()


def empty_in_quiet():
    "redis comes back with nothing while nobody sends, after a day has closed"
    clock()
    traffic(1.2)
    agree("before that", redis, guests, acct)
    empty_redis()
    agree("a quiet guest is told again", redis, guests, acct)


def flush_redis():
    "somebody empties redis"
    redis.ask("FLUSHALL")


def full_redis():
    "redis is full, and empty"
    redis.ask("CONFIG", "SET", "maxmemory", "1")
    redis.ask("FLUSHALL")
    pace[0] = STEADY
    told = within(5, lambda: "OOM" in acct.status()["redis"]["error"] and acct.status()["redis"]["untold"] > 0)
    ok(told, "status says that redis is full", acct.status()["redis"])
    kill_acct()
    within(5, lambda: "OOM" in acct.status()["redis"]["error"])
    redis.ask("CONFIG", "SET", "maxmemory", "0")


def deaf_redis():
    "redis does not answer for a while"
    redis.p.send_signal(signal.SIGSTOP)
    time.sleep(5 + dice.random() * 2)
    redis.p.send_signal(signal.SIGCONT)


def new_tap():
    "a tap deleted and made again"
    guest = dice.choice(guests)
    guest.delete_tap()
    pause(0.5)
    guest.make_tap()


def new_tap_without_redis():
    "a tap deleted and made again, and both killed"
    redis.kill()
    new_tap()
    within(5, lambda: " gone; its last counters are in" in acct.log())
    time.sleep(1.5)  # the journal's second
    acct.kill()
    redis.start()
    acct.start()


def reboot():
    "a guest rebooted"
    guest = dice.choice(guests)
    guest.halt()
    pause()
    guest.boot()


def overrun():
    "lodge-acct stopped until its ring is full"
    acct.signal(signal.SIGSTOP)
    was = sum(kernel(g)[1] + kernel(g)[3] for g in guests)
    pace[0] = FLOOD
    within(5, lambda: sum(kernel(g)[1] + kernel(g)[3] for g in guests) - was > 150000)
    acct.signal(signal.SIGCONT)
    ok(within(5, lambda: acct.status()["capture"]["ps_drop"] > 0), "the ring was full", acct.status()["capture"])


def empty_and_clock():
    "redis comes back with nothing after the clock was set"
    clock()
    pause()
    empty_redis()


def clock():
    "the clock set by a day"
    global off
    off = dice.choice([seconds for seconds in (-DAY, 0, DAY) if seconds != off])
    step(off)


def fill():
    """No room is left, and none in the half of the journal that is to be written next, which has the lower number: it is
    written in place."""
    acct.signal(signal.SIGSTOP)
    half = min((acct.state + "/acct/totals" + end for end in (".a", ".b")), key=lambda path: open(path, "rb").read(24)[:15:-1])
    run("fallocate", "--punch-hole", "-o", "0", "-l", str(1 << 20), half)
    with open(acct.state + "/filler", "wb", buffering=0) as f:
        try:
            while True:
                f.write(bytes(4096))
        except OSError:
            pass
    acct.signal(signal.SIGCONT)
    pace[0] = STEADY
    full = within(5, lambda: acct.status()["journal"]["state"] == "in memory only")
    ok(full, "status says that the disk is full", acct.status()["journal"])


def full_disk():
    "the journal's disk is full"
    fill()
    pause()
    if dice.random() < 0.5:
        kill_acct()
        pause()
    os.unlink(acct.state + "/filler")


def full_disk_killed():
    "a tap deleted on a full disk, which redis alone knows of, and lodge-acct killed"
    fill()
    new_tap()
    traffic(1)
    agree("redis is told on a full disk", redis, guests, acct)
    acct.kill()
    traffic(0.5)
    os.unlink(acct.state + "/filler")
    acct.start()


def older():
    """Redis is down and knows more than the journal."""
    old = W + "/old"
    run("rm", "-rf", old)
    acct.kill()
    run("cp", "-a", acct.state + "/acct", old)
    acct.start()
    new = dice.random() < 0.3  # the life that redis knows is not the journal's
    if new:
        new_tap()
    traffic(0.5)
    agree("before an older journal comes back", redis, guests, acct)
    acct.kill()
    redis.kill()
    run("rm", "-rf", acct.state + "/acct")
    run("cp", "-a", old, acct.state + "/acct")
    acct.start()


def old_journal():
    "an older journal comes back while redis is down, and taps end before it answers"
    older()
    for _ in range(dice.randrange(1, 4)):
        traffic(0.3 + dice.random())
        new_tap()
        if dice.random() < 0.4:
            time.sleep(1.5)  # the journal's second
            acct.kill()
            acct.start()
    within(5, lambda: acct.status()["redis"]["untold"] > 0)
    redis.start()


def file_of(*some):
    """From here on by a file with these guests."""
    with open(acct.yaml) as f:
        head = f.read().split("guests:\n")[0]
    with open(acct.yaml, "w") as f:
        f.write(head + "guests:\n" + "".join("  %s: {address: %s}\n" % (g.name, g.ip) for g in some))
    acct.signal(signal.SIGHUP)
    within(5, lambda: set(acct.status()["guests"]) == {g.name for g in some})


def nobody_looks():
    "an older journal comes back while redis is down, a tap ends that nobody looks at, and a guest leaves the file for a while"
    older()
    traffic(0.5)
    pace[0] = QUIET
    time.sleep(1.5)  # the journal's second
    file_of(guests[1])
    acct.kill()
    guests[1].delete_tap()
    guests[1].make_tap()
    was = acct.log().count("goes on from what redis holds")
    acct.start()
    traffic(0.5)
    redis.start()
    ok(within(10, lambda: acct.log().count("goes on from what redis holds") == was + 2), "both go on from there", acct.log()[-1500:])
    file_of(*guests)


FAULTS = (kill_acct, kill_redis, cut_tail, kill_both, empty_redis, empty_in_quiet, flush_redis, full_redis, deaf_redis, new_tap, new_tap_without_redis,
          reboot, overrun, clock, empty_and_clock, full_disk, full_disk_killed, old_journal,
          nobody_looks)
SHORT = (kill_both, full_disk_killed, old_journal, nobody_looks, cut_tail, new_tap_without_redis, empty_in_quiet, full_redis, overrun)

print("# SEED=%d" % SEED, flush=True)
guests = begin("alice", "bob")
run("cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-o", W + "/step.so", "tests/system/clock_step.c", "-ldl")
with open(W + "/step", "wb") as f:
    f.write(bytes(8))
redis = Redis("redis")
acct = Acct("unix:" + redis.sock, guests, clock=W + "/step")
traffic(1)
agree("traffic without a fault", redis, guests, acct)
ok(all(min(kernel(g)) > 100 for g in guests), "there was some, both ways", *map(kernel, guests))

for number in range(ROUNDS or len(SHORT)):
    fault = dice.choice(FAULTS) if ROUNDS else SHORT[number]
    traffic(0.2 + dice.random() * 0.6)
    fault()
    traffic(dice.random() * 0.6, dice.choice((STEADY, STEADY, QUIET)))
    if not agree("round %d: %s" % (number + 1, fault.__doc__), redis, guests, acct):
        print("# again with SEED=%d" % SEED)
        break
trouble = acct.status()["trouble"]
ok(trouble["counters_fell"] == 0 and trouble["ends_missed"] == 0, "no end of a tap was missed", trouble)
ok(acct.stop() == 0, "lodge-acct ends well")
done()
