//! What tags say, and which is newer, by table and by property.

use super::*;

use Flavor::{Git, Image};

fn image(tag: &str) -> TagVersion<'_> {
    TagVersion::parse(tag, Image).unwrap_or_else(|| panic!("{tag} is no version"))
}

#[test]
fn reads_where_the_version_starts() {
    for (tag, prefix, numbers) in [
        ("1.4.2", "", &[1, 4, 2][..]),
        ("v4", "", &[4]),
        ("V2.0", "", &[2, 0]),
        ("action-x/v1.2.0", "action-x/", &[1, 2, 0]),
        ("action-x-v1.2.0", "action-x-", &[1, 2, 0]),
        ("action-2-v1.2.0", "action-2-", &[1, 2, 0]),
        ("action_v1.2", "action_", &[1, 2]),
        ("a/b/v1.2.0-rc.1", "a/b/", &[1, 2, 0]),
        ("@scope/pkg@1.2.3", "@scope/pkg@", &[1, 2, 3]),
        ("jq-1.7.1", "jq-", &[1, 7, 1]),
        ("3d-viewer-1.2.3", "3d-viewer-", &[1, 2, 3]),
        ("noble-20241118", "noble-", &[20_241_118]),
        ("jdk-21.0.5_11", "jdk-", &[21, 0, 5]),
        ("24.04", "", &[24, 4]),
        ("2024.01.05", "", &[2024, 1, 5]),
        ("2024-01-05-slim", "", &[2024, 1, 5]),
        ("20-alpine3.20", "", &[20]),
        ("1.2.3.4", "", &[1, 2, 3, 4]),
        ("1.2.3-14-gdeadbee", "", &[1, 2, 3]),
    ] {
        let version = image(tag);
        assert_eq!(
            (version.prefix(), version.numbers()),
            (prefix, numbers),
            "{tag}"
        );
    }
}

#[test]
fn what_is_no_version() {
    let hex = "0123456789".repeat(7);
    let signature = format!("sha256-{}", &hex[..64]);
    for tag in [
        "",
        "v",
        "latest",
        "main",
        "bookworm-slim",
        "1.",
        "1..2",
        "1.2.3.4.5",
        "1.2.3-",
        "1.2.3--x",
        "1.2.3+",
        "1.1.1w",
        "4a12345",
        "7f3a2b1",
        "sha-1234567",
        "ltsc2022",
        "curl-8.x",
        "v1.x",
        "99999999999999999999999999",
        "1_",
        "é/1.2",
        "a b/1.2",
        "a\n/1.2",
        "1.2.3-rc\u{202e}",
        "RELEASE.2024-11-07T00-52-20Z",
        &signature,
        &format!("{signature}.sig"),
        &format!("{signature}.att"),
        &format!("{signature}.sbom"),
        &hex[..40],
        &"1".repeat(300),
        &format!("1.2.3-{hex}{hex}{hex}{hex}"),
    ] {
        assert_eq!(TagVersion::parse(tag, Image), None, "{tag}");
    }
    for tag in ["8_5_0", "curl-8_5_0", "1.2.3_4"] {
        assert_eq!(TagVersion::parse(tag, Git), None, "{tag}");
    }
}

#[test]
fn tells_variants_from_what_is_unfinished() {
    for pre in [
        "1.4.2-rc.1",
        "1.4.2-rc1",
        "1.4.2-beta2",
        "1.4.2-alpha",
        "1.4.2-dev",
        "1.4.2-preview.3",
        "1.4.2-SNAPSHOT",
        "3.13.0rc2-slim",
        "3.13.0a1",
        "1.4.2-alpine-rc1",
        "1.4.2-rc.1-alpine",
        "22-ea-35-jdk",
        "1.4.2-rc.1_build5",
        "2.0.0-nightly.3",
        "1.4-rc-slim",
    ] {
        assert!(image(pre).is_prerelease(), "{pre}");
    }
    for variant in [
        "1.4.2-alpine",
        "1.4.2-alpine3.20",
        "1.4.2-slim-bookworm",
        "1.4.2-debian-12-r3",
        "1.4.2-windowsservercore-ltsc2022",
        "1.4.2-a",
        "1.4.2_build5",
        "21.0.5_11-jre",
        "1.4.2-r0",
    ] {
        assert!(!image(variant).is_prerelease(), "{variant}");
    }
    let git = |tag| TagVersion::parse(tag, Git).unwrap().is_prerelease();
    assert!(git("v1.2.3-anything") && git("1.0.0rc1") && git("v1.2.3-nightly+build5"));
    assert!(!git("v1.2.3") && !git("v1.2.3+k3s1") && !git("4.1.100.Final") && !git("v1-stable"));
}

