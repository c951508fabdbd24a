"""A worker's process: ``python -m dnag.trials.worker``, which :mod:`dnag.trials.runner` starts.

Its standard input says what to do, and by its end to stop, however that comes: the runner closes it, or dies.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading

import torch

from dnag.trials.runner import Orders, work

NICENESS = 10


def main() -> None:
    """Do what the standard input says."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt goes to all processes; the runner passes it on
    name: str
    orders: Orders
    name, orders = pickle.load(sys.stdin.buffer)  # from the runner itself
    stopped = threading.Event()

    def listen() -> None:
        os.read(sys.stdin.fileno(), 1)  # not through the buffer, whose lock a thread may not hold at exit
        stopped.set()

    threading.Thread(target=listen, daemon=True).start()
    torch.set_num_threads(orders.threads)
    if orders.background and hasattr(os, "nice"):
        os.nice(NICENESS)
    device = torch.device(orders.device)
    work(orders.store, orders.experiment, orders.data, name, device, orders.max_tries, None, stopped.is_set)


if __name__ == "__main__":
    main()
