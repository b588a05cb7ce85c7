//! `exec`: resolve the image, verify it, run it, report how it ended.

mod channel;
mod decide;
mod labels;
