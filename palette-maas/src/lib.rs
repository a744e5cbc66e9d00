//! SDK for Kubernetes on bare metal: Canonical MAAS, Spectro Cloud Palette and a pure lifecycle engine, re-exported by feature.
