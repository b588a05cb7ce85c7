//! The `Link` header, by which a registry names the next page.

use super::{error::Reason, limits};
use crate::seam::http::Url;

/// The next page's address: on the same host and path as `current`, or the answer is malformed.
pub(super) fn next<'a>(
    current: &Url,
    headers: impl Iterator<Item = &'a str>,
) -> Result<Option<Url>, Reason> {
    for header in headers {
        if header.len() > limits::HEADER {
            return Err(Reason::TooLarge {
                limit: limits::HEADER as u64,
                unit: "bytes in a header",
            });
        }
        if let Some(target) = find_next(header) {
            return resolve(current, target).map(Some);
        }
    }
    Ok(None)
}

fn resolve(current: &Url, target: &str) -> Result<Url, Reason> {
    let malformed = || Reason::Malformed("the link to the next page leads elsewhere".to_owned());
    let next = current.join(target).map_err(|_| malformed())?;
    let same = next.origin() == current.origin() && next.path() == current.path();
    // A user name in a URL would become an Authorization header.
    if same && next.username().is_empty() && next.password().is_none() {
        Ok(next)
    } else {
        Err(malformed())
    }
}

/// The target of the first link whose `rel` is `next`.
fn find_next(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, tail)) = rest.split_once('<') {
        let (target, tail) = tail.split_once('>')?;
        // A target may hold commas, parameters in quotes too: only the next `<` starts a link.
        let end = tail.find('<').unwrap_or(tail.len());
        if tail[..end].split([';', ',']).any(is_rel_next) {
            return Some(target);
        }
        rest = &tail[end..];
    }
    None
}

fn is_rel_next(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && value
                .split_ascii_whitespace()
                .any(|rel| rel.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(header: &str) -> Result<Option<String>, Reason> {
        let current = Url::parse("https://r.example/v2/a/referrers/sha256:0?n=1").unwrap();
        let next = next(&current, std::iter::once(header))?;
        Ok(next.map(|url| url.to_string()))
    }

    #[test]
    fn follows_what_registries_write() {
        let page = "https://r.example/v2/a/referrers/sha256:0?n=1&last=x,y";
        for header in [
            "</v2/a/referrers/sha256:0?n=1&last=x,y>; rel=\"next\"",
            "<https://r.example/v2/a/referrers/sha256:0?n=1&last=x,y>;rel=next",
            "</other>; rel=\"prev\", <?n=1&last=x,y>; title=\"a, b\"; REL=\"last next\"",
        ] {
            assert_eq!(after(header).unwrap().as_deref(), Some(page), "{header}");
        }
        for header in ["", "garbage", "</x>; rel=\"nextish\"", "</x", "<a> <b>"] {
            assert_eq!(after(header).unwrap(), None, "{header}");
        }
    }

    #[test]
    fn never_leaves_the_host_or_the_list() {
        for target in [
            "https://evil.example/v2/a/referrers/sha256:0",
            "http://r.example/v2/a/referrers/sha256:0",
            "//evil.example/v2/a/referrers/sha256:0",
            "https://u:p@r.example/v2/a/referrers/sha256:0",
            "/v2/other/referrers/sha256:0",
            "../../../admin",
        ] {
            assert!(after(&format!("<{target}>; rel=next")).is_err(), "{target}");
        }
        assert!(after(&format!("<?{}>; rel=next", "x".repeat(9000))).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_leads_away(header in r#"([<>;,="?/@:]|rel|next|https|\PC){0,40}"#) {
            if let Ok(Some(url)) = after(&format!("<{header}>; rel=next")) {
                assert!(url.starts_with("https://r.example/v2/a/referrers/sha256:0"), "{url}");
            }
            let _ = after(&header);
        }
    }
}
