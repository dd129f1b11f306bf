//! State: runs, experiments, intents, orders, fills, ledger.
