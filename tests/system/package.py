"""usage: package.py HOST NAME FLAG: a kept-alive connection of TLS to NAME, asked once now and once when the file FLAG is
there; and a new connection of plain HTTP every 50 ms meanwhile. Prints what came, and how many of the new ones failed.
python3's own library alone."""
import os
import socket
import ssl
import sys
import time

host, name, flag = sys.argv[1:]
plain = ssl.create_default_context()
plain.check_hostname = False
plain.verify_mode = ssl.CERT_NONE


def ask(sock):
    sock.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
    answer = b""
    while b"scheme " not in answer:
        more = sock.recv(4096)
        if not more:
            return "cut"
        answer += more
    return "answered" if b" 200 OK" in answer else "refused"


def once():
    try:
        with socket.create_connection((host, 80), timeout=20) as sock:
            return ask(sock) == "answered"
    except OSError:
        return False


kept = plain.wrap_socket(socket.create_connection((host, 443), timeout=20), server_hostname=name)
print("before:", ask(kept), flush=True)
asked = failed = 0
while not os.path.exists(flag):
    asked += 1
    failed += not once()
    time.sleep(0.05)
print("after:", ask(kept))
print(f"new: {failed} of {asked} failed" if failed else "new: none failed")
