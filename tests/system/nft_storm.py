"""Makes and removes an empty nft table as fast as it can, each in a transaction of its own: the generation never rests.
usage: nft_storm.py. Prints a line when it has begun; ends when it is killed."""
import socket
import struct

NETFILTER, BEGIN, END, NEWTABLE, DELTABLE, NFTABLES = 12, 16, 17, 0, 2, 10


def message(kind, flags, body):
    return struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body


def batch(kind, flags):
    name = struct.pack("=HH", 4 + 6, 1) + b"storm\0\0\0"
    mark = struct.pack("=BBH", 0, 0, socket.htons(NFTABLES))
    return (message(BEGIN, 1, mark) + message(NFTABLES << 8 | kind, flags, struct.pack("=BBH", 2, 0, 0) + name)
            + message(END, 1, mark))


s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER)
s.bind((0, 0))
add, remove = batch(NEWTABLE, 1 | 0x400), batch(DELTABLE, 1)
began = False
while True:
    s.send(add)
    s.send(remove)
    if not began:
        print("storm", flush=True)
        began = True
