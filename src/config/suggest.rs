//! The known name that a mistyped one was probably meant to be.

/// Finds the name in `known` that is nearest to `name`, if any is near enough to be meant.
pub fn suggest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A user's text may be of any length; no name that is known comes near this one.
    if name.len() > 64 {
        return None;
    }
    let folded = name.to_ascii_lowercase().replace('-', "_");
    let allowed = (folded.chars().count() / 3).max(1);
    known
        .map(|candidate| {
            let plain = candidate.to_ascii_lowercase().replace('-', "_");
            (strsim::osa_distance(&folded, &plain), candidate)
        })
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_near_names_only() {
        let known = ["triage", "review", "code", "fix"];
        let of = |name: &str| suggest(name, known.into_iter());
        assert_eq!(of("traige"), Some("triage"));
        assert_eq!(of("Review"), Some("review"));
        assert_eq!(of("cod"), Some("code"));
        assert_eq!(of("deploy"), None);
        assert_eq!(of(""), None);
        assert_eq!(of(&"triage".repeat(100_000)), None);
    }
}
