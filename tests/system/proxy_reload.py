"""See tests/system/proxy_reload."""
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
done()
