"""Prints what comes in by a device and is worth a lie: texts of liar.c, ARP and neighbour discovery. usage: sniff.py DEVICE"""
import re
import socket
import sys

s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
s.bind((sys.argv[1], 0))
print("sniffing", flush=True)
while True:
    frame, (_, _, kind, _, _) = s.recvfrom(65535)
    if kind == socket.PACKET_OUTGOING:
        continue
    text = re.search(rb"LIAR [a-z0-9-]+", frame)
    source = frame[6:12].hex(":")
    if text:
        print(text.group().decode(), "from", source, flush=True)
    elif frame[12:14] == b"\x08\x06":
        print("arp", socket.inet_ntoa(frame[28:32]), "is", frame[22:28].hex(":"), "from", source, flush=True)
    elif frame[12:14] == b"\x86\xdd" and frame[20] == 58 and 133 <= frame[54] <= 137:
        print("nd", frame[54], "from", source, flush=True)
