"""See tests/system/proxy_drain."""
from house import *


def answer_slowly(c):
    c.recv(65536)
    c.sendall(OK[:40])
    time.sleep(1)
    c.sendall(OK[40:])


def refused():
    try:
        dial(timeout=1).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    return False


def answer_kept(c):
    while c.recv(65536):
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes")


def ended(s, seconds):
    """An end in good order within this time."""
    s.settimeout(seconds)
    try:
        return s.recv(10) == b""
    except OSError:
        return False


setup((ALICE, 9080, answer_ok), (ALICE, 9443, answer_echo), (BOB, 9080, answer_slowly), (DORA, 9080, answer_kept))
proxy = Proxy(drain="10s")
stream = dial(TLS)
stream.sendall(hello())
stream.recv(65536)
slow = dial()
slow.sendall(REQUEST % b"bob.test")
kept = dial()
kept.sendall(b"GET / HTTP/1.1\r\nHost: dora.test\r\n\r\n")
got = b""
while not got.endswith(b"yes"):
    got += kept.recv(1000) or b"ended: yes"
ok(got.startswith(b"HTTP/1.1 200") and b"ended" not in got and not ended(kept, 0.3), "a connection is kept alive", got)
proxy.signal(signal.SIGQUIT)
ok(ended(kept, 5), "one that waits for another request is ended")
kept.sendall(b"GET / HTTP/1.1\r\nHost: dora.test\r\n\r\n")
time.sleep(0.1)
kept.sendall(b"GET / HTTP/1.1\r\nHost: dora.test\r\n\r\n")
ok(ended(kept, 5), "in good order, also for one that asks at that moment")
ok(within(20, refused), "nobody new is accepted")
ok(drain(slow) == OK, "an answer that has begun is finished")
stream.sendall(b"still")
ok(stream.recv(100) == b"still" and proxy.p.poll() is None, "a stream goes on, and the proxy with it")
slow.close()
ok(within(3, lambda: status()["open"] == 1 and len(status()["old_workers"]) == 1), "the status says what it waits for", status())
proxy.signal(signal.SIGHUP)
proxy.signal(signal.SIGUSR2)
stream.sendall(b"again")
ok(stream.recv(100) == b"again", "other signals change nothing of it")
stream.close()
ok(proxy.p.wait(5) == 0, "with the last connection it ends, with 0")
ok(log().count(" client=") >= 3, "and each had its line", log())

proxy = Proxy(drain="1s")
stream = dial(TLS)
stream.sendall(hello())
stream.recv(65536)
began = time.time()
proxy.signal(signal.SIGQUIT)
ok(proxy.p.wait(6) == 0 and 0.7 < time.time() - began < 3, "what does not end by itself is ended at the deadline", time.time() - began)
ok("the proxy stops" in log(), "with its line", log())

proxy = Proxy(drain="60s")
stream = dial(TLS)
stream.sendall(hello())
stream.recv(65536)
proxy.signal(signal.SIGQUIT)
within(2, refused)
proxy.signal(signal.SIGTERM)
ok(proxy.p.wait(5) == 0, "SIGTERM ends the waiting")

# Clients come all the time, connect, and send a moment later: whoever has connected is served.
def comer(out, stop):
    while not stop.is_set():
        try:
            s = dial(timeout=5)
        except OSError:
            continue  # refused, or not even that
        try:
            time.sleep(0.05)
            s.sendall(REQUEST % b"alice.test")
            out.append(answered(drain(s)))
        except OSError as e:
            out.append(repr(e))


for _ in range(3):
    proxy = Proxy(drain="10s", workers=2)
    out, stop = [], threading.Event()
    comers = [threading.Thread(target=comer, args=(out, stop)) for _ in range(8)]
    for t in comers:
        t.start()
    within(20, lambda: len(out) > 20)
    proxy.signal(signal.SIGQUIT)
    ok(proxy.p.wait(20) == 0, "it drains while clients come")
    stop.set()
    for t in comers:
        t.join()
    ok(out.count(True) == len(out) > 20, "and whoever had connected has its answer", [o for o in out if o is not True][:5])

# a worker that hears nothing
proxy = Proxy(drain="1s")
os.kill(workers()[0], signal.SIGSTOP)
proxy.signal(signal.SIGQUIT)
ok(proxy.p.wait(20) == 0 and "did not end in time: killed" in log(), "a worker that hangs is killed", log())
proxy = Proxy()
hung = workers()[0]
os.kill(hung, signal.SIGSTOP)
proxy.signal(signal.SIGTERM)
ok(proxy.p.wait(20) == 0 and not alive(hung), "also at SIGTERM, and the proxy does not end before it", log())
proxy = Proxy()
ok(answered(ask()), "so its ports are free for the next one", log())
done()
