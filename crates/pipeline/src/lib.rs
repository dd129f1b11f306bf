//! Steps, runs, and what they leave on record.
