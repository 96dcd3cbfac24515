#!/usr/bin/env python3
"""proxy.py - pass TCP on to the server; while FILE exists, lose one answer.

usage: proxy.py SERVER_PORT FILE       prints its own port, loopback only
The request reaches the server, the answer never reaches the tablet: what a
tunnel does to a phone. FILE is removed when an answer was lost.
"""
import os, socket, sys, threading


def serve(client, port, flag):
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(65536)
            if not piece:
                return
            head += piece
        length = 0
        for line in head.split(b"\r\n\r\n", 1)[0].split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        rest = length - len(head.split(b"\r\n\r\n", 1)[1])
        server.sendall(head)
        while rest > 0:
            piece = client.recv(min(65536, rest))
            if not piece:
                return
            server.sendall(piece)
            rest -= len(piece)
        lose = os.path.exists(flag)
        while True:
            piece = server.recv(65536)
            if not piece:
                break
            if not lose:
                client.sendall(piece)
        if lose:
            os.unlink(flag)


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, int(sys.argv[1]), sys.argv[2]), daemon=True).start()


main()
