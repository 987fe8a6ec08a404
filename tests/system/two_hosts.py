"""See tests/system/two_hosts: two lodge-acct, one after the other, with direction: max and a quota."""
from bill import *

QUOTA = 2000000


class Host(Acct):
    @staticmethod
    def conf(redis, guests, host):
        path = Acct.conf(redis, guests, host)
        text = open(path).read().replace("count: wire, scope: wan, direction: both", "count: tap, scope: all, direction: max")
        text = text.replace("2}", "2, quota: {month: %dMB, then: throttle 1Mbit}}" % (QUOTA // 1000000))
        open(path, "w").write(text)
        return path


def send(n):
    """So many bytes and more to alice, who says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for _ in range(n // 1000 + 1):
            s.sendto(bytes(1000), (alice.ip, 9))
            time.sleep(0.0005)


def period():
    return next((redis.hash(key) for key in redis.keys("lodge:{alice}:m:*")), {})


def numbers(*fields):
    held = period()
    return [int(held.get(field, 0)) for field in fields]


def wrong():
    to, by, billed = numbers("billable_to_guest", "billable_from_guest", "billed")
    return faults(redis, alice) + slot_faults(redis, alice) + ([] if billed == max(to, by) else ["billed %d for %d and %d" % (billed, to, by)])


def quota(acct):
    return acct.status()["guests"]["alice"]["quota"]


alice, = guests = begin("alice")
redis = Redis("redis")
one = Host("unix:" + redis.sock, guests, host="one")
send(300000)
agree("on the first host", redis, guests, one, check=wrong)
to, by, billed = numbers("to_guest", "from_guest", "billed")
ok(to > 300000 > 10 * by and billed == to, "most of it was to the guest", to, by, billed)
ok(one.stop() == 0, "she leaves it")
alice.delete_tap()
alice.make_tap()
two = Host("unix:" + redis.sock, guests, host="two")
traffic(0.2)
agree("on the second one she is billed for the larger direction of both together", redis, guests, two, check=wrong)
if numbers("from_guest")[0] < to:
    ok(numbers("billed") == numbers("to_guest"), "which is still the same one", period())
for _ in range(100):
    to, by = numbers("to_guest", "from_guest")
    if by > to + 50000:
        break
    traffic(0.2)
    pace[0] = QUIET
    within(5, lambda: not wrong())
agree("and when the other one outgrows it, by what is more", redis, guests, two, check=wrong)
to, by, billed = numbers("to_guest", "from_guest", "billed")
ok(billed == by > to, "which is the larger one now", to, by, billed)

own = int(redis.hash(next(iter(redis.keys("lodge:src:two:{alice}:m:*"))))["billed"])
ok(0 < own < billed, "this host alone has less", own, billed)
ok(within(5, lambda: quota(two)["used"] == billed), "of the quota is used what both hosts billed", quota(two), billed)
for _ in range(50):
    if numbers("billed")[0] >= QUOTA:
        break
    traffic(0.2)
    pace[0] = QUIET
    within(5, lambda: not wrong())
ok(within(5, lambda: quota(two)["told"] == 100 and quota(two)["curb"] == "throttle"), "which uses it up", quota(two))
ok(int(redis.hash(next(iter(redis.keys("lodge:src:two:{alice}:m:*"))))["billed"]) < QUOTA, "though neither host alone would")
used = quota(two)["used"]
two.kill()
redis.kill()
two.start()
ok(quota(two)["used"] == used and quota(two)["curb"] == "throttle", "started again without redis, it knows", quota(two), used)
redis.start()
two.kill()
shutil.rmtree(two.state + "/acct")
two.start()
ok(within(10, lambda: quota(two)["used"] == used), "and without a journal from redis", quota(two), used)
two.kill()
shutil.rmtree(two.state + "/acct")
sum_key = next(iter(redis.keys("lodge:{alice}:m:*")))
redis.ask("HSET", sum_key, "packets_to_guest", "none of ours")
two.start()
traffic(0.2)
agree("what is no number in the sum of all hosts stops nobody", redis, guests, two, check=wrong)
other = next(iter(redis.keys("lodge:src:one:{alice}:m:*")))
was = redis.hash(other)["billed"]
redis.ask("HSET", other, "billed", "1" + 30 * "0")
traffic(0.2)
pace[0] = QUIET
told = two.status()["redis"]["acknowledged"]
ok(within(10, lambda: two.status()["redis"]["acknowledged"] > told and two.status()["redis"]["untold"] == 0), "nor does one of another host that is none",
   two.status()["redis"])
redis.ask("HSET", other, "billed", was)
traffic(0.2)
agree("and goes on", redis, guests, two, check=wrong)
ok(two.stop() == 0, "it ends well")
done()
