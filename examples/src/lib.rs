//! Runnable programs that use palette-maas.
