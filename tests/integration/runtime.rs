//! The runtime against a real daemon.

use std::{collections::BTreeMap, sync::Arc};

use fullsend::{
    model::{limits::Limits, platform::Platform},
    runtime::{
        AttachOptions, ContainerId, ContainerSpec, ContainerState, LocalImage, OutputEnd, Profile,
        PullRequest, Runtime,
    },
};
use tokio::io::AsyncWriteExt as _;

use crate::support::docker::{Registry, daemon};

fn spec(image: &LocalImage, command: &[&str]) -> ContainerSpec {
    ContainerSpec {
        image: image.clone(),
        entrypoint: None,
        command: Some(command.iter().map(|&word| word.to_owned()).collect()),
        env: Vec::new(),
        user: None,
        workdir: None,
        labels: BTreeMap::from([("test.fullsend".to_owned(), "1".to_owned())]),
        mounts: Vec::new(),
        network: Some("none".to_owned()),
        limits: Limits::of_agent("triage").unwrap(),
        read_only: false,
        profile: Profile::Default,
        tty: false,
        stdin: false,
    }
}

struct Ran {
    id: ContainerId,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    state: ContainerState,
}

/// Runs a container from its creation to its end, and leaves it there.
async fn run(runtime: &dyn Runtime, spec: &ContainerSpec, input: &[u8]) -> Ran {
    let id = runtime.create(spec).await.unwrap();
    let options = AttachOptions {
        stdin: spec.stdin,
        tty: spec.tty,
    };
    let attached = runtime.attach(&id, options).await.unwrap();
    runtime.start(&id).await.unwrap();
    let (mut stdin, mut output) = (attached.stdin, attached.output);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let feed = async {
        if spec.stdin {
            stdin.write_all(input).await.unwrap();
            stdin.shutdown().await.unwrap();
        }
    };
    let ((), end) = tokio::join!(feed, output.copy(&mut stdout, &mut stderr));
    assert_eq!(end.unwrap(), OutputEnd::Complete);
    runtime.wait(&id).await.unwrap();
    let state = runtime.inspect(&id).await.unwrap().unwrap();
    Ran {
        id,
        stdout,
        stderr,
        state,
    }
}

async fn image() -> (Arc<dyn Runtime>, Registry, LocalImage) {
    let (runtime, registry) = tokio::join!(daemon(), Registry::start());
    let pushed = registry.push("agent", &Platform::host()).await;
    let image = pushed.pull(&*runtime).await;
    (runtime, registry, image)
}

#[tokio::test]
async fn a_container_lives_and_its_streams_are_apart() {
    let (runtime, _registry, image) = image().await;
    let script = "echo out; echo err >&2; exit 7";
    let ran = run(&*runtime, &spec(&image, &["/bin/sh", "-c", script]), b"").await;
    assert_eq!(
        (ran.stdout.as_slice(), ran.stderr.as_slice()),
        (&b"out\n"[..], &b"err\n"[..])
    );
    assert_eq!(ran.state.exit_code, 7);
    assert!(ran.state.started && !ran.state.running && !ran.state.oom_killed);
    let listed = runtime.list(&[("test.fullsend", Some("1"))]).await.unwrap();
    assert!(listed.iter().any(|it| it.id == ran.id && !it.running));
    runtime.remove(&ran.id).await.unwrap();
    runtime.remove(&ran.id).await.unwrap();
    assert_eq!(runtime.inspect(&ran.id).await.unwrap(), None);
}

#[tokio::test]
async fn fifty_mebibytes_each_way_are_the_same_bytes() {
    let (runtime, _registry, image) = image().await;
    let mut state = 1_u32;
    let input: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(50 << 20)
    .collect();
    let mut cat = spec(&image, &["/bin/cat"]);
    cat.stdin = true;
    let ran = run(&*runtime, &cat, &input).await;
    runtime.remove(&ran.id).await.unwrap();
    assert!(ran.stdout == input, "{} bytes came back", ran.stdout.len());
}

#[tokio::test]
async fn only_the_verified_digest_finds_an_image() {
    let (runtime, registry) = tokio::join!(daemon(), Registry::start());
    let host = Platform::host();
    let pushed = registry.push("agent", &host).await;
    let other = registry.push("other", &host).await;
    let find = |digest| {
        let digests = vec![digest];
        let (runtime, repository, host) =
            (runtime.clone(), pushed.repository.clone(), host.clone());
        async move {
            runtime
                .find_image(&repository, &digests, &host)
                .await
                .unwrap()
        }
    };
    assert_eq!(find(pushed.digest.clone()).await, None);
    let mut last = None;
    let request = PullRequest {
        repository: &pushed.repository,
        digest: &pushed.index,
        platform: &host,
        credential: None,
    };
    let pulled = runtime
        .pull(request, &mut |it| last = Some(it))
        .await
        .unwrap();
    assert_eq!(pulled.reference(), pushed.repository.at(&pushed.index));
    // Pulled by its index, the image is unknown by its manifest.
    assert_eq!(find(pushed.digest.clone()).await, None);
    assert_eq!(find(pushed.index.clone()).await, Some(pulled));
    assert_eq!(find(other.digest.clone()).await, None);
}
