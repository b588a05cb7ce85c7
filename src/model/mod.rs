//! Plain values that every other room speaks in; no input or output.

pub mod chain;
pub mod commit;
pub mod control_socket;
pub mod digest;
pub mod exit_code;
pub mod files;
pub mod image;
pub mod image_location;
pub mod limits;
pub mod outcome;
pub mod path;
pub mod pinning;
pub mod platform;
pub mod remote;
pub mod renovate;
pub mod signature;
pub mod skew;
pub mod span;
pub mod text;
pub mod verdict;
pub mod version;
