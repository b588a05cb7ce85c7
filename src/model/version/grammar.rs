//! How a tag is read: where its version starts, its numbers, and what the words behind them mean.

use super::{Era, Flavor, MOST_NUMBERS, TagVersion};

/// Words for one step towards a release; what follows tells the steps apart.
const UNFINISHED: &[&str] = &[
    "a",
    "alpha",
    "b",
    "beta",
    "cr",
    "ea",
    "milestone",
    "pre",
    "prerelease",
    "preview",
    "rc",
];

/// Words for builds that go on and on. In an image tag they are a variant too: who is on
/// `3.12-dev` gets what others on `3.12` do not.
const CHANNELS: &[&str] = &[
    "canary", "dev", "edge", "insiders", "latest", "main", "master", "nightly", "snapshot",
    "unstable",
];

/// Words behind a git tag's numbers that take nothing back.
const FINISHED: &[&str] = &["final", "ga", "lts", "release", "stable"];

/// Prefixes of tags whose digits are a hash.
const HASHES: &[&str] = &["sha256-", "sha512-", "sha1-", "sha-", "git-", "commit-"];

pub(super) fn parse(tag: &str, flavor: Flavor) -> Option<TagVersion<'_>> {
    let is_plain = tag.bytes().all(|byte| byte.is_ascii_graphic());
    let is_hash = HASHES.iter().any(|hash| tag.starts_with(hash));
    if tag.len() > TagVersion::MAX_LENGTH || !is_plain || is_hash {
        return None;
    }
    let base = tag.rfind(['/', '@']).map_or(0, |at| at + 1);
    let at_once = read(tag, base, flavor);
    at_once.or_else(|| {
        let behind_name = starts(tag, base).filter_map(|at| read(tag, at, flavor));
        // Of several, the first of those that say most.
        behind_name.min_by_key(|version| (!version.v, MOST_NUMBERS - version.precision))
    })
}

/// Where behind a name a version may start: `action-x-v1.2.0`, `jq-1.7.1`, `noble-20241118`.
fn starts(tag: &str, base: usize) -> impl Iterator<Item = usize> {
    tag[base..]
        .match_indices(['-', '_'])
        .filter_map(move |(at, separator)| {
            let at = base + at + 1;
            let with_v = after_v(&tag[at..]).is_some();
            // Of numbers in a row, a later one is not where they start.
            let mut parts = tag[base..at].split(['-', '.']);
            let mut only_words = || !parts.any(is_number);
            (with_v || (separator == "-" && only_words())).then_some(at)
        })
}

fn after_v(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(['v', 'V'])?;
    rest.starts_with(|c: char| c.is_ascii_digit())
        .then_some(rest)
}

/// Reads all that follows `at` as a version.
fn read(tag: &str, at: usize, flavor: Flavor) -> Option<TagVersion<'_>> {
    let body = after_v(&tag[at..]);
    let mut version = TagVersion {
        tag,
        prefix: &tag[..at],
        v: body.is_some(),
        numbers: [0; MOST_NUMBERS],
        precision: 0,
        pre: Vec::new(),
        variant: Vec::new(),
        build: None,
        revision: None,
        channel: false,
    };
    let rest = version.take_numbers(body.unwrap_or(&tag[at..]))?;
    let rest = version.take_build(rest, flavor)?;
    let rest = version.take_glued(rest)?;
    version.take_words(rest, flavor)?;
    Some(version)
}

