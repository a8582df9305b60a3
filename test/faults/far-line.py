"""A line that is far, slow, lossy or cut, between two network devices: what `tc netem` is where a kernel has it.

far-line.py NEAR FAR SEED: carries frames both ways until standard input ends. There a line each shapes a direction
(`out` from NEAR to FAR, `back`) anew and is answered by `ok`: `out delay=1 loss=0.1 rate=64000` in seconds, as a
share, and in bits a second; `back cut` loses everything, and what is on its way.
far-line.py plain DEVICE: sets a device up for that, and ends.
"""

import array
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import sys
import time

EVERY_PROTOCOL = 3
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC = 263, 1, 1
SIOCETHTOOL = 0x8946
# Checksums of what is sent, scatter-gather, TCP segmentation, generic segmentation, generic receive.
OFFLOADS = (0x17, 0x19, 0x1F, 0x24, 0x2C)
# Bytes that wait for their turn; what comes after them is lost, as in a router.
WAITING = 64 * 1024


def make_plain(device):
    """Every frame is one that a wire could carry: whole checksums, no larger than the MTU."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for offload in OFFLOADS:
            value = array.array('B', struct.pack('II', offload, 0))
            request = struct.pack('16sP', device.encode(), value.buffer_info()[0])
            fcntl.ioctl(any_socket, SIOCETHTOOL, request)


def open_device(device):
    plug = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    plug.bind((device, EVERY_PROTOCOL))
    index = socket.if_nametoindex(device)
    plug.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, struct.pack('iHH8s', index, PACKET_MR_PROMISC, 0, b''))
    plug.setblocking(False)
    return plug


def is_about_neighbours(frame):
    """ARP and its like: the next router is near, whatever lies behind it."""
    if frame[12:14] == b'\x08\x06':
        return True
    return frame[12:14] == b'\x86\xdd' and len(frame) > 54 and frame[20] == 58 and 133 <= frame[54] <= 137


class Direction:
    def __init__(self, source, target, seed):
        self.source, self.target = source, target
        self.chance = random.Random(seed)
        self.number = 0
        self.free_at = 0.0
        self.flying = []
        self.shape([])

    def shape(self, words):
        values = dict(word.split('=') for word in words if word != 'cut')
        self.is_cut = 'cut' in words
        self.delay = float(values.get('delay', 0))
        self.loss = float(values.get('loss', 0))
        self.rate = float(values.get('rate', 0))
        if self.is_cut:
            self.flying, self.free_at = [], 0.0

    def take(self, now):
        while True:
            try:
                frame, (_, _, kind, *_) = self.source.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError:
                # The device is down.
                return
            if kind != socket.PACKET_OUTGOING:
                self.accept(frame, now)

    def accept(self, frame, now):
        if is_about_neighbours(frame):
            self.send(frame)
        elif not self.is_cut and self.chance.random() >= self.loss:
            self.launch(frame, now)

    def launch(self, frame, now):
        if self.rate > 0:
            begins = max(now, self.free_at)
            if (begins - now) * self.rate / 8 > WAITING:
                return
            now = self.free_at = begins + len(frame) * 8 / self.rate
        self.number += 1
        heapq.heappush(self.flying, (now + self.delay, self.number, frame))

    def land(self, now):
        while self.flying and self.flying[0][0] <= now:
            self.send(heapq.heappop(self.flying)[2])

    def send(self, frame):
        try:
            self.target.send(frame)
        except OSError:
            # A device that is down, or whose queue is full, loses it.
            pass


def carry(near, far, seed):
    for device in (near, far):
        make_plain(device)
    plugs = open_device(near), open_device(far)
    out = Direction(*plugs, f'{seed} out')
    back = Direction(*reversed(plugs), f'{seed} back')
    named = {'out': out, 'back': back}
    print('ok', flush=True)
    asked = b''
    while True:
        due = min((one.flying[0][0] for one in (out, back) if one.flying), default=None)
        wait = None if due is None else max(0, due - time.monotonic())
        ready, _, _ = select.select([0, *plugs], [], [], wait)
        for one in (out, back):
            if one.source in ready:
                one.take(time.monotonic())
            one.land(time.monotonic())
        if 0 in ready:
            more = os.read(0, 4096)
            if not more:
                return
            *lines, asked = (asked + more).split(b'\n')
            for line in lines:
                direction, *words = line.decode().split()
                named[direction].shape(words)
                print('ok', flush=True)


if sys.argv[1] == 'plain':
    make_plain(sys.argv[2])
else:
    carry(*sys.argv[1:])
