"""Runs a server that insists on listening everywhere so that only this machine's loopback reaches it (Linux).

    python loopback_namespace.py PORT INNER_PORT COMMAND ...

Listens on 127.0.0.1:PORT, then moves into a network namespace of its own, which has nothing but a loopback, starts
the command there and passes connections on to its INNER_PORT: a socket stays in the namespace that it was made in.
Ends, and the command with it, when its standard input closes, so with whoever started it, however that ended.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading

# From <sched.h> and <linux/if.h>.
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1


def main(port: int, inner_port: int, command: list[str]) -> None:
    listener = socket.create_server(("127.0.0.1", port))
    enter_own_network()
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_accept, args=(listener, inner_port), daemon=True).start()
    sys.stdin.buffer.read()
    server.terminate()
    server.wait(10)


def enter_own_network() -> None:
    """Leave the machine's network for an empty one, with its loopback up. Raises OSError where that is forbidden."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET | (0 if os.geteuid() == 0 else _CLONE_NEWUSER)) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace of one's own may be made here")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _IFF_UP))


def _accept(listener: socket.socket, inner_port: int) -> None:
    while True:
        outer, _ = listener.accept()
        try:
            inner = socket.create_connection(("127.0.0.1", inner_port))
        except ConnectionRefusedError:  # It is still starting; whoever waits for it tries again.
            outer.close()
            continue
        for source, target in ((outer, inner), (inner, outer)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # Either side has hung up: the connection is over.
        source.close()
        target.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
