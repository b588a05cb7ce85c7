//! The forge itself: what it answers, refuses, limits and spoils, and what git makes of it.

mod client;
mod faults;
mod github;
mod limits;
mod rest;
mod speed;
