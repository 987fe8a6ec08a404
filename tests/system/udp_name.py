"""PORT NAME: answers every datagram, of both families, with NAME and who asks. One process, one socket: none is lost to a fork."""
import socket
import sys

s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("::", int(sys.argv[1])))
while True:
    try:
        peer = s.recvfrom(2048)[1]
        s.sendto(("%s %s\n" % (sys.argv[2], peer[0].removeprefix("::ffff:"))).encode(), peer)
    except OSError:
        pass  # what came back for an earlier answer
