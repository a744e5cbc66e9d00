//! Pure lifecycle engine for bare-metal Kubernetes clusters: validation, admission, decisions, preview, IP plan. No I/O, no clock, no randomness.
