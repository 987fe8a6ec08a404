"""The proxies: ours and those it is compared with, each with one worker and as its own manual says is best."""
import os

import world

NAMES = 205
SERVICE = {"tls": 443, "http": 80}


def name(n):
    return "n%05d.example.org" % n


def guest(n):
    return n % len(world.GUESTS)


class Peer:
    """ports: {"tls": …, "http": …}; write() makes the file and returns the command."""

    cpus = [world.PROXY_CPU]

    def __init__(self, title, number, names=NAMES):
        self.title, self.names = title, names
        self.ports = {"tls": 4400 + number, "http": 8000 + number}
        self.at = "%s/%d" % (world.W, number)
        self.process = None

    def check(self):
        """What the clients are to check of each answer."""
        return ["-g", len(world.GUESTS)]

    def start(self):
        os.makedirs(self.at, exist_ok=True)
        self.log = self.at + "/log"
        self.process = world.start("host", self.cpus, self.write(), self.log)
        world.await_ports(self.process, self.ports.values(), self.log)
        self.before()
        world.load("tls", self.ports["tls"], "-t", 0.2)
        self.after()

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process = None

    def workers_ns(self):
        return {pid: world.cpu_ns(pid) for pid in world.tree(self.process.pid)}

    def memory(self):
        return world.memory_bytes(self.process.pid)

    def before(self):
        """What a measurement needs and nobody else may see."""

    def after(self):
        pass

    def put(self, file, text):
        with open("%s/%s" % (self.at, file), "w") as f:
            f.write(text)
        return "%s/%s" % (self.at, file)


class Dnat(Peer):
    """No proxy: the kernel's NAT, so only one guest; its time is nobody's."""

    def start(self):
        pass

    def stop(self):
        pass

    def workers_ns(self):
        return {}

    def check(self):
        return []

    def before(self):
        rules = "".join('iifname "wan" tcp dport %d dnat to %s:%d\n' % (self.ports[s], world.DNAT_GUEST, p)
                        for s, p in SERVICE.items())
        world.nft("table ip bench { chain pre { type nat hook prerouting priority dstnat;\n" + rules + "}\n}\n")
        for state in ("time_wait", "close", "close_wait", "last_ack", "fin_wait"):
            world.run("sh", "-c", "echo 1 >/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_" + state, ns="host")

    def after(self):
        world.nft("delete table ip bench\n")


class Lodge(Peer):
    """Ceilings off, as the peers have none. Its one log line a connection goes to a file nobody keeps."""

    program = world.TOP + "/build/lodge-proxy"
    client_address, workers = "none", 1

    def write(self):
        os.makedirs(self.at + "/run", exist_ok=True)
        self.log = "/dev/null"
        return [self.program, "-c", self.put("lodge.yaml", self.yaml())]

    def yaml(self):
        lines = ["network: 192.168.77.0/24", "wan: wan", "redis: private", "user: nobody",
                 "state: " + self.at, "run: " + self.at + "/run", "proxy:",
                 "  http: [%d]" % self.ports["http"], "  tls: [%d]" % self.ports["tls"], "  quic: []",
                 "  client-address: " + self.client_address, "  workers: %d" % self.workers,
                 "  per-client: 0", "  per-client-rate: 0", "  per-guest: 0", "  total: 0", "guests:"]
        for g, address in enumerate(world.GUESTS):
            own = [name(n) for n in range(self.names) if guest(n) == g]
            lines += ["  g%d:" % g, "    address: " + address, "    domains: [%s]" % ", ".join(own)]
        return "\n".join(lines) + "\n"


class Transparent(Lodge):
    """The guests see the client's address. What comes back for it is ours; natd sets this up for real guests."""

    client_address = "transparent"

    def check(self):
        return super().check() + ["-f"]

    def before(self):
        world.nft("table ip bench { chain pre { type filter hook prerouting priority mangle;\n"
                  'iifname "guests" socket transparent 1 meta mark set 1\n}\n}\n')
        world.run("ip", "rule", "add", "fwmark", "1", "lookup", "100", ns="host")
        world.run("ip", "route", "add", "local", "default", "dev", "lo", "table", "100", ns="host")

    def after(self):
        world.nft("delete table ip bench\n")
        world.run("ip", "rule", "del", "fwmark", "1", ns="host")
        world.run("ip", "route", "flush", "table", "100", ns="host")