#[test]
fn only_one_thing_in_one_variant_is_a_series() {
    for (one, other) in [
        ("1.4.2", "v1.5.0"),
        ("3.12.1-alpine3.20", "3.12.2-alpine3.20"),
        ("3.13.0rc2-slim", "3.13.0-slim"),
        ("1.4.2-debian-12-r3", "1.5.0-debian-12-r0"),
        ("21.0.5_11-jre-alpine", "21.0.6_7-jre-alpine"),
        ("noble-20241015", "noble-20241118"),
        ("1.2.3+k3s1", "1.3.0+k3s2"),
    ] {
        assert!(image(one).same_series(&image(other)), "{one} {other}");
    }
    for (one, other) in [
        ("1.4.2", "1.4.3-alpine"),
        ("3.12.1-alpine3.20", "3.12.2-alpine3.21"),
        ("1.4.2-debian-12-r3", "1.4.3-debian-13-r0"),
        ("a/v1.0.0", "b/v1.0.1"),
        ("3.12-dev", "3.13"),
        ("1.2.3+fips", "1.2.4"),
        ("1.2.3_fips", "1.2.4"),
        ("20", "20240101"),
        ("3.12.1", "2024.11.3"),
    ] {
        assert!(!image(one).same_series(&image(other)), "{one} {other}");
    }
}

#[test]
fn orders_by_age() {
    let ascending = [
        "1.2.3-alpha",
        "1.2.3-alpha.1",
        "1.2.3-beta2",
        "1.2.3-beta10",
        "1.2.3-rc9",
        "1.2.3-RC10",
        "1.2.3",
        "1.2.3-r1",
        "1.2.3-r10",
        "1.2.3_9",
        "1.2.3_10",
        "1.2.4",
        "1.10.0",
        "24.04",
        "2024.11.3",
        "20240101",
    ];
    for pair in ascending.windows(2) {
        assert!(image(pair[0]) < image(pair[1]), "{pair:?}");
    }
}

#[test]
fn what_moves_by_design() {
    for tag in [
        "latest",
        "1.4",
        "v4",
        "20-alpine",
        "20-alpine3.20",
        "main",
        "24.04",
        "stable",
        "1.4.2-nightly",
        "3.12.7-dev",
        "1.4.2-SNAPSHOT",
        "noble",
        "3.13-rc-slim",
        "releases/v1",
    ] {
        assert_eq!(moves(tag, Image), Moves::Moving, "{tag}");
    }
    for tag in [
        "1.4.2",
        "v1.4.2",
        "1.4.2-alpine",
        "1.4.2-rc.1",
        "2.0.0-nightly.20240101",
        "noble-20241118",
        "20240101",
        "sha-1234567",
        "7f3a2b1",
        "RELEASE.2024-11-07T00-52-20Z",
        "2.0.0-nightly-3",
    ] {
        assert_eq!(moves(tag, Image), Moves::Exact, "{tag}");
    }
}

