//! A registry that sends too much, or too slowly: the program as it is shipped comes to an end in
//! time, small, and with the right verdict.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::OnceLock,
    time::Instant,
};

use Verdict::{Invalid, Unavailable, Untrusted, Verified};
use fullsend_testkit::{registry::Fault, signing::Referrer};
use nix::sys::resource::{UsageWho, getrusage};

use super::{command::write, *};

/// What no answer may make the program grow by, in KiB: as it is shipped, it has 12 MiB before its
/// first answer, so that it stays well below 64 MB. An unoptimised one begins with three times that,
/// most of it its own code.
const GROWTH: u64 = 40 << 10;

/// The longest that a registry holds a user up; then some, as tests share their machine.
const DEADLINE: Duration = Duration::from_secs(30);
const GRACE: Duration = Duration::from_secs(10);

/// The variable that tells what to [`measure`], a word a line.
const MEASURED: &str = "FULLSEND_TEST_MEASURED";

/// Asks for an SBOM beside the signature.
const RULES: &str = "\
version: 1
verify:
- match: '**'
  key: cosign.pub
  insecure_ignore_tlog: true
  attestations: [{type: spdxjson, predicate: {/spdxVersion: SPDX-2.3}}]
";

/// How a run of `fullsend verify` ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    took: Duration,
    /// The kernel's high-water mark of resident memory, in KiB.
    peak: u64,
}

impl Ended {
    /// What the registry's answers made it grow by, in KiB.
    fn growth(&self) -> u64 {
        static UNANSWERED: OnceLock<u64> = OnceLock::new();
        let unanswered =
            UNANSWERED.get_or_init(|| watch("127.0.0.1:9/a:1", &SigningKey::p256()).peak);
        self.peak.saturating_sub(*unanswered)
    }
}

/// Runs `fullsend verify` on `image`, by `key` alone, and watches it.
fn watch(image: &str, key: &SigningKey) -> Ended {
    watch_by(
        image,
        key,
        &["--key", "cosign.pub", "--insecure-ignore-tlog"],
    )
}

/// The same, with `policy` for arguments, beside `key` in cosign.pub and [`RULES`] in rules.yaml.
fn watch_by(image: &str, key: &SigningKey, policy: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    key.write(folder.path()).unwrap();
    write(folder.path(), "rules.yaml", RULES);
    let words = ["verify", image, "--platform", "linux/amd64"];
    let words: Vec<&str> = words.iter().chain(policy).copied().collect();
    measured(&words.join("\n"), folder.path())
}

/// Runs the program with `words`, one a line, in `folder`.
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test is run as a user runs it"
)]
fn measured(words: &str, folder: &Path) -> Ended {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "verify::limits::a_run_is_measured_in_a_process_of_its_own",
            "--nocapture",
        ])
        .env(MEASURED, words)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find_map(|line| line.strip_prefix("measured "));
    let numbers = line.unwrap_or_else(|| panic!("not measured: {output:?}"));
    let numbers: Vec<u64> = numbers.split(' ').map(|it| it.parse().unwrap()).collect();
    let [code, took, peak] = numbers[..] else {
        panic!("{said}");
    };
    Ended {
        code: i32::try_from(code).unwrap(),
        took: Duration::from_millis(took),
        peak,
    }
}

/// The other tests run this one too, to get what it measures: a child's peak is never below what its
/// parent had when it was born, so that the parent has to be small.
#[test]
fn a_run_is_measured_in_a_process_of_its_own() {
    let environment = Environment::of_process();
    if let Some(words) = environment.get(MEASURED) {
        return measure(words);
    }
    let ended = measured("--version", Path::new("."));
    assert_eq!(ended.code, 0);
    assert!((1 << 10..64 << 10).contains(&ended.peak), "{ended:?}");
}

/// Runs the program and tells what it took.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the program under test is run as a user runs it, and its parent reads what it took"
)]
fn measure(words: &str) {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_fullsend"))
        .env_clear()
        .env("HOME", std::env::current_dir().unwrap())
        .args(words.split('\n'))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if began.elapsed() > DEADLINE * 5 => child.kill().unwrap(),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let took = began.elapsed().as_millis();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let code = status.code().expect("it ended by itself, in time");
    // The name of the test stands on the same line otherwise.
    println!("\nmeasured {code} {took} {}", usage.max_rss());
}

