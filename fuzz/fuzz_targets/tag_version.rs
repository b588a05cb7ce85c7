//! Any tags can be read, ordered and picked from: an update is newer, of the same series and the
//! last one, and no tag of a signature is a version. The first line is the tag in use.
#![no_main]

use fullsend::model::version::{Flavor, Moves, Step, TagVersion, most_exact, moves, newer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let tags: Vec<&str> = text.lines().take(64).collect();
    let Some(&current) = tags.first() else {
        return;
    };
    for flavor in [Flavor::Image, Flavor::Git] {
        let versions = tags.iter().filter_map(|tag| TagVersion::parse(tag, flavor));
        let mut versions: Vec<_> = versions.collect();
        for version in &versions {
            assert!(!version.tag().starts_with("sha256-"));
            assert!(version.tag().starts_with(version.prefix()));
            assert!((1..=4).contains(&version.precision()));
            let exact = moves(version.tag(), flavor) == Moves::Exact;
            assert_eq!(exact, version.is_exact());
        }
        // The standard library panics where an order is none.
        versions.sort();
        assert!(versions.is_sorted());

        let best = most_exact(tags.iter().copied(), Some(current), flavor);
        assert!(best.is_none_or(|best| tags.contains(&best)));
        for step in [Step::None, Step::Patch, Step::Minor, Step::Major] {
            updates(current, &tags, step, flavor);
        }
    }
});

fn updates(current: &str, tags: &[&str], step: Step, flavor: Flavor) {
    let found = newer(current, tags.iter().copied(), step, flavor);
    let Some(newest) = found.first() else {
        return;
    };
    assert!(newer(newest, tags.iter().copied(), step, flavor).is_empty());
    let own = TagVersion::parse(current, flavor).expect("only a version has newer ones");
    for tag in &found {
        let version = TagVersion::parse(tag, flavor).expect("an update is a version");
        assert!(version.same_series(&own) && version.tag() != current);
        assert!(!version.is_prerelease() || own.is_prerelease());
    }
}
