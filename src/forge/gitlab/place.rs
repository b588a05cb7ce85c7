//! Where a GitLab is, and the token that may go there.

use secrecy::{ExposeSecret, SecretString};

use super::super::{Reason, Site};
use crate::seam::{
    environment::Environment,
    http::{Url, authority, header::HeaderValue},
    job_tokens,
};

/// What REST's path ends with.
const REST: &str = "/api/v4";
const JOB_TOKEN: &str = "CI_JOB_TOKEN";

/// The addresses of one GitLab.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its site, without a slash at the end: it may lie below a path.
    site: String,
    /// Its REST API, with a slash at the end.
    rest: Url,
    /// Where GraphQL is answered.
    pub(super) graphql: Url,
}

impl Place {
    /// The addresses that `site` means: those of its API where they are told.
    pub(super) fn of(site: &Site) -> Result<Self, Reason> {
        let told = site.api.as_ref().map(Url::as_str);
        let base = told.unwrap_or_else(|| site.place.url());
        let base = base.trim_end_matches('/');
        let base = base.strip_suffix(REST).unwrap_or(base);
        let parse = |text: String| {
            Url::parse(&text).map_err(|_| Reason::Malformed("its address is no address"))
        };
        Ok(Self {
            rest: parse(format!("{base}{REST}/"))?,
            graphql: parse(format!("{base}/api/graphql"))?,
            site: base.to_owned(),
        })
    }

    /// For messages: the host, with its port where that is not the scheme's own.
    pub(super) fn host(&self) -> String {
        authority(&self.rest)
    }

    /// The address of an endpoint; none that would leave the API.
    pub(super) fn endpoint(&self, path: &str) -> Option<Url> {
        let url = self.rest.join(path).ok()?;
        self.is_within(&url).then_some(url)
    }

    /// Whether `url` is one of the REST API.
    pub(super) fn is_within(&self, url: &Url) -> bool {
        url.origin() == self.rest.origin() && url.path().starts_with(self.rest.path())
    }

    /// The address of a page, of which GitLab tells the path alone.
    pub(super) fn page(&self, path: &str) -> String {
        match Url::parse(&self.site).and_then(|site| site.join(path)) {
            Ok(url) if url.origin() == self.rest.origin() => url.into(),
            _ => self.site.clone(),
        }
    }

    /// The header that shows who we are, marked as sensitive.
    pub(super) fn credential(
        &self,
        environment: &Environment,
        site: &Site,
    ) -> Result<HeaderValue, Reason> {
        let secret = self.token(environment, site)?;
        let bearer = format!("Bearer {}", secret.expose_secret());
        let mut header = HeaderValue::from_str(&bearer).map_err(|_| Reason::NoToken)?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// GITLAB_TOKEN goes to where the job runs, to an API that the user named, and to gitlab.com if
    /// the job runs at no other. A fleet.yaml, which is a file like any other, names no place for it.
    fn token(&self, environment: &Environment, site: &Site) -> Result<SecretString, Reason> {
        let host = self.host();
        match job_tokens::for_host(environment, &host) {
            Some(token) if token.what != JOB_TOKEN => return Ok(token.secret),
            Some(_) => return Err(Reason::Lacks(job_token_lacks())),
            None => {}
        }
        let elsewhere = ["CI_SERVER_HOST", "CI_SERVER_FQDN"];
        let runs_elsewhere = elsewhere.iter().any(|name| environment.get(name).is_some());
        let is_named = site.api.is_some() || (host == "gitlab.com" && !runs_elsewhere);
        let token = environment.get("GITLAB_TOKEN").filter(|_| is_named);
        token.map(SecretString::from).ok_or(Reason::NoToken)
    }
}

/// A job's own token reads packages and registries, and what its project was let into; it never
/// answers GraphQL, lists a group, or opens a request.
fn job_token_lacks() -> String {
    format!(
        "the scope `api`, which {JOB_TOKEN} never has: put the token of a group, a project or a \
         person into GITLAB_TOKEN"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FleetForge;

    fn site(url: &str, api: Option<&str>) -> Site {
        Site {
            place: FleetForge::GitLab {
                group: "acme".to_owned(),
                url: url.to_owned(),
                component_source: None,
            },
            api: api.map(|api| Url::parse(api).unwrap()),
            insecure_hosts: Vec::new(),
            offline: None,
        }
    }

    #[test]
    fn an_api_is_known_by_its_site_or_by_its_own_address() {
        for (url, api, rest) in [
            ("https://gitlab.com", None, "https://gitlab.com/api/v4/"),
            (
                "https://gitlab.com",
                Some("https://git.example:8443/api/v4"),
                "https://git.example:8443/api/v4/",
            ),
            (
                "https://a.example",
                Some("https://b.example/gitlab/"),
                "https://b.example/gitlab/api/v4/",
            ),
        ] {
            let place = Place::of(&site(url, api)).unwrap();
            assert_eq!(place.rest.as_str(), rest);
            let graphql = rest.replace("/v4/", "/graphql");
            assert_eq!(place.graphql.as_str(), graphql);
        }
    }

    #[test]
    fn no_endpoint_leaves_the_api() {
        let place = Place::of(&site("https://gitlab.com/gl", None)).unwrap();
        let project = place.endpoint("projects/a%2Fb").unwrap();
        assert_eq!(
            project.as_str(),
            "https://gitlab.com/gl/api/v4/projects/a%2Fb"
        );
        for path in [
            "../../x",
            "//evil.example/x",
            "https://evil.example",
            "projects/../../../x",
        ] {
            assert_eq!(place.endpoint(path), None, "{path}");
        }
        assert_eq!(
            place.page("/a/-/pipelines/1"),
            "https://gitlab.com/a/-/pipelines/1"
        );
        assert_eq!(place.page("//evil.example/"), "https://gitlab.com/gl");
    }

    fn shown(variables: &[(&str, &str)], site: &Site) -> Result<String, String> {
        let environment = variables.iter().copied().collect();
        let place = Place::of(site).unwrap();
        let header = place.credential(&environment, site);
        let header = header.map_err(|reason| reason.to_string())?;
        assert!(header.is_sensitive());
        Ok(header.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_token_goes_only_to_who_was_named_by_the_user() {
        let own = ("GITLAB_TOKEN", "hunter2");
        let bearer = Ok("Bearer hunter2".to_owned());
        let cloud = site("https://gitlab.com", None);
        let strange = site("https://evil.example", None);
        let named = site("https://evil.example", Some("https://git.example/api/v4"));
        assert_eq!(shown(&[own], &cloud), bearer);
        assert_eq!(shown(&[own], &named), bearer);
        assert!(shown(&[own], &strange).is_err());
        assert!(shown(&[own, ("CI_SERVER_HOST", "git.example")], &cloud).is_err());
        let job = ("CI_SERVER_HOST", "evil.example");
        assert_eq!(shown(&[own, job], &strange), bearer);
    }

    #[test]
    fn the_token_of_a_job_is_said_to_be_too_weak() {
        let job = [
            ("CI_JOB_TOKEN", "hunter2"),
            ("CI_SERVER_HOST", "git.example"),
        ];
        let refused = shown(&job, &site("https://git.example", None)).unwrap_err();
        assert!(refused.contains("CI_JOB_TOKEN never has") && !refused.contains("hunter2"));
    }
}
