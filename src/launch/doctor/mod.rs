//! `doctor`: what this machine lacks for `exec`. [`facts`] looks, and [`judge`] decides what it
//! means without looking at anything.

mod facts;
mod judge;
#[cfg(test)]
mod tests;

pub use facts::DoctorRequest;

use crate::{report::doctor::DoctorReport, seam::environment::Environment};

/// Looks at the machine; changes nothing.
pub async fn doctor(request: &DoctorRequest<'_>, environment: &Environment) -> DoctorReport {
    let facts = facts::gather(request, environment).await;
    DoctorReport::new(judge::checks(&facts))
}