#[test]
fn the_most_exact_of_one_commit() {
    let of = |tags: &[&'static str], like| most_exact(tags.iter().copied(), like, Git);
    assert_eq!(
        of(&["v4", "v4.3.1", "v4.3", "latest"], Some("v4")),
        Some("v4.3.1")
    );
    assert_eq!(of(&["v4", "v4.3.1", "v5.0.0"], Some("v4")), Some("v4.3.1"));
    assert_eq!(of(&["v4.3.1-rc.2", "v4.3.1"], None), Some("v4.3.1"));
    assert_eq!(of(&["v4.3.1", "4.3.1"], Some("4")), Some("4.3.1"));
    assert_eq!(
        of(&["a/v1.2.0", "b/v3.0.0"], Some("a/v1")),
        Some("a/v1.2.0")
    );
    assert_eq!(of(&["b/v3.0.0"], Some("v3")), None);
    assert_eq!(of(&["b/v3.0.0", "v1.0.0"], Some("main")), Some("v1.0.0"));
    assert_eq!(of(&["main", "nightly"], None), None);
}

#[test]
fn candidates_are_of_the_series_within_the_step() {
    let tags = [
        "latest",
        "1.4.1",
        "1.4.2",
        "1.4.3",
        "v1.4.3",
        "1.5.0",
        "1.5.0-alpine",
        "2.0.0-rc.1",
        "2.0.0-rc.2",
        "1.4",
        "2",
        "1.4.9-rc.1",
        "2021.11.08",
        "3.0.0-beta.1",
        "1.4.3-1-gdeadbee",
    ];
    let image = |current, step| newer(current, tags.into_iter(), step, Image);
    assert_eq!(image("1.4.2", Step::None), [""; 0]);
    assert_eq!(image("1.4.2", Step::Patch), ["1.4.3", "v1.4.3"]);
    assert_eq!(image("v1.4.2", Step::Minor), ["1.5.0", "v1.4.3", "1.4.3"]);
    assert_eq!(image("1.5.0", Step::Major), [""; 0]);
    assert_eq!(image("1.4.2-alpine", Step::Major), ["1.5.0-alpine"]);
    assert_eq!(image("1", Step::Major), ["2"]);
    // Nothing finished is newer, so that the pre-releases of other numbers count.
    assert_eq!(
        image("2.0.0-rc.1", Step::Major),
        ["3.0.0-beta.1", "2.0.0-rc.2"]
    );
    assert_eq!(image("latest", Step::Major), [""; 0]);
    let git = newer("v1", tags.into_iter(), Step::Major, Git);
    assert_eq!(
        git,
        ["2", "1.5.0", "v1.4.3", "1.4.3", "1.4.2", "1.4.1", "1.4"]
    );
}

#[test]
fn says_what_a_semantic_version_can() {
    let semver = |tag| image(tag).semver().map(|version| version.to_string());
    assert_eq!(
        semver("v1.2.3-rc.1_build5").as_deref(),
        Some("1.2.3-rc.1+build5")
    );
    assert_eq!(semver("24.04").as_deref(), Some("24.4.0"));
    for tag in ["1.2.3.4", "1.2.3-alpine", "1.2.3-r1"] {
        assert_eq!(semver(tag), None, "{tag}");
    }
}

mod properties {
    use proptest::{prelude::*, sample::Index};

    use super::*;

    fn flavor() -> impl Strategy<Value = Flavor> {
        prop_oneof![Just(Image), Just(Git)]
    }

    /// Texts like tags, of few numbers, so that they often meet.
    fn tag() -> impl Strategy<Value = String> {
        prop_oneof![
            r"(a/|a-|)v?(0|[1-4])(\.[0-4]){0,3}(-rc\.?[0-9]|-alpine|-alpine3|-r[0-3]|b1|-dev|_[0-9]|\+b[0-9]){0,2}",
            r"[-._/@+vr0-9a-c]{0,12}",
            r"\PC{0,6}",
        ]
    }

    fn semantic() -> impl Strategy<Value = String> {
        r"[0-9]\.[0-9]\.[0-9](-(alpha|beta|rc|[1-9][0-9]?)(\.(a|b|[1-9][0-9]{0,2})){0,2})?"
    }

    proptest! {
        #[test]
        fn reading_is_whole(tag in tag(), flavor in flavor()) {
            let Some(version) = TagVersion::parse(&tag, flavor) else {
                return Ok(());
            };
            prop_assert_eq!(version.tag(), &tag);
            prop_assert!(tag.starts_with(version.prefix()));
            prop_assert!((1..=4).contains(&version.precision()));
            prop_assert!(version.same_series(&version) && version == version);
            if let Some(semver) = version.semver() {
                let text = format!("{}v{semver}", version.prefix());
                let again = TagVersion::parse(&text, Git).unwrap();
                prop_assert_eq!(again.numbers(), &version.numbers[..3]);
            }
        }

        #[test]
        fn parts_are_read_as_they_were_put(
            prefix in "(|[a-z]{1,8}/|[a-z]{1,8}-)", v in "v?", numbers in prop::collection::vec(0..100_000_u64, 1..=4),
            pre in prop::option::of("(alpha|beta|rc|preview)\\.?[0-9]{1,3}"), variant in prop::option::of("(alpine|slim|jre)[0-9]?"),
        ) {
            // Prefixes that say that a hash follows, and dates between hyphens, are read otherwise.
            prop_assume!(!["sha-", "git-", "commit-"].contains(&prefix.as_str()));
            let joined = numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
            let words: Vec<_> = pre.iter().chain(&variant).map(|word| format!("-{word}")).collect();
            let words = words.concat();
            let tag = format!("{prefix}{v}{joined}{words}");
            let version = TagVersion::parse(&tag, Image).unwrap();
            prop_assert_eq!(version.prefix(), &prefix);
            prop_assert_eq!(version.numbers(), &numbers);
            prop_assert_eq!(version.is_prerelease(), pre.is_some());
            let plain = format!("{prefix}{joined}{}", variant.map(|word| format!("-{word}")).unwrap_or_default());
            prop_assert!(version.same_series(&TagVersion::parse(&plain, Image).unwrap()));
        }

        #[test]
        fn the_order_is_total(tags in prop::collection::vec(tag(), 3), flavor in flavor()) {
            let versions: Vec<_> = tags.iter().filter_map(|tag| TagVersion::parse(tag, flavor)).collect();
            for a in &versions {
                for b in &versions {
                    prop_assert_eq!(a.cmp(b), b.cmp(a).reverse());
                    prop_assert_eq!(a == b, a.tag() == b.tag());
                    for c in &versions {
                        prop_assert!(!(a <= b && b <= c) || a <= c);
                    }
                }
            }
        }

        #[test]
        fn semantic_versions_keep_their_order(one in semantic(), other in semantic()) {
            let semver = |text: &str| text.parse::<semver::Version>().unwrap();
            let version = |text| TagVersion::parse(text, Git).unwrap();
            prop_assert_eq!(version(&one).cmp(&version(&other)), semver(&one).cmp_precedence(&semver(&other)));
            prop_assert_eq!(version(&one).semver(), Some(semver(&one)));
        }

        #[test]
        fn an_update_is_newer_and_is_the_last(
            tags in prop::collection::vec(tag(), 1..20), current in any::<Index>(), flavor in flavor(),
            step in prop::sample::select(vec![Step::None, Step::Patch, Step::Minor, Step::Major]),
        ) {
            let current = current.get(&tags).as_str();
            let all = || tags.iter().map(String::as_str);
            let found = newer(current, all(), step, flavor);
            let read = |tag| TagVersion::parse(tag, flavor).unwrap();
            for tag in &found {
                prop_assert!(read(tag).numbers >= read(current).numbers && read(tag).same_series(&read(current)));
                prop_assert!(!read(tag).is_prerelease() || read(current).is_prerelease());
            }
            prop_assert!(found.is_sorted_by(|a, b| read(a).numbers >= read(b).numbers));
            prop_assert!(found.is_empty() || step != Step::None);
            if !found.is_empty() {
                prop_assert!(!newer(current, all(), Step::Major, flavor).is_empty());
            }
            if let Some(newest) = found.first() {
                prop_assert_eq!(newer(newest, all(), step, flavor), Vec::<&str>::new());
            }
        }

        #[test]
        fn the_most_exact_does_not_depend_on_the_order(
            mut tags in prop::collection::vec(tag(), 1..8), like in prop::option::of(tag()), flavor in flavor(),
        ) {
            let find = |tags: &[String]| {
                most_exact(tags.iter().map(String::as_str), like.as_deref(), flavor).map(str::to_owned)
            };
            let found = find(&tags);
            tags.reverse();
            prop_assert_eq!(&found, &find(&tags));
            prop_assert!(found.is_none_or(|found| tags.contains(&found)));
        }
    }
}
