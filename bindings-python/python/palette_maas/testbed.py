"""Simulated MAAS and Palette servers on loopback, with a simulated clock and faults that can be ordered."""

from ._native import Testbed, start
from ._native import TestbedClock as Clock

__all__ = ["Clock", "Testbed", "start"]
