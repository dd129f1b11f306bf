//! Market data tables, manifests, artifacts, the state store.