#[track_caller]
fn assert_bounded(scene: &Scene, key: &SigningKey, expected: Verdict, what: &str) {
    let ended = watch(&format!("{}/{REPOSITORY}:1", scene.host()), key);
    assert_ended(&ended, expected, what);
}

#[track_caller]
fn assert_ended(ended: &Ended, expected: Verdict, what: &str) {
    let code = i32::from(expected.exit_code());
    assert_eq!(ended.code, code, "{what}: {ended:?}");
    assert!(ended.took < DEADLINE + GRACE, "{what}: {ended:?}");
    assert!(ended.growth() < GROWTH, "{what}: {ended:?}");
}

/// A scene with a good signature, and where its parts are.
fn signed() -> (Scene, SigningKey, Referrer) {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    let referrer = scene.bundle(&Signing::with_key(&key).bundle(scene.digest()));
    (scene, key, referrer)
}

/// Every place that is asked on the way to a bundle.
fn places(scene: &Scene, referrer: &Referrer) -> [String; 6] {
    let manifest = |reference: &str| format!("/v2/{REPOSITORY}/manifests/{reference}");
    [
        manifest("1"),
        format!("/v2/{REPOSITORY}/referrers/*"),
        manifest(&fallback_tag(scene.digest())),
        manifest(&format!("{}.sig", fallback_tag(scene.digest()))),
        manifest(&referrer.manifest.digest),
        format!("/v2/{REPOSITORY}/blobs/{}", referrer.blobs[1].digest),
    ]
}

/// The signature is there: what stands beside it cannot unmake it.
fn verdict_without(place: usize) -> Verdict {
    match place {
        2 | 3 => Verified,
        _ => Unavailable,
    }
}

#[test]
fn a_good_signature_takes_little() {
    let (scene, key, _) = signed();
    assert_bounded(&scene, &key, Verified, "good");
}

#[test]
fn bodies_without_an_end() {
    let (scene, key, referrer) = signed();
    for (number, place) in places(&scene, &referrer).iter().enumerate() {
        scene.registry.clear_faults();
        scene.registry.fault(place, Fault::endless());
        assert_bounded(&scene, &key, verdict_without(number), place);
    }
}

#[test]
fn bodies_of_64_mebibytes() {
    let (scene, key, referrer) = signed();
    for (number, place) in places(&scene, &referrer).iter().enumerate() {
        scene.registry.clear_faults();
        let fault = Fault::normal().body(vec![b' '; 64 << 20]);
        scene.registry.fault(place, fault);
        assert_bounded(&scene, &key, verdict_without(number), place);
    }
}

#[test]
fn five_thousand_log_entries() {
    let (scene, pki, key) = (Scene::new(), Sigstore::new(), SigningKey::p256());
    let good = Signing::with_key(&key)
        .logged_in(&pki)
        .bundle(scene.digest());
    let entries = "/verificationMaterial/tlogEntries";
    let mut json = good.json().clone();
    let entry = json.pointer(entries).unwrap()[0].clone();
    *json.pointer_mut(entries).unwrap() = json!(vec![entry; 5000]);
    scene.bundle(&good.clone().with_json(json));
    assert_bounded(&scene, &key, Unavailable, "more than a bundle's size");

    let scene = Scene::new();
    let small = json!({
        "logId": {"keyId": ""},
        "kindVersion": {"kind": "dsse", "version": "0.0.1"},
        "canonicalizedBody": "",
    });
    let mut json = good.json().clone();
    *json.pointer_mut(entries).unwrap() = json!(vec![small; 5000]);
    scene.bundle(&good.with_json(json));
    assert_bounded(&scene, &key, Invalid, "more than a bundle's entries");
}

#[test]
fn ten_thousand_referrers() {
    let (scene, key, referrer) = signed();
    let index = |count: usize| {
        let listed = vec![referrer.descriptor(); count];
        json!({"schemaVersion": 2, "mediaType": fullsend_testkit::image::INDEX, "manifests": listed})
    };
    for count in [5_000, 10_000, 100_000] {
        let fault = Fault::normal().body(index(count).to_string());
        scene.registry.fault("*/referrers/*", fault);
        assert_bounded(&scene, &key, Unavailable, "in one page");
    }
    let next = format!(
        "</v2/{REPOSITORY}/referrers/{}?p=1>; rel=\"next\"",
        scene.digest()
    );
    let fault = Fault::normal()
        .body(index(400).to_string())
        .header("Link", &next);
    scene.registry.fault("*/referrers/*", fault);
    assert_bounded(&scene, &key, Unavailable, "in pages without an end");
    let fault = Fault::normal()
        .body(index(0).to_string())
        .header("Link", &next);
    scene.registry.fault("*/referrers/*", fault);
    assert_bounded(&scene, &key, Unavailable, "in empty pages without an end");
}

