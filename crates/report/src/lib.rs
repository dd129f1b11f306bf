//! Numbers to self-contained pages.
