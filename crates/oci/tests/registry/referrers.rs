//! Evidence beside an image, in registries that list it, that do not, and that only say so; with other writers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use ci::Failure;
use contract::{Digest, Selector};
use oci::{Descriptor, Image, Manifest, Registry, Repository, Role, Stored, attach, media_type};
use serde_json::{Value, json};
use testkit::{
    http::{Reply, Server},
    relay::relay,
    served::Served,
};

use crate::images::{at, image, note, notes, tag};

fn fallback(of: &Manifest) -> String {
    format!("sha256-{}", of.digest().hex())
}

fn raw(registry: &Registry, name: &str) -> Value {
    serde_json::from_slice(registry.find(&Selector::Tag(tag(name))).unwrap().bytes()).unwrap()
}

/// A registry with a referrers API of one entry a page, which neither of the two has: it lists what was written through it.
fn with_api(served: &Served) -> Server {
    let mut known: Vec<Manifest> = Vec::new();
    relay(&served.authority(), move |seen| {
        if seen.method == "PUT" && seen.target.contains("/manifests/") {
            known.extend(Manifest::parse(seen.body.clone()));
        }
        let (path, page) = seen.target.split_once("?page=").unwrap_or((&seen.target, "0"));
        let (_, subject) = path.split_once("/referrers/")?;
        let about = |one: &&Manifest| one.subject().is_some_and(|named| named.digest.to_string() == subject);
        let page: usize = page.parse().unwrap();
        let mut listed = known.iter().filter(about).skip(page);
        let list = json!({"schemaVersion": 2, "mediaType": media_type::IMAGE_INDEX, "manifests": listed.next().map(Manifest::as_referrer).as_slice()});
        let reply = Reply::json(&list.to_string());
        Some(match listed.next() {
            Some(_) => reply.header("Link", &format!("<{path}?page={}>; rel=\"next\"", page + 1)),
            None => reply,
        })
    })
}

#[test]
fn where_the_registry_lists_evidence_no_tag_is_written() {
    let served = Served::crane();
    let listing = with_api(&served);
    let registry = at(&listing.authority(), "acme/app");
    let manifest = image(&registry, b"layer");
    for text in ["one", "two", "three"] {
        attach(&registry, manifest.digest(), &note(text)).unwrap();
    }
    assert_eq!(notes(&registry, &manifest), ["one", "three", "two"]);
    assert_eq!(registry.resolve(&Selector::Tag(tag(&fallback(&manifest)))).unwrap(), None);
}

#[test]
fn a_registry_that_lists_evidence_by_itself_gets_no_fallback_tag() {
    let served = Served::cuelabs();
    let registry = at(&served.authority(), "acme/app");
    let manifest = image(&registry, b"layer");
    // Its empty list is `null`.
    assert_eq!(registry.referrers(manifest.digest()).unwrap(), []);
    for text in ["one", "two", "one"] {
        attach(&registry, manifest.digest(), &note(text)).unwrap();
    }
    assert_eq!(notes(&at(&served.authority(), "acme/app"), &manifest), ["one", "two"]);
    assert_eq!(registry.tags().unwrap(), []);
}

#[test]
fn evidence_is_found_where_the_registry_does_not_list_it() {
    for served in [Served::crane(), Served::docker("")] {
        let registry = at(&served.authority(), "acme/app");
        let manifest = image(&registry, b"layer");
        assert_eq!(registry.referrers(manifest.digest()).unwrap(), []);
        for text in ["one", "two", "one"] {
            attach(&registry, manifest.digest(), &note(text)).unwrap();
        }
        assert_eq!(notes(&registry, &manifest), ["one", "two"]);
        assert_eq!(notes(&at(&served.authority(), "acme/app"), &manifest), ["one", "two"]);
    }
}

#[test]
fn an_api_that_always_answers_with_an_empty_list_hides_nothing() {
    // GitHub's registry.
    let served = Served::docker("");
    let relay = relay(&served.authority(), |seen| {
        let empty =
            r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
        seen.target.contains("/referrers/").then(|| Reply::json(empty))
    });
    let registry = at(&relay.authority(), "acme/app");
    let manifest = image(&registry, b"layer");
    attach(&registry, manifest.digest(), &note("one")).unwrap();
    assert_eq!(notes(&registry, &manifest), ["one"]);
}

#[test]
fn both_places_are_merged_and_their_claims_are_checked() {
    let served = Served::crane();
    let listing = with_api(&served);
    let registry = at(&listing.authority(), "acme/app");
    let manifest = image(&registry, b"layer");
    attach(&registry, manifest.digest(), &note("in both")).unwrap();
    let other = image(&registry, b"other");
    let listed = registry.referrers(manifest.digest()).unwrap();
    // A foreign tool's list, without kinds and annotations, and with something that is about another image.
    let bare = |of: &Descriptor| json!({"mediaType": of.media_type, "digest": of.digest, "size": of.size});
    let text = json!({"schemaVersion": 2, "mediaType": media_type::IMAGE_INDEX, "manifests": [bare(&listed[0]), bare(other.descriptor())]});
    let foreign = Manifest::parse(text.to_string().into_bytes()).unwrap();
    registry.tag(&tag(&fallback(&manifest)), &foreign).unwrap();
    let late = at(&served.authority(), "acme/app");
    attach(&late, manifest.digest(), &note("only beside")).unwrap();
    assert_eq!(notes(&registry, &manifest), ["in both", "only beside"]);
}

