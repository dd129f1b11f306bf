//! Simulated worlds, conformance, golden books, benches.
