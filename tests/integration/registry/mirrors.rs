//! Mirrors: what they may answer, and what they cannot hide.

use fullsend_testkit::registry::{Auth, Fault};

use super::*;

/// A registry that images name, and its mirror.
struct Scene {
    upstream: Registry,
    mirror: Registry,
    client: Client,
}

impl Scene {
    /// With the mirror under `/cache`; both are empty.
    fn new(adjust: impl FnOnce(&mut RegistryOptions, &Registry, &Registry)) -> Self {
        let (upstream, mirror) = (Registry::start(), Registry::start());
        let mut options = options();
        let text = format!("{}={}/cache", upstream.host(), mirror.host());
        options.mirrors = vec![text.parse().unwrap()];
        adjust(&mut options, &upstream, &mirror);
        let client = Client::new(&Environment::default(), options);
        Self {
            upstream,
            mirror,
            client,
        }
    }

    fn online() -> Self {
        Self::new(|_, _, _| {})
    }

    /// Only the mirror may be reached.
    fn offline() -> Self {
        Self::new(|options, _, mirror| options.offline = Some(vec![mirror.host()]))
    }

    fn image(&self) -> ImageReference {
        image(&self.upstream, "a/b:1")
    }

    fn here(&self) -> Repository {
        repository(&self.upstream, "a/b")
    }

    fn fill(registry: &Registry, path: &str) {
        registry.put_manifest(path, "1", OCI_MANIFEST, MANIFEST);
    }
}

fn subject() -> Digest {
    Digest::of(MANIFEST.as_bytes())
}

/// Pushes an artifact about [`MANIFEST`].
fn sign(registry: &Registry, path: &str, number: usize) -> Digest {
    let subject = subject();
    let artifact = MANIFEST.replacen(
        '{',
        &format!(
            r#"{{"artifactType":"t/{number}","subject":{{"mediaType":"{OCI_MANIFEST}","digest":"{subject}","size":1}},"#
        ),
        1,
    );
    let digest = Digest::of(artifact.as_bytes());
    registry.put_manifest(path, digest.as_str(), OCI_MANIFEST, artifact);
    digest
}

#[tokio::test]
async fn what_the_mirror_has_is_not_asked_upstream() {
    let scene = Scene::online();
    Scene::fill(&scene.mirror, "cache/a/b");
    let blob = digest(&scene.mirror.put_blob("hello"));
    let signature = sign(&scene.mirror, "cache/a/b", 1);
    let (client, here) = (&scene.client, scene.here());
    assert_eq!(
        client.manifest(&scene.image()).await.unwrap().digest,
        subject()
    );
    assert!(client.manifest(&here.at(&subject())).await.is_ok());
    assert_eq!(client.blob(&here, &blob, 5, 5).await.unwrap(), "hello");
    let list = client.referrers(&here, &subject()).await.unwrap().unwrap();
    assert_eq!(list[0].digest, signature);
    assert!(scene.upstream.requests().is_empty());
    assert_eq!(scene.mirror.paths()[0], "GET /v2/cache/a/b/manifests/1");
}

#[tokio::test]
async fn other_registries_are_asked_themselves() {
    let scene = Scene::online();
    let (other, image) = with_image();
    scene.client.manifest(&image).await.unwrap();
    assert_eq!(other.requests().len(), 1);
    assert!(scene.mirror.requests().is_empty());
}

#[tokio::test]
async fn whatever_is_wrong_with_the_mirror_upstream_is_asked() {
    for fault in [
        Fault::status(404),
        Fault::status(403),
        Fault::status(404).header("Content-Type", "text/html"),
        Fault::corrupt(),
        Fault::normal().body("<html>"),
        Fault::endless(),
        Fault::hang(),
    ] {
        let scene = Scene::online();
        Scene::fill(&scene.upstream, "a/b");
        Scene::fill(&scene.mirror, "cache/a/b");
        scene.mirror.put_blob("hello");
        let blob = digest(&scene.upstream.put_blob("hello"));
        scene.mirror.fault("/v2/*", fault.clone());
        let pinned = scene.here().at(&subject());
        let manifest = scene.client.manifest(&pinned).await;
        assert_eq!(manifest.unwrap().digest, subject(), "{fault:?}");
        let bytes = scene.client.blob(&scene.here(), &blob, 5, 5).await;
        assert_eq!(bytes.unwrap(), "hello", "{fault:?}");
    }
}

#[tokio::test]
async fn a_mirror_that_is_gone_is_asked_once() {
    let mut scene = Scene::online();
    Scene::fill(&scene.upstream, "a/b");
    let gone = std::mem::replace(&mut scene.mirror, Registry::start());
    gone.fault("*", Fault::hang());
    for _ in 0..4 {
        scene.client.manifest(&scene.image()).await.unwrap();
    }
    assert_eq!(gone.requests().len(), 1);
    assert_eq!(scene.upstream.requests().len(), 4);
}

