//! The proxy that the environment asks for.

use reqwest::{ClientBuilder, NoProxy, Proxy};

use super::environment::Environment;

/// Never asked of a proxy, whatever `NO_PROXY` says: these are this machine.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// The proxy variables that curl, Go and docker read. The lower-case form wins.
#[derive(Default)]
pub(super) struct ProxyVariables {
    http: Option<String>,
    https: Option<String>,
    exempt: String,
}

impl std::fmt::Debug for ProxyVariables {
    /// Shows nothing: a proxy's URL may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProxyVariables").finish_non_exhaustive()
    }
}

impl ProxyVariables {
    /// Picks them out of the environment.
    pub(super) fn of(environment: &Environment) -> Self {
        let either = |lower: &str| {
            let value = environment.get(lower);
            let value = value.or_else(|| environment.get(&lower.to_ascii_uppercase()));
            value.map(str::to_owned)
        };
        let all = either("all_proxy");
        // In a CGI program HTTP_PROXY is the client's `Proxy:` header, not the user's will.
        let http = match environment.get("REQUEST_METHOD") {
            Some(_) => environment.get("http_proxy").map(str::to_owned),
            None => either("http_proxy"),
        };
        Self {
            http: http.or_else(|| all.clone()),
            https: either("https_proxy").or(all),
            exempt: either("no_proxy").map_or_else(
                || LOOPBACK.to_owned(),
                |hosts| format!("{hosts},{LOOPBACK}"),
            ),
        }
    }

    /// Whether plain HTTP goes through a proxy.
    pub(super) fn plain_http(&self) -> bool {
        self.http.is_some()
    }

    /// Makes a client use them; the error says which variable is malformed, not its value.
    pub(super) fn apply(&self, mut builder: ClientBuilder) -> Result<ClientBuilder, String> {
        let exempt = || NoProxy::from_string(&self.exempt);
        let malformed = |variable: &str| format!("{variable} is not a proxy URL");
        if let Some(url) = &self.http {
            let proxy = Proxy::http(url).map_err(|_| malformed("HTTP_PROXY"))?;
            builder = builder.proxy(proxy.no_proxy(exempt()));
        }
        if let Some(url) = &self.https {
            let proxy = Proxy::https(url).map_err(|_| malformed("HTTPS_PROXY"))?;
            builder = builder.proxy(proxy.no_proxy(exempt()));
        }
        Ok(builder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_variables_follow_curl() {
        let of = |pairs: &[(&str, &str)]| ProxyVariables::of(&pairs.iter().copied().collect());
        let both = of(&[
            ("HTTP_PROXY", "http://upper"),
            ("http_proxy", "http://lower"),
        ]);
        assert_eq!(both.http.as_deref(), Some("http://lower"));
        let cgi = of(&[("HTTP_PROXY", "http://evil"), ("REQUEST_METHOD", "GET")]);
        assert_eq!(cgi.http, None);
        let all = of(&[("ALL_PROXY", "http://all"), ("NO_PROXY", "corp.example")]);
        assert_eq!(all.https.as_deref(), Some("http://all"));
        assert!(all.exempt.starts_with("corp.example,localhost"));
    }
}
