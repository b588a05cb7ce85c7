//! Where a GitLab is, and the token that may go there.

use secrecy::ExposeSecret;

use super::super::{Reason, Site};
use crate::seam::{
    environment::Environment,
    http::{Url, authority, header::HeaderValue},
};

/// What REST's path ends with.
const REST: &str = "/api/v4";
/// The variable of a token that can do what is asked here.
const TOKEN: &str = "GITLAB_TOKEN";
/// What is wrong with the token that a job has by itself: it reads packages and registries, and
/// what its project was let into; it never answers GraphQL, lists a group, or opens a request.
const TOO_WEAK: &str = "the scope `api`, which CI_JOB_TOKEN never has: put the token of a group, a \
    project or a person into GITLAB_TOKEN";

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
    /// The addresses of the GitLab whose API, or site, is at `api`.
    pub(super) fn of(api: &Url) -> Result<Self, Reason> {
        let base = api.as_str().trim_end_matches('/');
        let base = base.strip_suffix(REST).unwrap_or(base);
        let parse = |text: String| {
            let wrong = |_| Reason::Setting("its address is not a URL".to_owned());
            Url::parse(&text).map_err(wrong)
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
}

/// The header that shows who we are to the API at `api`, marked as sensitive.
pub(super) fn credential(
    environment: &Environment,
    site: &Site,
    api: &Url,
) -> Result<HeaderValue, Reason> {
    let secret = site.token(environment, api)?;
    if environment.get(TOKEN).is_none() {
        return Err(Reason::Lacks(TOO_WEAK.to_owned()));
    }
    let bearer = format!("Bearer {}", secret.expose_secret());
    let header = HeaderValue::from_str(&bearer);
    let mut header =
        header.map_err(|_| Reason::Setting(format!("{TOKEN} holds what is no token")))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FleetForge;

    fn place(api: &str) -> Place {
        Place::of(&Url::parse(api).unwrap()).unwrap()
    }

    #[test]
    fn an_api_is_known_by_its_site_or_by_its_own_address() {
        for (api, rest) in [
            ("https://gitlab.com/api/v4", "https://gitlab.com/api/v4/"),
            (
                "https://b.example:8443/gitlab/",
                "https://b.example:8443/gitlab/api/v4/",
            ),
        ] {
            let place = place(api);
            assert_eq!(place.rest.as_str(), rest);
            let graphql = rest.replace("/v4/", "/graphql");
            assert_eq!(place.graphql.as_str(), graphql);
        }
    }

    #[test]
    fn no_endpoint_leaves_the_api() {
        let place = place("https://gitlab.com/gl");
        let project = place.endpoint("projects/a%2Fb").unwrap();
        let address = "https://gitlab.com/gl/api/v4/projects/a%2Fb";
        assert_eq!(project.as_str(), address);
        for path in [
            "../../x",
            "//evil.example/x",
            "https://evil.example",
            "projects/../../../x",
        ] {
            assert_eq!(place.endpoint(path), None, "{path}");
        }
        let page = place.page("/a/-/pipelines/1");
        assert_eq!(page, "https://gitlab.com/a/-/pipelines/1");
        assert_eq!(place.page("//evil.example/"), "https://gitlab.com/gl");
    }

    proptest::proptest! {
        /// The crate panics where one of its addresses is none to the crate `http`.
        #[test]
        fn any_name_makes_an_address_or_none(name in ".{0,80}") {
            let name = gitlab::api::common::NameOrId::from(name.as_str());
            let url = place("https://gitlab.com").endpoint(&format!("projects/{name}"));
            if let Some(url) = url {
                proptest::prop_assert!(url.as_str().parse::<http::Uri>().is_ok(), "{url}");
            }
        }
    }

    fn shown(variables: &[(&str, &str)], url: &str) -> Result<String, String> {
        let site = Site {
            place: FleetForge::GitLab {
                group: "acme".to_owned(),
                url: url.to_owned(),
                component_source: None,
            },
            api: None,
            insecure_hosts: Vec::new(),
            offline: None,
        };
        let environment = variables.iter().copied().collect();
        let api = site.api(&environment).unwrap();
        let header = credential(&environment, &site, &api);
        let header = header.map_err(|reason| reason.to_string())?;
        assert!(header.is_sensitive());
        Ok(header.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_token_is_shown_to_its_own_instance() {
        let own = ("GITLAB_TOKEN", "hunter2");
        let bearer = Ok("Bearer hunter2".to_owned());
        assert_eq!(shown(&[own], "https://gitlab.com"), bearer);
        assert!(shown(&[own], "https://evil.example").is_err());
        let broken = shown(&[("GITLAB_TOKEN", "hun\nter2")], "https://gitlab.com");
        assert!(!broken.unwrap_err().contains("ter2"));
    }

    #[test]
    fn the_token_of_a_job_is_said_to_be_too_weak() {
        let job = [
            ("CI_JOB_TOKEN", "hunter2"),
            ("CI_SERVER_HOST", "git.example"),
        ];
        let refused = shown(&job, "https://git.example").unwrap_err();
        assert!(refused.contains("CI_JOB_TOKEN never has") && !refused.contains("hunter2"));
    }
}