class Haproxy(Peer):
    """Splice what looks like bulk, which small answers are spared; idle connections to guests are shared."""

    reuse, splice = "always", "splice-auto"

    def write(self):
        table = "".join("%s %%s%d\n" % (name(n), guest(n)) for n in range(self.names))
        maps = [self.put(s + ".map", table.replace("%s", s)) for s in ("tls", "http")]
        back = ""
        for s in ("tls", "http"):
            for g, address in enumerate(world.GUESTS):
                back += "backend %s%d\n mode %s\n http-reuse %s\n server g %s:%d\n" % (
                    s, g, "tcp" if s == "tls" else "http", self.reuse, address, SERVICE[s])
        text = """global
 nbthread 1
defaults
 timeout connect 5s
 timeout client 10m
 timeout server 10m
 option %s
 option tcp-smart-accept
 option tcp-smart-connect
frontend tls
 mode tcp
 bind :%d defer-accept
 tcp-request inspect-delay 5s
 tcp-request content accept if { req.ssl_hello_type 1 }
 use_backend %%[req.ssl_sni,lower,map(%s,none)]
frontend http
 mode http
 bind :%d defer-accept
 use_backend %%[hdr(host),lower,map(%s,none)]
""" % (self.splice, self.ports["tls"], maps[0], self.ports["http"], maps[1])
        return ["haproxy", "-db", "-f", self.put("haproxy.cfg", text + back)]


class HaproxyAlone(Haproxy):
    """Each client with its own connection to the guest, as it must be where the guest sees the client's address."""

    reuse = "never"


class HaproxySplice(Haproxy):
    """For bulk: left to itself it splices too little."""

    splice = "splice-response"


class Nginx(Peer):
    def write(self):
        def table(service):
            rows = "".join("  %s %s%d;\n" % (name(n), service, guest(n)) for n in range(self.names))
            key = "$ssl_preread_server_name" if service == "tls" else "$host"
            return " map_hash_bucket_size 128;\n map_hash_max_size 65536;\n map %s $to {\n%s }\n" % (key, rows)

        def upstreams(service, more):
            return "".join(" upstream %s%d { server %s:%d; %s }\n" % (service, g, a, SERVICE[service], more)
                           for g, a in enumerate(world.GUESTS))

        text = """load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
pid %s/pid;
error_log stderr crit;
worker_processes 1;
events { worker_connections %d; }
stream {
%s%s server {
  listen %d reuseport backlog=4096;
  ssl_preread on;
  proxy_pass $to;
 }
}
http {
 access_log off;
%s%s keepalive_requests 100000000;
 server {
  listen %d reuseport deferred backlog=4096;
  location / {
   proxy_pass http://$to;
   proxy_http_version 1.1;
   proxy_set_header Connection "";
   proxy_set_header Host $host;
  }
 }
}
""" % (self.at, world.FILES - 100, table("tls"), upstreams("tls", ""), self.ports["tls"],
            table("http"), upstreams("http", "keepalive 256; keepalive_requests 100000000;"), self.ports["http"])
        return ["nginx", "-e", "stderr", "-c", self.put("nginx.conf", text)]


class Sniproxy(Peer):
    def write(self):
        def table(service):
            rows = "".join(" %s %s:%d\n" % (name(n).replace(".", "\\\\."), world.GUESTS[guest(n)], SERVICE[service])
                           for n in range(self.names))
            return "table %s {\n%s}\n" % (service, rows)

        text = "user root\n"
        for service in ("tls", "http"):
            text += "listener 0.0.0.0:%d {\n proto %s\n table %s\n reuseport yes\n}\n" % (
                self.ports[service], service, service)
            text += table(service)
        return ["sniproxy", "-f", "-n", str(world.FILES), "-c", self.put("sniproxy.conf", text)]
