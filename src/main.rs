//! The `fullsend` command.

fn main() {}