impl<'a> TagVersion<'a> {
    /// Takes the numbers off the start of `text`: between points, or a date's between hyphens.
    fn take_numbers(&mut self, text: &'a str) -> Option<&'a str> {
        let mut rest = text;
        let mut separator = None;
        loop {
            let digits = digits_of(rest);
            *self.numbers.get_mut(self.precision)? = digits.parse().ok()?;
            self.precision += 1;
            rest = &rest[digits.len()..];
            let next = if rest.starts_with('.') && separator != Some('-') {
                '.'
            } else if rest.starts_with('-') && separator != Some('.') && self.goes_on_as_date(rest)
            {
                '-'
            } else {
                return Some(rest);
            };
            if digits_of(&rest[1..]).is_empty() {
                return Some(rest);
            }
            rest = &rest[1..];
            separator = Some(next);
        }
    }

    /// Whether behind a year, or a year and a month, the next part of a date follows.
    fn goes_on_as_date(&self, rest: &str) -> bool {
        let digits = digits_of(&rest[1..]);
        let end = rest[1 + digits.len()..].chars().next();
        self.era() == Era::Year
            && self.precision < 3
            && digits.len() == 2
            && end.is_none_or(|end| end == '-')
    }

    /// Takes build metadata: behind `+` to the end, behind an image tag's `_` to the next hyphen.
    fn take_build(&mut self, rest: &'a str, flavor: Flavor) -> Option<&'a str> {
        if let Some((head, build)) = rest.split_once('+') {
            self.build = Some(build).filter(|build| !build.is_empty());
            return self.build.map(|_| head);
        }
        let Some(behind) = rest.strip_prefix('_').filter(|_| flavor == Flavor::Image) else {
            return Some(rest);
        };
        let build = &behind[..behind.find('-').unwrap_or(behind.len())];
        self.build = Some(build).filter(|build| !build.is_empty());
        self.build.map(|build| &behind[build.len()..])
    }

    /// Takes a pre-release that stands right behind the numbers: `3.13.0rc2`, `2.0.0.beta1`.
    fn take_glued(&mut self, rest: &'a str) -> Option<&'a str> {
        if rest.is_empty() || rest.starts_with('-') {
            return Some(rest);
        }
        let glued = &rest[..rest.find('-').unwrap_or(rest.len())];
        let word = glued.strip_prefix('.').unwrap_or(glued);
        let counted = word.ends_with(|c: char| c.is_ascii_digit());
        if is_unfinished(word) && counted && self.precision > 1 {
            self.pre.push(word);
        } else if glued.len() > word.len() && is_one_of(word, FINISHED) {
            self.variant.push(word);
        } else {
            return None;
        }
        Some(&rest[glued.len()..])
    }

    /// Takes the words between hyphens.
    fn take_words(&mut self, rest: &'a str, flavor: Flavor) -> Option<()> {
        let Some(rest) = rest.strip_prefix('-') else {
            return Some(());
        };
        let mut words = rest.split('-').peekable();
        while let Some(word) = words.next() {
            let is_last = words.peek().is_none();
            if word.is_empty() {
                return None;
            } else if is_one_of(word, CHANNELS) {
                let number = words.peek().is_some_and(|next| is_number(next));
                self.channel |= !number;
                self.pre.push(word);
                if flavor == Flavor::Image {
                    self.variant.push(word);
                }
                self.pre.extend(words.next_if(|_| number));
            } else if flavor == Flavor::Git {
                let words = if is_one_of(word, FINISHED) {
                    &mut self.variant
                } else {
                    &mut self.pre
                };
                words.push(word);
            } else if is_unfinished(word) {
                let word = self.take_build_of(word);
                self.pre.push(word);
                self.pre.extend(words.next_if(|next| is_number(next)));
            } else if let Some(revision) = revision(word).filter(|_| is_last) {
                self.revision = Some(revision);
            } else {
                self.variant.push(word);
            }
        }
        Some(())
    }

    /// Takes the build metadata off an image tag's pre-release: `rc.1_build5`.
    fn take_build_of(&mut self, word: &'a str) -> &'a str {
        match word.split_once('_') {
            Some((word, build)) if self.build.is_none() && !build.is_empty() => {
                self.build = Some(build);
                word
            }
            _ => word,
        }
    }
}

/// Bitnami's and Alpine's count of builds, `r3`.
fn revision(word: &str) -> Option<u64> {
    word.strip_prefix('r')
        .filter(|digits| is_number(digits))?
        .parse()
        .ok()
}

/// `rc`, `rc1`, `rc.1`; a lone letter needs its number.
fn is_unfinished(word: &str) -> bool {
    let letters = word.find(|c: char| !c.is_ascii_alphabetic());
    let (name, count) = word.split_at(letters.unwrap_or(word.len()));
    let counted = count.starts_with('.') || is_number(count.split(['.', '_']).next().unwrap_or(""));
    let named = is_one_of(name, UNFINISHED) || (is_one_of(name, CHANNELS) && counted);
    named && (counted || (count.is_empty() && name.len() > 1))
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn digits_of(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit());
    &text[..end.unwrap_or(text.len())]
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && digits_of(text) == text
}