#[tokio::test]
async fn a_mirror_does_not_hide_signatures() {
    let tag = subject().fallback_tag();
    for with_api in [true, false] {
        let scene = Scene::online();
        Scene::fill(&scene.mirror, "cache/a/b");
        scene.mirror.referrers_api(with_api);
        let signature = sign(&scene.upstream, "a/b", 1);
        scene
            .upstream
            .put_manifest("a/b", &tag, OCI_MANIFEST, MANIFEST);
        let (client, here) = (&scene.client, scene.here());
        let list = client.referrers(&here, &subject()).await.unwrap().unwrap();
        assert_eq!(list[0].digest, signature);
        assert!(client.manifest_by_tag(&here, &tag).await.unwrap().is_some());
        let absent = client.manifest_by_tag(&here, "absent").await.unwrap();
        assert!(absent.is_none(), "only upstream's 404 says so");

        scene.upstream.fault("*", Fault::status(403));
        let error = client.referrers(&here, &subject()).await.unwrap_err();
        assert_reason!(&error, Reason::Forbidden(_));
        assert_eq!(error.host(), scene.upstream.host());
        client.manifest_by_tag(&here, &tag).await.unwrap_err();
    }
}

#[tokio::test]
async fn offline_the_mirrors_absence_is_absence_but_its_failure_is_not() {
    let scene = Scene::offline();
    Scene::fill(&scene.mirror, "cache/a/b");
    let (client, here) = (&scene.client, scene.here());
    assert!(client.manifest(&scene.image()).await.is_ok());
    assert!(client.manifest_by_tag(&here, "2").await.unwrap().is_none());
    let list = client.referrers(&here, &subject()).await.unwrap();
    assert_eq!(list, Some(vec![]));
    scene.mirror.referrers_api(false);
    assert_eq!(client.referrers(&here, &subject()).await.unwrap(), None);
    scene.mirror.fault("*", Fault::hang());
    for _ in 0..2 {
        let error = client.referrers(&here, &subject()).await.unwrap_err();
        assert_reason!(&error, Reason::Transport(_));
        assert_eq!(error.host(), scene.mirror.host());
    }
    assert!(scene.upstream.requests().is_empty());
}

#[tokio::test]
async fn each_place_sees_its_own_credential() {
    let scene = Scene::online();
    Scene::fill(&scene.upstream, "a/b");
    scene
        .mirror
        .require(Auth::bearer().user("user", "mirror-secret"));
    let folder = tempfile::tempdir().unwrap();
    let auth = |secret: &str| {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        serde_json::json!({"auth": BASE64_STANDARD.encode(format!("user:{secret}"))})
    };
    let config = serde_json::json!({"auths": {
        scene.upstream.host(): auth("upstream-secret"),
        scene.mirror.host(): auth("mirror-secret"),
    }});
    let path = folder.path().join("config.json");
    let file = fullsend::seam::files::AtomicFile::open(&path).unwrap();
    file.commit(config.to_string().as_bytes()).unwrap();
    let environment = [("DOCKER_CONFIG", folder.path().to_str().unwrap())];
    let mut options = options();
    let text = format!("{}={}/cache", scene.upstream.host(), scene.mirror.host());
    options.mirrors = vec![text.parse().unwrap()];
    let client = Client::new(&environment.into_iter().collect(), options);

    client.manifest(&scene.image()).await.unwrap();
    let shown = |registry: &Registry| -> Vec<String> {
        let requests = registry.requests();
        let headers = requests.iter().filter_map(|r| r.header("authorization"));
        headers.map(str::to_owned).collect()
    };
    assert_eq!(shown(&scene.upstream), Vec::<String>::new());
    let at_mirror = shown(&scene.mirror);
    let basic = format!("Basic {}", auth("mirror-secret")["auth"].as_str().unwrap());
    assert_eq!(
        at_mirror[0], basic,
        "the token service gets the mirror's own"
    );
    assert!(at_mirror[1].starts_with("Bearer "), "{at_mirror:?}");
    scene
        .upstream
        .require(Auth::bearer().user("user", "upstream-secret"));
    client.manifest(&scene.image()).await.unwrap();
    assert_eq!(shown(&scene.mirror).len(), 3);
    assert!(
        !format!("{:?}", shown(&scene.mirror))
            .contains(auth("upstream-secret")["auth"].as_str().unwrap())
    );
}

#[tokio::test]
async fn several_mirrors_are_asked_in_their_order() {
    let second = Registry::start();
    Scene::fill(&second, "a/b");
    let scene = Scene::new(|options, upstream, mirror| {
        let text = format!("{}={}", upstream.host(), second.host());
        options.mirrors.push(text.parse().unwrap());
        options.offline = Some(vec![mirror.host(), second.host()]);
    });
    scene.client.manifest(&scene.image()).await.unwrap();
    assert_eq!(scene.mirror.requests().len(), 1);
    assert_eq!(second.requests().len(), 1);

    scene.mirror.fault("*", Fault::status(403));
    let missing = scene.client.manifest_by_tag(&scene.here(), "2").await;
    assert_reason!(missing.unwrap_err(), Reason::Forbidden(_));
}
