//! Simulated MAAS region and Palette on loopback, with a simulated clock and faults that can be ordered.