/// A predicate that makes nearly a mebibyte of a bundle: base64 makes three bytes four.
fn predicate(version: &str) -> String {
    let comment = "x".repeat(740 << 10);
    format!("{{\"spdxVersion\":\"{version}\",\"comment\":\"{comment}\"}}")
}

#[test]
fn sixty_four_large_bundles_by_a_stranger() {
    let (scene, key, stranger) = (Scene::new(), SigningKey::p256(), SigningKey::p256());
    let sign = "https://sigstore.dev/cosign/sign/v1";
    for number in 0..64 {
        let predicate = predicate(&number.to_string());
        let signing = Signing::with_key(&stranger);
        scene.bundle(&signing.statement(scene.digest(), sign, &predicate));
    }
    assert_bounded(&scene, &key, Untrusted, "strangers");
}

#[test]
fn sixty_four_large_attestations() {
    let (scene, key, _) = signed();
    let spdx = "https://spdx.dev/Document/v2.3";
    let attest = |version: &str| {
        let predicate = predicate(version);
        let signing = Signing::with_key(&key);
        scene.bundle(&signing.statement(scene.digest(), spdx, &predicate));
    };
    let image = format!("{}/{REPOSITORY}:1", scene.host());
    for number in 0..63 {
        attest(&format!("SPDX-1.{number}"));
    }
    let ended = watch_by(&image, &key, &["--config", "rules.yaml"]);
    assert_ended(&ended, Untrusted, "none as it is asked for");
    attest("SPDX-2.3");
    let ended = watch_by(&image, &key, &["--config", "rules.yaml"]);
    assert_ended(&ended, Verified, "the last one is");
}

#[test]
fn compressed_bodies_and_redirects_without_an_end() {
    let (scene, key, referrer) = signed();
    for (number, place) in places(&scene, &referrer).iter().enumerate() {
        for fault in [
            Fault::endless().header("Content-Encoding", "gzip"),
            Fault::redirect(&format!(
                "http://{}{}",
                scene.host(),
                place.replace('*', "x")
            )),
        ] {
            scene.registry.clear_faults();
            scene.registry.fault(place, fault);
            assert_bounded(&scene, &key, verdict_without(number), place);
        }
    }
}

/// Headers come before any body and are not the registry library's to bound.
#[test]
fn headers_without_an_end() {
    for line in ["X-More: x\r\n", "x"] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let flood = line.repeat(8 << 10);
                std::thread::spawn(move || {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-First: ");
                    while stream.write_all(flood.as_bytes()).is_ok() {}
                });
            }
        });
        let ended = watch(&format!("{host}/{REPOSITORY}:1"), &SigningKey::p256());
        assert_eq!(ended.code, 3, "{ended:?}");
        assert!(ended.took < DEADLINE + GRACE, "{ended:?}");
        assert!(ended.growth() < GROWTH, "{ended:?}");
    }
}

/// With no options at all: the built-in deadline ends it, and not much earlier.
#[test]
fn one_byte_a_second() {
    let (scene, key, _) = signed();
    scene
        .registry
        .fault("*", Fault::drip(Duration::from_secs(1)));
    assert_bounded(&scene, &key, Unavailable, "by the default");
}

#[tokio::test]
async fn one_byte_a_second_at_each_place() {
    let (scene, key, referrer) = signed();
    let mut asked = Asked::key(&key);
    asked.options.deadline = Duration::from_secs(2);
    for place in places(&scene, &referrer) {
        scene.registry.clear_faults();
        scene
            .registry
            .fault(&place, Fault::drip(Duration::from_secs(1)));
        let began = Instant::now();
        let verification = scene.verify(&asked).await;
        // No time is left for what would have been asked next.
        assert_verdict(&verification, Unavailable, &place);
        assert!(began.elapsed() < GRACE, "{place}: {:?}", began.elapsed());
    }
}
