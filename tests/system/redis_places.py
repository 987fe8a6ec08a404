"""See tests/system/redis_places: several places in the file, of servers alone and of a cluster; a password over a socket; names."""
import urllib.request
from bill import *


def lodge(yaml):
    return subprocess.run([BUILD + "/lodge", "-c", yaml, "usage", "-j"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def of(acct):
    return acct.status()["redis"]


def shown(title, server, acct):
    cur = server.hash("lodge:{alice}:cur")
    said = lodge(acct.yaml)
    ok(cur.get("billed") and cur["billed"] in said, title, said, cur)


def children(acct):
    """The states of its children."""
    states = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            state, parent = open(path).read().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue
        states += state if int(parent) == acct.p.pid else ""
    return states


def page_of(acct):
    """lodge-web beside it, and how to ask it."""
    with open(acct.yaml, "a") as f:
        f.write("web: {listen: 127.0.0.1:8077}\n")
    key = subprocess.run([BUILD + "/lodge", "-c", acct.yaml, "link", "--owner"], capture_output=True, text=True).stdout.rsplit("/", 1)[-1].strip()
    subprocess.Popen([BUILD + "/lodge-web", "-c", acct.yaml], stderr=open(acct.dir + "/web.log", "w"))
    ask = urllib.request.Request("http://127.0.0.1:8077/api/v1/guests", headers={"Authorization": "Bearer " + key})

    def get():
        try:
            return urllib.request.urlopen(ask, timeout=20).read().decode()
        except OSError as why:
            return str(why)

    return get


def shown_by_page(title, server):
    def same():
        billed = server.hash("lodge:{alice}:cur").get("billed")
        return billed and billed in page()

    ok(within(30, same), title, server.hash("lodge:{alice}:cur"), page())


guests = begin("alice")
alice = guests[0]

# --- a password over a socket ------------------------------------------------------------------------------------------

locked = Redis("locked")
for words in (["ACL", "SETUSER", "lodge@1", "on", ">p/w:%", "allcommands", "allkeys"], ["ACL", "SETUSER", "default", "off"]):
    ok(locked.ask(*words) == "OK", " ".join(words))
locked.auth = ("lodge@1", "p/w:%")
acct = Acct("unix://lodge%401:p%2Fw%3A%25@" + locked.sock, guests)
traffic(0.5)
agree("user and password over a socket", locked, guests, acct)
shown("lodge usage reads there", locked, acct)
acct.stop()
other = Acct.conf("unix://lodge%401:wrong@" + locked.sock, guests, "other")
said = lodge(other)
ok("WRONGPASS" in said and "wrong@" not in said, "a wrong one is told, and not shown", said)
locked.kill()

# --- servers alone: the first that answers -----------------------------------------------------------------------------

first, second = Redis("first", port=7101), Redis("second")
first.kill()
acct = Acct("[redis://127.0.0.1:7101, 'unix:%s']" % second.sock, guests, host="two")
traffic(0.5)
agree("the first is down at the start: the second is told", second, guests, acct)
page = page_of(acct)
shown("and asked", second, acct)
for words in ("link add swallow type veth peer name swallowed", "link set swallow arp off up", "link set swallowed arp off up",
              "addr add 192.0.2.1/24 dev swallow"):
    subprocess.run(["ip", *words.split()], check=True)
many = ", ".join("redis://192.0.2.%d:7101" % (n + 2) for n in range(15))
many = Acct.conf("[%s, 'unix:%s']" % (many, second.sock), guests, "many")
before, said = time.time(), lodge(many)
took, billed = time.time() - before, second.hash("lodge:{alice}:cur").get("billed")
ok(billed and billed in said, "behind fifteen places that swallow what they are sent it is found", said)
ok(1 < took < 10, "and nobody waits two seconds for each", took)
subprocess.run(["ip", "link", "del", "swallow"], check=True)
shown_by_page("who reads for long asks the second, too", second)
first.start()
traffic(0.5)
agree("the first, once it is there, is told everything", first, guests, acct)
shown("and asked before the second", first, acct)
shown_by_page("also by who reads for long", first)
first.p.send_signal(signal.SIGSTOP)
traffic(0.5)
agree("asleep, it hides the second for some seconds only", second, guests, acct)
shown("and the second is asked", second, acct)
first.p.send_signal(signal.SIGCONT)
traffic(0.3)
agree("awake, it is told again", first, guests, acct)
first.ask("REPLICAOF", "127.0.0.1", "1")
traffic(0.3)
agree("a replica, which takes nothing, hides it no longer", second, guests, acct)
first.ask("REPLICAOF", "NO", "ONE")
second.ask("REPLICAOF", "127.0.0.1", "1")
traffic(0.3)
agree("promoted, it is told again once the other is a replica, though no connection was lost", first, guests, acct)
second.ask("REPLICAOF", "NO", "ONE")
first.ask("REPLICAOF", "127.0.0.1", "1")
traffic(0.3)
agree("and the other way round", second, guests, acct)
first.ask("REPLICAOF", "NO", "ONE")
second.kill()
traffic(0.3)
agree("and is told again when it is none, and the other is gone", first, guests, acct)
first.kill()
ok(within(10, lambda: "connect" in of(acct)["error"].lower()), "none is there, which is told", of(acct))
traffic(0.3)
second.start()
agree("whichever comes back first is told", second, guests, acct)
acct.stop()
second.kill()

# --- a cluster whose first node is down at the start -------------------------------------------------------------------

OPTIONS = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--cluster-require-full-coverage", "no")
nodes = [Redis("node%d" % port, *OPTIONS, "--cluster-config-file", W + "/nodes%d" % port, port=port) for port in (7001, 7002, 7003)]
for node, slots in zip(nodes, (("0", "9"), ("10", "8000"), ("8001", "16383"))):
    node.ask("CLUSTER", "ADDSLOTSRANGE", *slots)
for node in nodes[1:]:
    node.ask("CLUSTER", "MEET", "127.0.0.1", "7001")
if not within(20, lambda: all("cluster_known_nodes:3\r" in n.ask("CLUSTER", "INFO") and "cluster_state:ok" in n.ask("CLUSTER", "INFO") for n in nodes)):
    bail("no cluster: " + nodes[0].ask("CLUSTER", "NODES"))
home = nodes[1 if int(nodes[0].ask("CLUSTER", "KEYSLOT", "alice")) <= 8000 else 2]
nodes[0].kill()
acct = Acct("[redis://127.0.0.1:7001, redis://127.0.0.1:7002, redis://127.0.0.1:7003]", guests, host="three")
traffic(0.5)
agree("a cluster whose first node is down at the start is found by the others", home, guests, acct, check=lambda: faults(home, alice))
shown("by lodge, too", home, acct)
acct.stop()
for node in nodes[1:]:
    node.kill()


# --- more nodes than there is room for ---------------------------------------------------------------------------------

def many(port, n, node):
    """Says that it is one of n nodes from that port on, and takes whatever is written."""
    s = socket.create_server(("127.0.0.1", node))

    def reply(words):
        if words[0] == b"CLUSTER":
            return b"*%d\r\n" % n + b"".join(b"*3\r\n:%d\r\n:%d\r\n*2\r\n$9\r\n127.0.0.1\r\n:%d\r\n" % (i * 16, i * 16 + 15 if i < n - 1 else 16383, port + i)
                                            for i in range(n))
        if words[0] == b"SCRIPT":
            return b"$40\r\n" + b"a" * 40 + b"\r\n"
        if words[0] in (b"HGETALL", b"HGET"):
            return b"*0\r\n" if words[0] == b"HGETALL" else b"$-1\r\n"
        return b"$7\r\n0 0 0 0\r\n" if words[0] in (b"EVAL", b"EVALSHA") else b"+OK\r\n"

    def serve(c):
        f = c.makefile("rb")
        while line := f.readline():
            words = []
            for _ in range(int(line[1:])):
                words.append(f.read(int(f.readline()[1:]) + 2)[:-2])
            c.sendall(reply(words))

    while True:
        threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()


for node in range(7200, 7270):
    threading.Thread(target=many, args=(7200, 70, node), daemon=True).start()
acct = Acct("redis://127.0.0.1:7200", guests, host="four")
ok(within(10, lambda: of(acct)["nodes_full"] >= 6), "of 70 nodes six find no room, which is counted", of(acct))
ok(within(5, lambda: "no room for node" in acct.log()), "and told", of(acct), acct.log())
traffic(0.3)
ok(within(10, lambda: of(acct)["acknowledged"] > 0), "the others are written to", of(acct))
acct.stop()

# --- names ---------------------------------------------------------------------------------------------------------------

deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # a name server that never answers
deaf.bind(("127.0.0.1", 53))
with open(W + "/resolv.conf", "w") as f:
    f.write("nameserver 127.0.0.1\noptions timeout:30\n")
with open(W + "/hosts", "w") as f:
    f.write("127.0.0.9 redis.home\n127.0.0.1 redis.home localhost\n")
with open(W + "/nsswitch.conf", "w") as f:
    f.write("hosts: files dns\n")
for name in "resolv.conf", "hosts", "nsswitch.conf":
    if not os.path.exists("/etc/" + name):
        open("/etc/" + name, "w").close()
    run("mount", "--bind", W + "/" + name, "/etc/" + name)
named = Redis("named", port=7301)
acct = Acct("redis://redis.home:7301", guests, host="five")
traffic(0.5)
agree("a host by name, though the first of its addresses is nobody's", named, guests, acct)
ok(within(5, lambda: not children(acct)), "nothing is left of those that looked it up", children(acct))
acct.stop()

with open(acct.yaml) as f:
    text = f.read()
with open(acct.yaml, "w") as f:
    f.write(text.replace("redis.home", "nowhere.example"))
acct.start()
traffic(0.5)
pace[0] = QUIET
slowest, came = 0, False
for _ in range(80):
    began = time.monotonic()
    status = acct.status()
    slowest = max(slowest, time.monotonic() - began)
    came = came or [status["guests"]["alice"][field] for field in TOTALS] == kernel(alice)
    if "name server" in status["redis"]["error"]:
        break
    time.sleep(0.1)
ok("no name server tells the address of nowhere.example" in status["redis"]["error"], "no name server answers: it is told", status["redis"])
ok(slowest < 2.5, "it answers meanwhile", slowest)
ok(came, "and counts", status["guests"], kernel(alice))
ok(len(children(acct)) <= 3 and "Z" not in children(acct), "few look it up at a time", children(acct))
acct.kill()
acct.start()  # which looks again
ok("another lodge-acct runs" not in acct.log(), "what looks the name up keeps no lock of one that was killed", acct.log())
ok(acct.stop() == 0, "it ends well")
acct = Acct("[redis://nowhere.example:7301, redis://127.0.0.1:7301]", guests, host="seven")
traffic(0.3)
pace[0] = QUIET
ok(within(10, lambda: named.hash("lodge:src:seven:{alice}:cur").get("to_guest") == str(kernel(alice)[2])), "a name that cannot be resolved hides no other place",
   acct.status()["redis"])
ok(acct.stop() == 0, "it ends well, too")

# --- without a journal: who says what was counted before ------------------------------------------------------------------

first, second = Redis("early", port=7102), Redis("late")
acct = Acct("[redis://127.0.0.1:7102, 'unix:%s']" % second.sock, guests, host="eight")
alice.delete_tap()
alice.make_tap()
traffic(0.3)
agree("a tap has ended", first, guests, acct)
acct.stop()
shutil.rmtree(acct.state + "/acct")
first.p.send_signal(signal.SIGSTOP)
acct.start()
ok(within(5, lambda: of(acct)["nodes"] == 1), "the second server is there before the first", of(acct))
first.p.send_signal(signal.SIGCONT)
traffic(0.3)
agree("the first, a moment later, is the one that is asked", first, guests, acct)
acct.stop()
done()
