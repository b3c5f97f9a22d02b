# SPDX-License-Identifier: Apache-2.0
"""
A network of two: QEMU's network card, and a TFTP server with one folder. It needs no user network (slirp), which
QEMU may be built without. RFC 826 (ARP), 768 (UDP), 1350 (TFTP), 2347 to 2349 (its options).
"""

import pathlib
import socket
import struct
import threading

SERVER, GUEST = "192.0.2.1", "192.0.2.2"
SERVER_MAC = bytes.fromhex("525400000001")
ARP, IPV4, UDP = 0x0806, 0x0800, 17
TFTP_PORT, DATA_PORT = 69, 40000
RRQ, DATA, ACK, ERROR, OACK = 1, 3, 4, 5, 6
#: U-Boot asks for what fits an Ethernet frame.
MOST_BYTES = 1468


def checksum(header):
    """Of an IPv4 header whose own checksum is 0."""
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


class Server:
    """Serves @folder while it is entered; arguments() are those that give QEMU the card."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.qemu = free.getsockname()
        self.content, self.block_size, self.done, self.client = b"", 512, -1, 0
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def arguments(self):
        """QEMU's: each Ethernet frame is a datagram."""
        here = self.socket.getsockname()[1]
        return ["-netdev", f"socket,id=net,udp=127.0.0.1:{here},localaddr=127.0.0.1:{self.qemu[1]}",
                "-device", "virtio-net-pci,netdev=net,romfile="]

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def _serve(self):
        while True:
            frame = self.socket.recv(65536)
            if not frame:
                return
            kind = struct.unpack_from(">H", frame, 12)[0]
            if kind == ARP and frame[20:22] == b"\0\1" and frame[38:42] == socket.inet_aton(SERVER):
                self._send(frame[6:12], ARP, frame[14:20] + b"\0\2" + SERVER_MAC + frame[38:42] + frame[22:32])
            elif kind == IPV4 and frame[23] == UDP:
                self._datagram(frame, 14 + (frame[14] & 15) * 4)

    def _send(self, mac, kind, payload):
        frame = mac + SERVER_MAC + struct.pack(">H", kind) + payload
        self.socket.sendto(frame.ljust(60, b"\0"), self.qemu)

    def _datagram(self, frame, at):
        source, destination, length = struct.unpack_from(">HHH", frame, at)
        payload = frame[at + 8:at + length]
        if len(payload) < 4 or destination not in (TFTP_PORT, DATA_PORT):
            return
        operation, number = struct.unpack_from(">HH", payload)
        if operation == RRQ:
            answer = self._request(payload[2:].split(b"\0"))
            self.client = source
        elif operation == ACK and source == self.client:
            answer = self._block(number)
        else:
            return
        if answer:
            udp = struct.pack(">HHHH", DATA_PORT, source, 8 + len(answer), 0) + answer
            header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, UDP, 0) + \
                socket.inet_aton(SERVER) + frame[26:30]
            header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
            self._send(frame[6:12], IPV4, header + udp)

    def _request(self, words):
        """Opens the file; words: name, mode, then options and their values."""
        path = self.folder / words[0].decode("ascii")
        if path.parent != self.folder or not path.is_file():
            return struct.pack(">HH", ERROR, 1) + b"no such file\0"
        self.content, self.block_size, self.done = path.read_bytes(), 512, -1
        options = dict(zip(words[2::2], words[3::2]))
        answer = b""
        if b"blksize" in options:
            self.block_size = min(int(options[b"blksize"]), MOST_BYTES)
            answer += b"blksize\0%d\0" % self.block_size
        if b"tsize" in options:
            answer += b"tsize\0%d\0" % len(self.content)
        return struct.pack(">H", OACK) + answer if answer else self._block(0)

    def _block(self, acknowledged):
        """The block behind the acknowledged one, whose number has 16 bits only; None behind the last."""
        if (self.done + 1) & 0xFFFF == acknowledged:
            self.done += 1
        elif self.done & 0xFFFF != acknowledged:
            return None
        start = self.done * self.block_size
        if start > len(self.content):
            return None
        return struct.pack(">HH", DATA, (self.done + 1) & 0xFFFF) + self.content[start:start + self.block_size]
