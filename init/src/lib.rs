//! The record that PID 1 leaves and the CLI reads.
