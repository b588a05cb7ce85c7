//! The request that is tried.

use url::Url;

/// A request as a program in the sandbox would make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// In capitals.
    pub(super) method: String,
    pub(super) url: Url,
    pub(super) host: String,
    pub(super) port: u16,
    /// With escapes of characters that need none undone.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    /// The program's path, symbolic links followed, before those that started it.
    pub(super) binaries: Vec<String>,
}

/// What is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not a word of capitals.
    #[error("the method is not a word such as GET or POST")]
    Method,
    /// Not an address of the web.
    #[error("the URL is not an http or https address with a host")]
    Url,
    /// With a user or password, which a proxy's rules never see.
    #[error("the URL holds a user or a password")]
    Secret,
    /// The path of no program.
    #[error("a program is named by its whole path, such as /usr/bin/curl")]
    Binary,
    /// Longer than what anything sends.
    #[error("the request is too long")]
    Length,
}

const MAX_LENGTH: usize = 16 * 1024;
/// More programs do not start each other.
const MAX_BINARIES: usize = 64;

impl Request {
    /// The request `method url` of the first of `binaries`, which the others started.
    ///
    /// Without any program every policy's list of them counts as met.
    pub fn new<S: Into<String>>(
        method: &str,
        url: &str,
        binaries: impl IntoIterator<Item = S>,
    ) -> Result<Self, RequestError> {
        let binaries: Vec<String> = binaries.into_iter().map(Into::into).collect();
        if method.len() > 64 || url.len() > MAX_LENGTH || binaries.len() > MAX_BINARIES {
            return Err(RequestError::Length);
        }
        let in_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if method.is_empty() || !method.chars().all(in_word) {
            return Err(RequestError::Method);
        }
        if binaries.iter().any(|path| !is_program(path)) {
            return Err(RequestError::Binary);
        }
        let url = Url::parse(url).map_err(|_| RequestError::Url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RequestError::Secret);
        }
        let is_web = matches!(url.scheme(), "http" | "https");
        let host = url.host_str().filter(|_| is_web).ok_or(RequestError::Url)?;
        let port = url.port_or_known_default().ok_or(RequestError::Url)?;
        let query = url.query_pairs();
        Ok(Self {
            method: method.to_ascii_uppercase(),
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            path: canonical(url.path()),
            query: query
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
            binaries,
            url,
        })
    }
}

fn is_program(path: &str) -> bool {
    let plain = !path.chars().any(char::is_control) && !path.contains('*');
    path.starts_with('/') && path.len() > 1 && path.len() <= 4096 && plain
}

/// `path` with each `%41` that stands for a letter, digit or other plain character written plainly.
fn canonical(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3);
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        let known = byte
            .map(char::from)
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~'));
        let taken = match (known, code) {
            (Some(c), _) => {
                plain.push(c);
                3
            }
            (None, Some(code)) => {
                plain.push('%');
                plain.push_str(&code.to_ascii_uppercase());
                3
            }
            (None, None) => {
                plain.push('%');
                1
            }
        };
        rest = &rest[at + taken..];
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, url: &str) -> Result<Request, RequestError> {
        Request::new(method, url, ["/usr/bin/curl"])
    }

    #[test]
    fn a_request_is_read_as_the_proxy_sees_it() {
        let request = of(
            "get",
            "https://API.GitHub.com/repos/%61/b%2fc/../x?q=1&q=2#f",
        )
        .unwrap();
        assert_eq!(request.method, "GET");
        assert_eq!(
            (request.host.as_str(), request.port),
            ("api.github.com", 443)
        );
        assert_eq!(request.path, "/repos/a/x");
        assert_eq!(request.query.len(), 2);
        assert_eq!(of("GET", "http://[::1]:80/%2f%").unwrap().path, "/%2F%");
    }

    #[test]
    fn what_is_no_request_is_refused() {
        assert_eq!(of("", "https://a/"), Err(RequestError::Method));
        assert_eq!(of("GET /", "https://a/"), Err(RequestError::Method));
        assert_eq!(of("GET", "file:///etc"), Err(RequestError::Url));
        assert_eq!(of("GET", "a"), Err(RequestError::Url));
        assert_eq!(of("GET", "https://u:p@a/"), Err(RequestError::Secret));
        let long = format!("https://a/{}", "a".repeat(20_000));
        assert_eq!(of("GET", &long), Err(RequestError::Length));
        for bad in ["curl", "", "/", "/usr/bin/*", "/a\n"] {
            assert_eq!(
                Request::new("GET", "https://a/", [bad]),
                Err(RequestError::Binary)
            );
        }
    }
}
