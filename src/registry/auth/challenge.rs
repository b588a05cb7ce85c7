//! `WWW-Authenticate`: what a registry wants to see.

use crate::{
    registry::{error::Reason, limits},
    seam::http::Url,
};

/// A way to authenticate that we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) enum Challenge {
    /// Name and password with every request.
    Basic,
    /// A token from a service.
    Bearer(Bearer),
}

/// A token service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Bearer {
    pub(in crate::registry) realm: Url,
    pub(super) service: Option<String>,
}

impl Challenge {
    /// The best of the offered ways: a token before a password; `None` where we know none.
    ///
    /// The scope that the registry asks for is not read: we ask for what we need, which is less.
    pub(in crate::registry) fn choose<'a>(
        headers: impl Iterator<Item = &'a str>,
    ) -> Result<Option<Self>, Reason> {
        let mut basic = None;
        for header in headers {
            if header.len() > limits::HEADER {
                return Err(malformed("is too long"));
            }
            for offer in parse(header)? {
                if offer.scheme.eq_ignore_ascii_case("bearer") {
                    return offer.bearer().map(Some);
                }
                if offer.scheme.eq_ignore_ascii_case("basic") {
                    basic = Some(Self::Basic);
                }
            }
        }
        Ok(basic)
    }
}

/// One scheme and its parameters.
struct Offer<'a> {
    scheme: &'a str,
    parameters: Vec<(&'a str, String)>,
}

impl Offer<'_> {
    fn bearer(self) -> Result<Challenge, Reason> {
        let mut realm = None;
        let mut service = None;
        for (name, value) in self.parameters {
            let place = match name.to_ascii_lowercase().as_str() {
                "realm" => &mut realm,
                "service" => &mut service,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(malformed("names a parameter twice"));
            }
        }
        let realm = realm.and_then(|realm| Url::parse(&realm).ok());
        let realm = realm.ok_or_else(|| malformed("names no token service"))?;
        let web = matches!(realm.scheme(), "http" | "https") && realm.has_host();
        if !web || !realm.username().is_empty() || realm.password().is_some() {
            return Err(malformed("names a token service that is none"));
        }
        Ok(Challenge::Bearer(Bearer { realm, service }))
    }
}

/// Reads `scheme name="value", name=value, scheme …`.
fn parse(header: &str) -> Result<Vec<Offer<'_>>, Reason> {
    let mut offers: Vec<Offer<'_>> = Vec::new();
    let mut parameters = 0;
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Ok(offers);
        }
        let end = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        if word.is_empty() {
            return Err(malformed("is not readable"));
        }
        let Some(value) = tail.strip_prefix('=') else {
            rest = tail;
            offers.push(Offer {
                scheme: word,
                parameters: Vec::new(),
            });
            continue;
        };
        parameters += 1;
        if parameters > limits::CHALLENGE_PARAMETERS {
            return Err(malformed("has too many parameters"));
        }
        let (value, tail) = parse_value(value)?;
        rest = tail;
        match offers.last_mut() {
            Some(offer) => offer.parameters.push((word, value)),
            None => return Err(malformed("names no scheme")),
        }
    }
}

/// A quoted string or a bare word, and what follows it.
fn parse_value(text: &str) -> Result<(String, &str), Reason> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            plain => value.push(plain),
        }
    }
    Err(malformed("has an open quote"))
}

fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

fn malformed(what: &str) -> Reason {
    Reason::Malformed(format!("its authentication challenge {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(headers: &[&str]) -> Result<Option<Challenge>, Reason> {
        Challenge::choose(headers.iter().copied())
    }

    #[test]
    fn reads_what_registries_write() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer(Bearer {
                realm: Url::parse(realm).unwrap(),
                service: service.map(str::to_owned),
            }))
        };
        for (header, expected) in [
            (
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
                bearer("https://auth.docker.io/token", Some("registry.docker.io")),
            ),
            (
                r#"Basic realm="x, y", bearer realm="https://t/?a=b" , service=s"#,
                bearer("https://t/?a=b", Some("s")),
            ),
            (
                r#"Bearer realm="https://t/", service="a \"quoted\" one""#,
                bearer("https://t/", Some(r#"a "quoted" one"#)),
            ),
            (r#"Basic realm="Registry""#, Some(Challenge::Basic)),
            ("Basic", Some(Challenge::Basic)),
            (r#"Negotiate, Digest realm="x""#, None),
            ("", None),
        ] {
            assert_eq!(choose(&[header]).unwrap(), expected, "{header}");
        }
        assert_eq!(
            choose(&["Basic", r#"Bearer realm="https://t/""#]).unwrap(),
            bearer("https://t/", None)
        );
    }

    #[test]
    fn refuses_what_is_not_clear() {
        for header in [
            "Bearer",
            r#"Bearer realm="""#,
            r#"Bearer realm="ftp://t/""#,
            r#"Bearer realm="file:///etc/passwd""#,
            r#"Bearer realm="https://user:pw@t/""#,
            r#"Bearer realm="https://a/",realm="https://b/""#,
            r#"Bearer realm="https://a/"#,
            r#"realm="https://a/""#,
            "\"Bearer\"",
            &format!("Bearer {}", "a=b,".repeat(17)),
            &format!("Bearer realm=\"https://a/{}\"", "x".repeat(9000)),
        ] {
            assert!(choose(&[header]).is_err(), "{header:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(header in r#"(?i)(bearer |basic |realm=|service=|[",= \\]|\PC){0,40}"#) {
            if let Ok(Some(Challenge::Bearer(bearer))) = choose(&[&header]) {
                assert!(matches!(bearer.realm.scheme(), "http" | "https"));
            }
        }
    }
}
