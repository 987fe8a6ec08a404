"""See tests/system/redis_cluster: three masters and a replica of one of them, two hosts that count for the same guests."""
from bill import *

PORTS = (7001, 7002, 7003, 7004)
OPTIONS = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--cluster-require-full-coverage", "no",
           "--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0", "--cluster-allow-replica-migration", "no")


def slot(guest):
    return nodes[0].ask("CLUSTER", "KEYSLOT", guest.name)


def node_id(node):
    return node.ask("CLUSTER", "MYID")


def find(key):
    """Asks one node after the other, as MOVED and ASK say; of those that live."""
    for node in nodes:
        if node.p.poll() is None and isinstance(node.ask("HGETALL", key), list):
            held = node.hash(key)
            if held:
                return held
    return {}


def wrong(*which, hosts=2):
    """The sums are what both hosts counted, and each host counted what the kernel did."""
    faulty = []
    for guest in which or guests:
        faulty += faults(None, guest, times=hosts, ask=find)
        for host in "one", "two":
            own = find("lodge:src:%s:{%s}:cur" % (host, guest.name))
            if [int(own.get(f, 0)) for f in TOTALS] != kernel(guest):
                faulty.append("%s alone: %s" % (host, own))
    return faulty


def members():
    return [node for node in nodes if node.p.poll() is None and node.ask("SISMEMBER", "lodge:guests", guests[0].name) == 1]


def come_together():
    nodes[0].ask("CLUSTER", "ADDSLOTSRANGE", "0", "5460")
    nodes[1].ask("CLUSTER", "ADDSLOTSRANGE", "5461", "10922")
    nodes[2].ask("CLUSTER", "ADDSLOTSRANGE", "10923", "16383")
    for node in nodes[1:]:
        node.ask("CLUSTER", "MEET", "127.0.0.1", "7001")
    if not within(20, lambda: all(n.ask("CLUSTER", "INFO").count("cluster_known_nodes:4\r") and "cluster_state:ok" in n.ask("CLUSTER", "INFO")
                                  for n in nodes)):
        bail("no cluster: " + nodes[0].ask("CLUSTER", "NODES"))
    nodes[3].ask("CLUSTER", "REPLICATE", node_id(nodes[1]))
    if not within(20, lambda: "master_link_status:up" in nodes[3].ask("INFO", "replication")):
        bail("no replica: " + nodes[3].ask("INFO", "replication"))


