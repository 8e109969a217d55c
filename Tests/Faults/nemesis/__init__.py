"""All faults by name. One file per subject; each fault is a context: broken while it is open, mended after it."""

from __future__ import annotations

from nemesis import clients, clocks, disk, links, packets, processes, rolling, stores
from nemesis.fault import Fault

FAULTS: dict[str, Fault] = {
    fault.name: fault
    for module in (processes, stores, rolling, clients, clocks, packets, links, disk)
    for fault in module.faults()
}

IN_CONTAINERS = frozenset(fault.name for module in (processes, rolling) for fault in module.faults())
"""Those that need nothing but start, stop, kill and freeze."""
