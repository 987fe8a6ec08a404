"""See tests/system/redis_acl: two hosts that count for the same guests, each as the user that lodge-keys(7) gives it."""
from bill import *

KEYS = open("ledger/lodge-keys.7").read()


def rule(user, host=""):
    """The words of the manual's ACL SETUSER, for this host."""
    text = KEYS[KEYS.index("ACL SETUSER " + user):]
    words = text[:text.index(".Ed")].replace("\\\n", " ").replace("\\e\n", " ").split()
    return [w.replace("HOST", host).replace("PASSWORD", "secret-" + (host or "reader")) for w in words]


def refused(title, *words, user="lodge-one", password="secret-one", why="NOPERM"):
    answer = redis.ask(*words, auth=(user, password))
    return ok(isinstance(answer, str) and why in answer, title, answer)


def wrong():
    """The sums are what both hosts counted."""
    redis.auth = ADMIN
    return [w for guest in guests for w in faults(redis, guest, times=2) + slot_faults(redis, guest)]


ADMIN = ("admin", "key")
guests = begin("alice", "bob")
redis = Redis("redis", port=7001)
for words in (["ACL", "SETUSER", "admin", "on", ">key", "allcommands", "allkeys", "allchannels"], rule("lodge-HOST", "one"), rule("lodge-reader"),
              ["ACL", "SETUSER", "default", "off"]):
    ok(redis.ask(*words) == "OK", " ".join(words))
redis.auth = ADMIN
one = Acct("redis://lodge-one:secret-one@127.0.0.1:7001", guests, host="one")
two = Acct("redis://lodge-two:secret-two@127.0.0.1:7001", guests, host="two")
ok(within(5, lambda: "WRONGPASS" in two.status()["redis"]["error"]), "who is not let in is told so", two.status()["redis"])
traffic(1)
redis.ask(*rule("lodge-HOST", "two"))
agree("each host does its work as its own user, and the sums are of both", redis, guests, one, two, check=wrong)
ok(two.status()["redis"]["error"] == "" and one.status()["redis"]["failed"] == 0, "and is refused nothing", one.status(), two.status())
ok(redis.ask("SMEMBERS", "lodge:{alice}:hosts") and set(redis.ask("SMEMBERS", "lodge:{alice}:hosts")) == {"one", "two"}, "both are named")
meta = redis.hash("lodge:{alice}:meta")
ok(meta.get("tap") == "tap2" and set(redis.ask("SMEMBERS", "lodge:guests")) == {"alice", "bob"}, "what hangs on a guest is there", meta)
redis.ask("SCRIPT", "FLUSH")
traffic(0.5)
agree("a lost script is given again", redis, guests, one, two, check=wrong)
for acct in one, two:
    acct.kill()
shutil.rmtree(two.state + "/acct")
for acct in one, two:
    acct.start()
traffic(0.5)
agree("a host without a journal asks what it wrote", redis, guests, one, two, check=wrong)
ok("goes on from what redis holds" in two.log(), "and may read it", two.log())

theirs, own, sums = "lodge:src:two:{alice}:cur", "lodge:src:one:{alice}:cur", "lodge:{alice}:cur"
redis.ask("SET", "else", "1")
refused("it cannot write another's numbers", "HSET", theirs, "to_guest", "1")
refused("nor add to another's log", "XADD", "lodge:src:two:{alice}:log", "*", "event", "hour")
refused("nor let them expire", "EXPIRE", theirs, "1")
refused("nor its own", "DEL", own, why="NOPERM")
refused("it cannot delete the sums", "DEL", sums)
refused("nor what is not lodge's", "HSET", "else", "a", "1")
refused("nor read that", "HGET", "else", "a")
refused("it cannot empty the server", "FLUSHALL")
refused("nor its database", "FLUSHDB")
refused("nor configure it", "CONFIG", "SET", "maxmemory", "1")
refused("nor look at its configuration", "CONFIG", "GET", "*")
refused("nor stop it", "SHUTDOWN", "NOSAVE")
refused("nor give itself more", "ACL", "SETUSER", "lodge-one", "allkeys")
refused("nor list keys", "KEYS", "*")
refused("nor move the server", "REPLICAOF", "127.0.0.1", "1")
refused("nor take a script from another", "SCRIPT", "FLUSH")
refused("a script of its own has no other right: another's numbers", "EVAL", "return redis.call('HSET', '%s', 'to_guest', '1')" % theirs, "1", sums,
        why="can't")
refused("… named as a key", "EVAL", "return 1", "1", theirs)
refused("… the whole server", "EVAL", "return redis.call('FLUSHALL')", "0", why="can't")
refused("… a deletion", "EVAL", "return redis.call('DEL', KEYS[1])", "1", own, why="can't")
refused("without a password nobody comes in", "HGET", sums, "billed", user="default", password="x", why="WRONGPASS")
traffic(0.3)
agree("nothing of it changed a number", redis, guests, one, two, check=wrong)

reader = Acct.conf("redis://lodge-reader:secret-reader@127.0.0.1:7001", guests, host="reader")
shown = subprocess.run([BUILD + "/lodge", "-c", reader, "usage", "-j"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
billed = redis.hash(sums)["billed"]
ok(billed in shown, "lodge usage reads as the reader", shown, billed)
refused("who writes nothing", "HSET", sums, "billed", "0", user="lodge-reader", password="secret-reader")

redis.auth = ADMIN
redis.ask("ACL", "SETUSER", "default", "on", "resetpass", ">only", "allkeys", "allcommands")
three = Acct("redis://:only@127.0.0.1:7001", guests, host="three")
traffic(0.5)
agree("a password alone does, too", redis, guests, three, check=lambda: [w for g in guests for w in faults(redis, g, times=3)])
ok([acct.stop() for acct in (one, two, three)] == [0, 0, 0], "all end well")
done()