def shown():
    return subprocess.run([BUILD + "/lodge", "-c", accts[0].yaml, "status", "-j"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def count_keys(node, guest):
    return node.ask("CLUSTER", "COUNTKEYSINSLOT", slot(guest))


def move(guest, source, target):
    """Half the guest's keys, a while with traffic, then the rest."""
    n = slot(guest)
    target.ask("CLUSTER", "SETSLOT", n, "IMPORTING", node_id(source))
    source.ask("CLUSTER", "SETSLOT", n, "MIGRATING", node_id(target))
    keys = source.ask("CLUSTER", "GETKEYSINSLOT", n, "100")
    period = [key for key in keys if key.startswith("lodge:{%s}:m:" % guest.name)]
    for key in period + random.sample(sorted(set(keys) - set(period)), len(keys) // 2):
        source.ask("MIGRATE", "127.0.0.1", str(target.port), key, "0", "1000")
    ok(within(10, lambda: accts[0].status()["redis"]["untold"] > 0 and accts[0].status()["redis"]["error"]),
       "a guest whose keys are half here and half there waits, and status says so", accts[0].status()["redis"])
    there = target.ask("HGET", period[0], "billed", asking=True)
    ok(there in shown(), "lodge finds the half that is there", there, shown())
    while keys := source.ask("CLUSTER", "GETKEYSINSLOT", n, "100"):
        for key in keys:
            source.ask("MIGRATE", "127.0.0.1", str(target.port), key, "0", "1000")
            time.sleep(0.05)
    for node in target, source, *[node for node in nodes[:3] if node not in (target, source)]:
        node.ask("CLUSTER", "SETSLOT", n, "NODE", node_id(target))


guests = begin("alice", "bob", "eve")
nodes = [Redis("node%d" % port, *OPTIONS, "--cluster-config-file", W + "/nodes%d" % port, port=port) for port in PORTS]
for guest in guests:
    print("# %s: slot %s" % (guest.name, slot(guest)))
come_together()
# One of the two is pointed to a replica, which serves no key at all.
accts = [Acct("redis://127.0.0.1:7001", guests, host="one"), Acct("redis://127.0.0.1:7004", guests, host="two")]
traffic(1)
agree("each guest is told where it belongs, by both hosts, and the sums are of both", None, guests, *accts, check=wrong)
ok(all(count_keys(node, guest) > 5 for node, guest in zip(nodes, guests)), "they lie on three nodes")
ok(len(members()) == 1, "the names are kept, too", [n.ask("SMEMBERS", "lodge:guests") for n in nodes])
ok(accts[0].status()["redis"]["nodes"] == 3, "there is a connection to each that holds one", accts[0].status()["redis"])
billed = {g.name: int(find("lodge:{%s}:cur" % g.name)["billed"]) for g in guests}
ok(all(str(n) in shown() for n in billed.values()), "lodge reads them there", shown(), billed)

pace[0] = STEADY
move(guests[0], nodes[0], nodes[1])
agree("a guest's slot is moved to another node under traffic", None, guests, *accts, check=wrong)
ok(count_keys(nodes[0], guests[0]) == 0 and count_keys(nodes[1], guests[0]) > 5, "all of it is there")

pace[0] = STEADY
nodes[2].kill()
traffic(1)
ok(within(15, lambda: "CLUSTERDOWN" in accts[0].status()["redis"]["error"] or "connect" in accts[0].status()["redis"]["error"]),
   "a master that is gone is told", accts[0].status()["redis"])
agree("the guests on the others are told meanwhile", None, guests, *accts, check=lambda: wrong(*guests[:2]))
ok(within(5, lambda: accts[0].status()["redis"]["untold"] == 1), "and one is not", accts[0].status()["redis"])
nodes[2].start()
agree("when it is back, its guest is told what is missing", None, guests, *accts, check=wrong)

pace[0] = STEADY
nodes[0].kill()
traffic(2)
agree("without the node that the file points to the others are told", None, guests, *accts, check=lambda: wrong(*guests[1:]))
nodes[0].start()
agree("and all of them when it is back", None, guests, *accts, check=wrong)

# A replica that is behind takes over: what it has forgotten is told again.
pace[0] = STEADY
port = nodes[1].ask("CLIENT", "LIST", "TYPE", "replica").split(" addr=127.0.0.1:")[1].split()[0]
run("nft", "add table inet deaf; add chain inet deaf in { type filter hook input priority 0; }; "
    "add rule inet deaf in tcp sport 7002 tcp dport %s drop" % port)
traffic(2)
# The node that the file points to goes with it: who took over is learned from whoever is left.
nodes[0].kill()
nodes[1].kill()
ok(within(20, lambda: nodes[3].ask("CLUSTER", "FAILOVER", "TAKEOVER") and "role:master" in nodes[3].ask("INFO", "replication")),
   "a replica takes over", nodes[3].ask("CLUSTER", "NODES"))
agree("and is told what it had not heard", None, guests, *accts, check=wrong)
forgot = [acct.status()["trouble"]["redis_forgot"] for acct in accts]
ok(min(forgot) > 0, "which it said that it did not know", forgot)
nodes[0].start()
nodes[1].start()
traffic(1)
agree("and goes on being told when the old master is its replica", None, guests, *accts, check=wrong)
ok([acct.stop() for acct in accts] == [0, 0], "both end well")
done()
