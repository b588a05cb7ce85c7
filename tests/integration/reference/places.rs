//! Every place of the fixtures that names an image, and none that merely looks so.

use fullsend::{
    model::image::ImageReference,
    reference::{Reference, SpotPart},
    report::finding::Severity,
    seam::files,
};

/// `file:line:column place written` and what is not as written.
fn shown(image: &Reference) -> String {
    let resolved = match image.image() {
        Ok(reference) => {
            let plain: Result<ImageReference, _> = image.written.parse();
            match plain {
                Ok(plain) if plain == reference => String::new(),
                _ => format!(" = {reference}"),
            }
        }
        Err(reason) => format!(" ! {reason}"),
    };
    let written = image.written.replace(&"a".repeat(64), "a…");
    format!(
        "{}:{}:{} {:?} {written}{resolved}",
        image.file.display(),
        image.span.start.line,
        image.span.start.column,
        image.place
    )
}

const VARIABLE: &str = "a variable decides, whose value is known only when it runs";
const UNPINNED: &str = "the image names neither a tag nor a digest, and `latest` is never assumed";

#[test]
fn every_place_is_found_and_nothing_else() {
    let (images, _) = super::read(&super::repository());
    let found: Vec<String> = images.iter().map(shown).collect();
    let wanted = format!(
        "\
.github/workflows/ci.yml:6:16 GithubContainer node:22.11-bookworm
.github/workflows/ci.yml:9:17 GithubService postgres:17.2@sha256:a…
.github/workflows/ci.yml:11:23 GithubService redis:7.4
.github/workflows/ci.yml:14:24 GithubStepImage ghcr.io/acme/lint:2.0.1
.github/workflows/ci.yml:29:14 GithubContainer ${{{{ matrix.image }}}} ! {VARIABLE}
.gitlab-ci.yml:1:8 GitlabImage ruby:3.3
.gitlab-ci.yml:6:11 GitlabImage registry.example.com/tools/build:4.1.0
.gitlab-ci.yml:9:14 GitlabService postgres:17.2
.gitlab-ci.yml:9:36 GitlabService docker:28-dind
.gitlab-ci.yml:14:7 GitlabService $CI_REGISTRY_IMAGE/helper:1 ! {VARIABLE}
.gitlab-ci.yml:21:10 GitlabImage alpine ! {UNPINNED}
Dockerfile:1:10 DockerfileSyntax docker/dockerfile:1.12
Dockerfile:2:10 DockerfileFrom debian:12.8
Dockerfile:4:32 DockerfileFrom golang:1.26
Dockerfile:5:28 DockerfileCopy ghcr.io/acme/tools:1.0.0
Dockerfile:15:25 DockerfileCopy busybox:1.37
Dockerfile:16:6 DockerfileFrom ${{REGISTRY}}/app:1 ! {VARIABLE}
action.yml:9:19 GithubActionImage ghcr.io/acme/lint:2.0.1
chart/values.yaml:4:10 Helm registry.gitlab.com/gitlab-org/gitlab-runner:alpine-v19.4.0
chart/values.yaml:8:17 Helm ghcr.io/acme/controller:1.27@sha256:a…
chart/values.yaml:12:10 Helm ghcr.io/acme/sidecar:0.3.0
chart/values.yaml:14:23 Helm ghcr.io/acme/unset ! {UNPINNED}
config.toml:6:14 RunnerImage alpine:3.21
config.toml:7:21 RunnerHelper registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:x86_64-v19.4.0
config.toml:10:15 RunnerService docker:28-dind
config.toml:14:14 RunnerImage ${{BASE}} ! {VARIABLE}
deploy/agents.yaml:11:31 Kubernetes busybox:1.37
deploy/agents.yaml:14:18 Kubernetes ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:a…
deploy/agents.yaml:18:30 Kubernetes registry.example.com/models/m:1
fullsend.yaml:2:8 FullsendImage ghcr.io/fullsend-ai/agent-sandbox:1.4.2@sha256:a…
fullsend.yaml:8:19 FullsendImage ghcr.io/acme/review:2.0.0
templates/scan.yml:7:10 GitlabImage $[[ inputs.image ]] ! {VARIABLE}
templates/scan.yml:10:10 GitlabImage registry.example.com/tools/report:1.0.0"
    );
    let found = found.join("\n");
    assert!(found == wanted, "found:\n{found}\n\nwanted:\n{wanted}");
}

#[test]
fn each_piece_stands_where_it_says() {
    let root = super::repository();
    let (images, _) = super::read(&root);
    for image in &images {
        let bytes = files::read(&root.join(&image.file), 1 << 20).unwrap();
        for spot in image.spots() {
            assert_eq!(&bytes[spot.at.clone()], spot.text.as_bytes());
        }
    }
    let of = |written: &str| {
        images
            .iter()
            .find(|image| image.written == written)
            .unwrap()
    };
    let parts = |image: &Reference| -> Vec<SpotPart> {
        image.spots().iter().map(|spot| spot.part).collect()
    };
    assert_eq!(parts(of("node:22.11-bookworm")), [SpotPart::Reference]);
    assert_eq!(
        parts(of(
            "registry.gitlab.com/gitlab-org/gitlab-runner:alpine-v19.4.0"
        )),
        [SpotPart::Tag]
    );
}

#[test]
fn what_cannot_be_read_is_told() {
    let (_, findings) = super::read(&super::repository());
    let unread: Vec<_> = findings
        .findings
        .iter()
        .filter(|finding| finding.rule.id == "unreadable-file")
        .map(|finding| (finding.file.to_str().unwrap(), finding.severity))
        .collect();
    assert_eq!(
        unread,
        [
            ("chart/templates/pod.yaml", Severity::Note),
            ("deploy/broken.yaml", Severity::Warning),
        ]
    );
}
