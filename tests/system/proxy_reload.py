"""See tests/system/proxy_reload."""
import house
from house import *

setup((ALICE, 9080, answer_ok), (ALICE, 9443, answer_echo))
proxy = Proxy()
stream = dial(TLS)
stream.sendall(hello())
stream.recv(65536)
load = Load(clients=6, pause=0.001)
began = time.time()
# Names come and go; the one that is asked for stays.
ok(all(proxy.reload(more="".join(", n%d-%d.test" % (k, i) for i in range(k * 20))) for k in range(50)), "50 reloads")
time.sleep(max(0, 2 - (time.time() - began)))
n, bad, worst = load.stop()
ok(n > 200 and not bad, "of %d connections in %.1f s none failed" % (n, time.time() - began), bad)
ok(status()["reloads"] == 50 and status()["workers_replaced"] == 0, "by the same workers")
stream.sendall(b"still")
ok(stream.recv(100) == b"still", "who was there before did not notice")

# Many guests, and nobody waits while a worker learns of them: what takes long, the supervisor does.
house.YAML = house.YAML.replace("10.77.0.0/24", "10.77.0.0/16") + "%(guests)s"
GUEST = "  g%d: {address: 10.77.%d.%d, domains: [g%d.example.org, .g%d.example.net, www.g%d.example.com]}\n"
guests = "".join(GUEST % (i, 1 + i // 250, 1 + i % 250, i, i, i) for i in range(3000))
proxy.kill()
proxy = Proxy(guests=guests)
spent = cpu_seconds(workers())
ok(all(proxy.reload(guests=guests) for _ in range(5)) and status()["names"] > 9000, "five reloads of 9000 names", status()["names"])
spent = cpu_seconds(workers()) - spent
ok(spent < 0.3, "take two workers less than 60 ms each", spent)
done()
