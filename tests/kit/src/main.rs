//! `fullsend-testkit`: keys, images and signatures for demos and tests.
fn main() {}
