//! A registry that is busy, breaks off, is slow, forgets or lies: what is lived with, and what is refused.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use ci::Failure;
use contract::{Digest, Selector};
use oci::{
    Blob, Descriptor, Image, Layout, OciError, RegistryError, Repository, Role, Stored, copy, media_type,
};
use testkit::{
    Scratch,
    http::{Reply, Server},
    relay::{relay, transcript},
    served::Served,
};

use crate::images::{at, by_tag, image, put, quick, tag, with};

/// Longer than anything that is sent in one piece or kept in memory.
fn large() -> Vec<u8> {
    (0..10_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// Gives these answers in place of the registry's to requests of this kind, each once.
fn relay_with(served: &Served, method: &str, part: &str, replies: Vec<Reply>) -> Server {
    let (method, part) = (method.to_owned(), part.to_owned());
    let mut replies = VecDeque::from(replies);
    relay(&served.authority(), move |seen| {
        (seen.method == method && seen.target.contains(&part)).then(|| replies.pop_front()).flatten()
    })
}

#[test]
fn a_busy_registry_is_asked_again_and_not_for_ever() {
    let served = Served::crane();
    let manifest = image(&at(&served.authority(), "acme/app"), b"layer");
    let busy = || vec![Reply::status(429).header("Retry-After", "0"), Reply::status(500), Reply::status(503)];
    let relay = relay_with(&served, "HEAD", "/manifests/", busy());
    let registry = at(&relay.authority(), "acme/app");
    assert!(registry.resolve(&Selector::Digest(manifest.digest())).unwrap().is_some());
    let broken = Server::answer(|_| {
        Reply::status(500).body(r#"{"errors":[{"code":"UNKNOWN","message":"disk full"}]}"#)
    });
    let error = at(&broken.authority(), "acme/app").tags().unwrap_err();
    assert_eq!(error.code().as_str(), "registry-status");
    assert!(error.to_string().ends_with("with status 500: UNKNOWN disk full"), "{error}");
    assert_eq!(broken.requests().len(), 4);
}

#[test]
fn nginx_asks_for_patience() {
    let served = Served::docker("");
    let manifest = image(&at(&served.authority(), "acme/app"), b"layer");
    let rules = "limit_req zone=all; limit_req_status 429; add_header Retry-After 1 always;";
    let busy = Served::nginx(rules, &served.authority());
    let registry = at(&busy.authority(), "acme/app");
    let began = Instant::now();
    for _ in 0..2 {
        assert!(registry.resolve(&Selector::Digest(manifest.digest())).unwrap().is_some());
    }
    assert!(began.elapsed() >= Duration::from_secs(1), "nobody waited");
}

#[test]
fn nginx_that_fails_is_told_and_nginx_that_dawdles_is_waited_for() {
    let served = Served::docker("");
    let bytes = vec![7; 600 << 10];
    let blob = put(&at(&served.authority(), "acme/app"), "x", &bytes);
    let broken = Served::nginx("location ~ /blobs/ { return 500; }", &served.authority());
    let error = at(&broken.authority(), "acme/app").has_blob(&blob).unwrap_err();
    assert_eq!(error.code().as_str(), "registry-status");
    let slow = Served::nginx("limit_rate 512k;", &served.authority());
    let began = Instant::now();
    assert_eq!(at(&slow.authority(), "acme/app").blob_bytes(&blob, 1 << 30).unwrap(), bytes);
    assert!(began.elapsed() >= Duration::from_secs(1), "nginx did not dawdle");
}

#[test]
fn a_body_that_ends_with_nginx_is_no_blob() {
    let served = Served::docker("");
    let blob = put(&at(&served.authority(), "acme/app"), "x", &large());
    let slow = Served::nginx("limit_rate 64k;", &served.authority());
    let registry = at(&slow.authority(), "acme/app");
    let error = thread::scope(|scope| {
        let reader = scope.spawn(|| registry.blob_bytes(&blob, 1 << 30).unwrap_err());
        thread::sleep(Duration::from_millis(500));
        drop(slow);
        reader.join().unwrap()
    });
    assert_eq!(error.code().as_str(), "registry-unreachable", "{error}");
}

#[test]
fn a_blob_that_breaks_off_is_taken_up_where_it_stopped() {
    let served = Served::docker("");
    let bytes = large();
    let blob = put(&at(&served.authority(), "acme/app"), "x", &bytes);
    let half = Reply::status(200).body(bytes.clone()).cut_after(bytes.len() / 2);
    let relay = relay_with(&served, "GET", "/blobs/", vec![half]);
    let registry = at(&relay.authority(), "acme/app");
    assert_eq!(registry.blob_bytes(&blob, 1 << 30).unwrap(), bytes);
    let range = relay.requests()[1].header("range").map(str::to_owned);
    assert_eq!(range, Some(format!("bytes={}-", bytes.len() / 2)));
}

#[test]
fn a_slow_registry_is_waited_for_and_a_range_it_does_not_know_is_read_over() {
    let (first, second) = ("first half, ", "second half");
    let whole = format!("{first}{second}");
    let server = Server::script([
        Reply::status(200).body(whole.clone()).cut_after(first.len()),
        Reply::status(200).body(whole.clone()).slowly(Duration::from_millis(2)),
    ]);
    let blob = Descriptor::of("x", whole.as_bytes());
    assert_eq!(at(&server.authority(), "a/b").blob_bytes(&blob, 100).unwrap(), whole.as_bytes());
}

#[test]
fn what_is_not_what_its_digest_says_is_refused_wherever_it_comes_from() {
    let served = Served::docker("");
    let registry = at(&served.authority(), "acme/app");
    let manifest = image(&registry, b"layer");
    registry.tag(&tag("1"), &manifest).unwrap();
    // nginx changes bytes on the way and leaves the headers alone.
    let rules = "proxy_set_header Accept-Encoding ''; sub_filter_types *; sub_filter layer l4yer; sub_filter schemaVersion schemaversioN;";
    let lying = Served::nginx(rules, &served.authority());
    let registry = at(&lying.authority(), "acme/app");
    let layer = &manifest.image().unwrap().layers[0];
    assert!(matches!(registry.blob_bytes(layer, 100), Err(OciError::DigestMismatch { .. })));
    let by_digest = registry.manifest(manifest.digest());
    assert!(matches!(by_digest, Err(OciError::DigestMismatch { .. })), "{by_digest:?}");
    let scratch = Scratch::new();
    let layout = Layout::open_or_new(&scratch.join("l")).unwrap();
    assert!(copy(&registry, &layout, manifest.digest()).is_err());
    let other = Server::script([Reply::json(r#"{"schemaVersion":2,"manifests":[]}"#)
        .header("Docker-Content-Digest", &manifest.digest().to_string())]);
    let by_tag = at(&other.authority(), "acme/app").find(&by_tag("1"));
    assert!(matches!(by_tag, Err(OciError::DigestMismatch { .. })), "{by_tag:?}");
}

#[test]
fn a_wrong_blob_is_not_sent_to_its_end() {
    for served in [Served::crane(), Served::docker("")] {
        let registry = at(&served.authority(), "acme/app");
        for size in [10, 6 << 20] {
            let promised = Descriptor::of("x", &vec![1; size]);
            let wrong = Blob::new(promised.clone(), std::io::Cursor::new(vec![2; size]));
            let error = registry.put_blob(wrong).unwrap_err();
            assert!(matches!(error, OciError::DigestMismatch { .. }), "{error}");
            assert!(!registry.has_blob(&promised).unwrap());
        }
    }
}

#[test]
fn a_proxy_that_refuses_long_bodies_gets_chunks() {
    for served in [Served::crane(), Served::docker("")] {
        let narrow = Served::nginx("client_max_body_size 5m;", &served.authority());
        let scratch = Scratch::new();
        let layout = Layout::open_or_new(&scratch.join("l")).unwrap();
        let bytes = large();
        let blob = put(&layout, "x", &bytes);
        let registry = at(&narrow.authority(), "acme/app");
        assert_eq!(registry.put_blob(layout.blob(&blob).unwrap()).unwrap(), Stored::New);
        assert_eq!(at(&served.authority(), "acme/app").blob_bytes(&blob, 1 << 30).unwrap(), bytes);
    }
}

/// A registry that takes uploads as the specification says, and forgets the connection in the middle of the first.
fn forgetful(blob: &Descriptor, keeps: usize) -> (Server, Arc<Mutex<Vec<u8>>>) {
    let stored: Arc<Mutex<Vec<u8>>> = Arc::default();
    let (kept, blob) = (Arc::clone(&stored), blob.clone());
    let mut broken = false;
    let server = Server::answer(move |seen| {
        let mut kept = kept.lock().unwrap();
        match seen.method.as_str() {
            "HEAD" => Reply::status(404),
            "POST" => Reply::status(202).header("Location", "/v2/a/b/blobs/uploads/1?state=x"),
            "GET" => Reply::status(204)
                .header("Location", "/v2/a/b/blobs/uploads/1?state=y")
                .header("Range", &format!("0-{}", kept.len().saturating_sub(1))),
            _ if !broken => {
                broken = true;
                kept.extend(&seen.body[..keeps]);
                Reply::status(502)
            }
            _ => {
                kept.extend(&seen.body);
                let good = Digest::of(&kept) == blob.digest;
                Reply::status(if good { 201 } else { 400 })
            }
        }
    });
    (server, stored)
}

#[test]
fn an_upload_that_breaks_off_is_taken_up_where_the_registry_stopped() {
    let scratch = Scratch::new();
    let layout = Layout::open_or_new(&scratch.join("l")).unwrap();
    let bytes = large();
    let blob = put(&layout, "x", &bytes);
    let (server, stored) = forgetful(&blob, 1000);
    let registry = at(&server.authority(), "a/b");
    assert_eq!(registry.put_blob(layout.blob(&blob).unwrap()).unwrap(), Stored::New);
    assert!(*stored.lock().unwrap() == bytes);
    let last = server.requests().pop().unwrap();
    assert_eq!(last.header("content-range"), Some(format!("1000-{}", bytes.len() - 1).as_str()));
    assert!(last.target.contains("state=y&digest=sha256"), "{}", last.target);
    assert_eq!(transcript(&server), ["HEAD blobs", "POST blobs", "PUT blobs", "GET blobs", "PUT blobs"]);
}

#[test]
fn a_blob_of_a_neighbour_is_mounted_and_not_moved() {
    // The other registry keeps the blobs of all repositories together.
    let served = Served::docker("");
    let manifest = image(&at(&served.authority(), "acme/app"), &large());
    let relay = relay(&served.authority(), |_| None);
    let (from, to) = (at(&relay.authority(), "acme/app"), at(&relay.authority(), "acme/promoted"));
    assert_eq!(copy(&from, &to, manifest.digest()).unwrap().blobs, 2);
    let blobs: Vec<String> =
        transcript(&relay).into_iter().filter(|request| request.ends_with("blobs")).collect();
    assert_eq!(blobs, ["HEAD blobs", "HEAD blobs", "POST blobs", "POST blobs"]);
}

#[test]
fn a_registry_that_does_not_mount_is_sent_the_blob_in_the_session_it_offers() {
    let served = Served::docker("");
    let manifest = image(&at(&served.authority(), "acme/app"), b"layer");
    let relay = relay(&served.authority(), |seen| {
        if seen.target.contains("mount=") {
            seen.target.truncate(seen.target.find('?').unwrap());
        }
        None
    });
    let (from, to) = (at(&relay.authority(), "acme/app"), at(&relay.authority(), "acme/promoted"));
    assert_eq!(copy(&from, &to, manifest.digest()).unwrap().blobs, 2);
    let posts = transcript(&relay).into_iter().filter(|request| request == "POST blobs").count();
    assert_eq!(posts, 2);
}

#[test]
fn denied_is_neither_free_nor_absent() {
    for status in [401, 403] {
        let server = Server::answer(move |_| Reply::status(status));
        let registry = at(&server.authority(), "acme/app");
        let manifest =
            Image::new(Descriptor::of(media_type::EMPTY, b"{}"), Vec::new()).into_manifest().unwrap();
        let blob = Descriptor::of("x", b"y");
        let errors = [
            registry.resolve(&by_tag("1")).unwrap_err(),
            registry.tag(&tag("1"), &manifest).unwrap_err(),
            registry.has_blob(&blob).unwrap_err(),
            registry.referrers(manifest.digest()).unwrap_err(),
            registry.tags().unwrap_err(),
            registry.put_manifest(&manifest, Role::Root).unwrap_err(),
            registry.blob_bytes(&blob, 10).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.code().as_str(), "registry-denied", "{error}");
        }
        assert!(server.requests().iter().all(|seen| matches!(seen.method.as_str(), "GET" | "HEAD")));
    }
}

#[test]
fn an_endless_or_ancient_manifest_is_refused() {
    let huge = Server::answer(|_| Reply::json(&" ".repeat(10 << 20)));
    let registry = at(&huge.authority(), "acme/app");
    assert_eq!(registry.find(&by_tag("1")).unwrap_err().code().as_str(), "content-too-large");
    let by_digest = registry.manifest(Digest::of(b"x")).unwrap_err();
    assert!(matches!(by_digest, OciError::TooLarge { .. }), "{by_digest}");
    let ancient = Server::answer(|_| {
        let signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";
        let text = r#"{"schemaVersion":1,"name":"a","tag":"1","fsLayers":[],"history":[]}"#;
        Reply::status(200).header("Content-Type", signed).body(text)
    });
    let error = at(&ancient.authority(), "acme/app").resolve(&by_tag("1")).unwrap_err();
    assert!(matches!(error, OciError::ManifestInvalid { .. }), "{error}");
}

#[test]
fn an_index_that_refers_to_itself_ends() {
    // No index can hold its own digest, so a registry that claims it lies about one of the two.
    let own = Digest::of(b"nobody knows");
    let text = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"{own}","size":9}}]}}"#,
        media_type::IMAGE_INDEX
    );
    let server =
        Server::answer(move |_| Reply::json(&text).header("Docker-Content-Digest", &own.to_string()));
    let registry = at(&server.authority(), "acme/app");
    assert!(matches!(registry.find(&by_tag("1")), Err(OciError::DigestMismatch { .. })));
    let scratch = Scratch::new();
    let layout = Layout::open_or_new(&scratch.join("l")).unwrap();
    assert!(matches!(copy(&registry, &layout, own), Err(OciError::DigestMismatch { .. })));
}

