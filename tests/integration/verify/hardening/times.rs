//! When a signature was made, and when who vouches for it could be believed.

use super::*;

#[tokio::test]
async fn point_05_the_certificate_was_valid_at_every_proven_time_and_need_not_be_now() {
    let pki = Sigstore::new();
    let ended = ci().valid(LONG_AGO, Duration::from_mins(10));
    let asked = Asked::keyless(&pki, &ci());
    let at = |logged: i64, stamped: i64| {
        Signing::keyless(&pki, ended.clone())
            .timestamped()
            .flaw(Flaw::LoggedAt(LONG_AGO + logged))
            .flaw(Flaw::TimestampedAt(LONG_AGO + stamped))
    };
    assert_both(&at(60, 60), &asked, Verified).await;
    assert_both(&at(60, 601), &asked, Invalid).await;
    assert_both(&at(60, -1), &asked, Invalid).await;
    assert_both(&at(601, 60), &asked, Invalid).await;
    let foreign = Signing::keyless(&pki, ci()).flaw(Flaw::ForeignAuthority);
    assert_both(&foreign, &asked, Invalid).await;
}

#[tokio::test]
async fn point_06_an_sct_is_required_and_for_rekor_2_a_time_stamp() {
    let pki = Sigstore::new();
    let asked = Asked::keyless(&pki, &ci());
    for flaw in [Flaw::NoSct, Flaw::Sct] {
        assert_both(&Signing::keyless(&pki, ci()).flaw(flaw), &asked, Invalid).await;
    }
    let signing = Signing::keyless(&pki, ci()).rekor_v2();
    let good = verdict_on(&signing.bundle(&digest()), &asked).await;
    assert_verdict(&good, Verified, "with a time stamp");
    for flaw in [Flaw::NoTimestamp, Flaw::Timestamp, Flaw::ForeignTimestamp] {
        let bundle = signing.clone().flaw(flaw.clone()).bundle(&digest());
        assert_verdict(&verdict_on(&bundle, &asked).await, Invalid, flaw);
    }
}

#[tokio::test]
async fn point_17_trust_comes_from_the_root_alone_and_not_from_an_expired_one() {
    let (pki, key) = (Sigstore::new(), SigningKey::p256());
    // A log that the root does not list proves nothing, and nobody is asked about it.
    let proxy = Registry::start();
    let mut asked = Asked::logged_key(&key, &pki);
    let proxied = [
        ("KEY", key.public_pem()),
        ("https_proxy", proxy.url("/")),
        ("http_proxy", proxy.url("/")),
    ];
    asked.environment = proxied.into_iter().collect();
    let signing = Signing::with_key(&key).logged_in(&pki);
    assert_both(&signing, &asked, Verified).await;
    assert_both(&signing.clone().flaw(Flaw::ForeignLog), &asked, Invalid).await;
    assert_eq!(proxy.requests().len(), 0);

    let home = tempfile::tempdir().unwrap();
    let cache = [("FULLSEND_CACHE_DIR", home.path().to_str().unwrap())];
    let store = TrustStore::new(&cache.into_iter().collect(), Some([].into()));
    let mut repository = tuf::Repository::new(&pki.trusted_root());
    let anchor = repository.root();
    let soon = jiff::Timestamp::now() + Duration::from_secs(4);
    let soon = soon.round(jiff::Unit::Second).unwrap().to_string();
    repository.expire(Role::Timestamp, &soon);
    let mirror = repository.serve();
    let instance = Instance::Private(TufRoot::from_json(anchor.as_bytes()).unwrap());
    let online = TrustStore::new(&cache.into_iter().collect(), None);
    let url = mirror.url().parse().unwrap();
    online.update(&instance, Some(&url)).await.unwrap();
    let bundle = signing.bundle(&digest());
    let stored = || {
        let trust = store.material_of(anchor.as_bytes()).unwrap();
        Asked {
            trust,
            ..asked.clone()
        }
    };
    assert_verdict(&verdict_on(&bundle, &stored()).await, Verified, "in time");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let verification = verdict_on(&bundle, &stored()).await;
    assert_verdict(&verification, Unavailable, "expired");
    assert!(verification.reason.unwrap().contains("expired"));
}

#[tokio::test]
async fn point_18_keys_vouch_within_their_windows_alone() {
    let pki = Sigstore::new();
    let asked = Asked::keyless(&pki, &ci());
    let ended = json!({"start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z"});
    let with = |list: &str| {
        let mut root: Value = serde_json::from_str(&pki.trusted_root()).unwrap();
        for entry in root[list].as_array_mut().unwrap() {
            let is_key = entry["publicKey"].is_object();
            let described = if is_key {
                &mut entry["publicKey"]
            } else {
                entry
            };
            described["validFor"] = ended.clone();
        }
        asked.clone().trusting_root(&root.to_string())
    };
    let v1 = Signing::keyless(&pki, ci()).timestamped().bundle(&digest());
    let v2 = Signing::keyless(&pki, ci()).rekor_v2().bundle(&digest());
    // A retired log's key can still promise any time of its own.
    let in_time = Flaw::LoggedAt(1_600_000_000);
    let signing = Signing::keyless(&pki, ci()).rekor_v2().flaw(in_time);
    let promised = signing.bundle(&digest());
    let retired = verdict_on(&promised, &with("tlogs")).await;
    assert_verdict(&retired, Invalid, "a promise in Rekor 2");
    for (name, bundle) in [("rekor 1", v1), ("rekor 2", v2)] {
        assert_verdict(&verdict_on(&bundle, &asked).await, Verified, name);
        for list in [
            "certificateAuthorities",
            "ctlogs",
            "tlogs",
            "timestampAuthorities",
        ] {
            let verification = verdict_on(&bundle, &with(list)).await;
            assert_verdict(&verification, Invalid, (name, list));
        }
    }
}
