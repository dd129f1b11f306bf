//! The engine: size, risk, orders, exit plans, ledger, journal, performance.