#[test]
fn entries_of_others_survive_with_what_we_do_not_know() {
    let served = Served::docker("");
    let registry = at(&served.authority(), "acme/app");
    let manifest = image(&registry, b"layer");
    let theirs = image(&registry, b"theirs");
    let entry = json!({"mediaType": theirs.descriptor().media_type, "digest": theirs.digest(), "size": theirs.descriptor().size, "x": {"y": [1]}});
    let text =
        json!({"schemaVersion": 2, "mediaType": media_type::IMAGE_INDEX, "z": true, "manifests": [entry]});
    let foreign = Manifest::parse(text.to_string().into_bytes()).unwrap();
    registry.tag(&tag(&fallback(&manifest)), &foreign).unwrap();
    attach(&registry, manifest.digest(), &note("ours")).unwrap();
    let now = raw(&registry, &fallback(&manifest));
    assert_eq!((&now["z"], &now["manifests"][0]), (&json!(true), &text["manifests"][0]));
    assert_eq!(now["manifests"][1]["annotations"]["note"], "ours");
    assert_eq!(now["manifests"].as_array().unwrap().len(), 2);
}

#[test]
fn a_fallback_tag_that_is_an_image_is_told() {
    let served = Served::docker("");
    let registry = at(&served.authority(), "acme/app");
    let manifest = image(&registry, b"layer");
    // As `cosign copy` leaves it.
    registry.tag(&tag(&fallback(&manifest)), &manifest).unwrap();
    let error = registry.referrers(manifest.digest()).unwrap_err();
    assert_eq!(error.code().as_str(), "referrers-tag-taken");
    let error = attach(&registry, manifest.digest(), &note("x")).unwrap_err();
    assert_eq!(error.code().as_str(), "referrers-tag-taken");
}

/// A registry without referrers API, in which somebody else overwrites the fallback tag after each of our first `losses` writes.
fn contended(losses: usize) -> Server {
    let stored: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();
    let mut left = losses;
    Server::answer(move |seen| {
        let mut stored = stored.lock().unwrap();
        let name = seen.target.rsplit('/').next().unwrap().to_owned();
        match seen.method.as_str() {
            _ if seen.target.contains("/referrers/") => Reply::status(404),
            "PUT" if name.starts_with("sha256-") && left > 0 => {
                left -= 1;
                stored.insert(name, br#"{"schemaVersion":2,"manifests":[]}"#.to_vec());
                Reply::status(201)
            }
            "PUT" => {
                stored.insert(name, seen.body.clone());
                Reply::status(201)
            }
            _ => match stored.get(&name) {
                Some(bytes) => Reply::json(&String::from_utf8(bytes.clone()).unwrap()),
                None => Reply::status(404),
            },
        }
    })
}

fn referrer() -> Manifest {
    let mut image = Image::new(Descriptor::of(media_type::EMPTY, b"{}"), Vec::new());
    image.subject = Some(Descriptor::of(media_type::IMAGE_MANIFEST, b"subject"));
    image.into_manifest().unwrap()
}

#[test]
fn a_list_that_another_writer_overwrote_is_written_again() {
    let server = contended(2);
    let registry = at(&server.authority(), "acme/app");
    assert_eq!(registry.put_manifest(&referrer(), Role::Root).unwrap(), Stored::New);
    let listed = registry.referrers(Digest::of(b"subject")).unwrap();
    assert_eq!(listed.iter().map(|one| one.digest).collect::<Vec<_>>(), [referrer().digest()]);
    let again = at(&server.authority(), "acme/app");
    assert_eq!(again.put_manifest(&referrer(), Role::Root).unwrap(), Stored::AlreadyThere);
}

#[test]
fn of_several_writers_at_once_none_loses_what_it_attached() {
    let served = Served::docker("");
    let registry = at(&served.authority(), "acme/app");
    for round in 0..3_u8 {
        let manifest = image(&registry, &[round]);
        let texts = ["one", "two", "three", "four"];
        std::thread::scope(|scope| {
            for text in texts {
                let (served, manifest) = (&served, &manifest);
                scope.spawn(move || {
                    let registry = at(&served.authority(), "acme/app");
                    attach(&registry, manifest.digest(), &note(text)).unwrap();
                });
            }
        });
        assert_eq!(notes(&registry, &manifest), ["four", "one", "three", "two"], "round {round}");
    }
}

#[test]
fn a_list_that_is_always_overwritten_is_given_up_and_told() {
    let server = contended(usize::MAX);
    let error = at(&server.authority(), "acme/app").put_manifest(&referrer(), Role::Root).unwrap_err();
    assert_eq!(error.code().as_str(), "referrers-contended");
}