#[test]
fn a_manifest_without_stated_digest_is_read_and_a_lost_race_is_told() {
    let ours = Image::new(Descriptor::of(media_type::EMPTY, b"{}"), Vec::new()).into_manifest().unwrap();
    let (found, theirs) = (ours.digest(), r#"{"schemaVersion":2,"manifests":[]}"#);
    let mut written = false;
    let server = Server::answer(move |seen| match seen.method.as_str() {
        "PUT" => {
            written = true;
            Reply::status(201)
        }
        _ if written => Reply::json(theirs),
        _ => Reply::status(404),
    });
    let registry = at(&server.authority(), "acme/app");
    let error = registry.tag(&tag("1"), &ours).unwrap_err();
    let lost = matches!(&error, OciError::Registry(RegistryError::TagLost { ours, found: now, .. }) if *ours == found && *now == Digest::of(theirs.as_bytes()));
    assert!(lost, "{error}");
    assert_eq!(transcript(&server), ["HEAD manifests", "PUT manifests", "HEAD manifests", "GET manifests"]);
}

#[test]
fn lists_are_read_to_their_end_and_not_for_ever() {
    let served = Served::docker("");
    let registry = at(&served.authority(), "acme/app");
    let manifest = image(&registry, b"layer");
    for name in ["1", "2", "3"] {
        registry.tag(&tag(name), &manifest).unwrap();
    }
    // Two entries a page, whatever is asked for.
    let paged = Served::nginx("rewrite ^(.*)/tags/list$ $1/tags/list?n=2& break;", &served.authority());
    let tags = at(&paged.authority(), "acme/app").tags().unwrap();
    assert_eq!(tags.len(), 3, "{tags:?}");
    let endless = Server::answer(|seen| {
        Reply::json(r#"{"tags":["a"]}"#).header("Link", &format!("<{}>; rel=\"next\"", seen.target))
    });
    let error = at(&endless.authority(), "acme/app").tags().unwrap_err();
    assert_eq!(error.code().as_str(), "registry-answer");
}

#[test]
fn credentials_do_not_follow_a_blob_to_another_host() {
    let bytes = b"from a bucket";
    let bucket = Server::answer(|_| Reply::status(200).body(&b"from a bucket"[..]));
    let target = bucket.url("/bucket?signature=x");
    let registry = Server::answer(move |seen| match seen.header("authorization") {
        None => Reply::status(401).header("WWW-Authenticate", "Basic realm=\"x\""),
        Some(_) => Reply::redirect(&target),
    });
    let scratch = Scratch::new();
    let config = format!(r#"{{"auths":{{"{}":{{"auth":"bWU6cGFzcw=="}}}}}}"#, registry.authority());
    ci::files::write(&scratch.join("config.json"), config.as_bytes()).unwrap();
    let env = ci::Env::of([("DOCKER_CONFIG", scratch.join("").as_os_str().to_owned())]);
    let access = quick(oci::Access::of(&env, |_| {}));
    let blob = Descriptor::of("x", bytes);
    assert_eq!(with(access, &registry.authority(), "a/b").blob_bytes(&blob, 100).unwrap(), bytes);
    assert_eq!(registry.requests()[1].header("authorization"), Some("Basic bWU6cGFzcw=="));
    assert_eq!(bucket.requests()[0].header("authorization"), None);
}
