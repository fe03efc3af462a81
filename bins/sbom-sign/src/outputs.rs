//! What is told at the end: outputs, a page, data; never decides anything.

use std::path::Path;

use ci::{Page, Report, Stop};
use contract::{Digest, ImageRef};
use serde_json::{Value, json};
use trust::{Attached, PredicateType, Proof, Requirement, Signer, Verdict, Verified};

use crate::{
    apply::Done,
    context::VerifyBlob,
    error::Error,
    plan::{Judged, State, Subject},
};

/// How many files that can't be read are named on the page.
const UNREAD_SHOWN_MAX: usize = 20;

/// Tells what was done.
pub fn done(done: &Done) -> Report {
    match done {
        Done::Keys { files, hint, state } => {
            let (private, public) = (shown(&files.private), shown(&files.public));
            let page = Page::new()
                .heading(format!("key pair {private}, {public}"))
                .line(format!("the private key is {}", state.word()))
                .line(format!("bundles call it {hint}"));
            let data = json!({"key": private, "publicKey": public, "hint": hint, "state": state.word()});
            Report::new(page, data)
                .output("key", private)
                .output("public-key", public)
                .output("hint", hint.clone())
                .output("state", state.word())
        }
        Done::Sbom { output, digest, components, unread, state } => {
            let file = shown(output);
            let mut page =
                Page::new().heading(format!("SBOM {file} ({}), components: {components}", state.word()));
            if !unread.is_empty() {
                let shown = unread.iter().take(UNREAD_SHOWN_MAX).cloned();
                page = page
                    .line(format!("not listed, because they can't be read: {} files", unread.len()))
                    .table(&["file", "why"], shown);
            }
            let data = json!({
                "sbom": file, "digest": digest, "components": components, "unread": unread, "state": state.word(),
            });
            Report::new(page, data)
                .output("sbom", file)
                .output("components", components.to_string())
                .output("unread", unread.len().to_string())
                .output("state", state.word())
        }
        Done::Claims { kind, claims } => claimed(kind, claims),
        Done::Blob { output, digest, state } => {
            let file = shown(output);
            let page = Page::new().heading(format!("bundle of the file: {file} ({})", state.word()));
            Report::new(page, json!({"bundle": file, "digest": digest, "state": state.word()}))
                .output("bundle", file)
                .output("bundle-digest", digest.to_string())
                .output("state", state.word())
        }
        Done::Copied { to, digest, companions, moved, state } => {
            let page = Page::new()
                .heading(format!("{to} is {digest} ({})", state.word()))
                .line(format!("{companions} manifests belong to it, and all of them are there"))
                .line(format!("{} blobs and {} bytes were new", moved.blobs, moved.bytes));
            let data = json!({
                "image": to, "digest": digest, "companions": companions, "blobs": moved.blobs, "bytes": moved.bytes,
                "state": state.word(),
            });
            Report::new(page, data)
                .output("image", to.to_string())
                .output("digest", digest.to_string())
                .output("companions", companions.to_string())
                .output("state", state.word())
        }
    }
}

fn claimed(kind: &PredicateType, claims: &[(ImageRef, Digest, Attached)]) -> Report {
    let state = |there: &Attached| State::of(there.unchanged.then_some(())).word();
    let rows = claims.iter().map(|(image, digest, there)| {
        [called(image, *digest), digest.short(), there.bundle.short(), state(there).to_owned()]
    });
    let signature = *kind == PredicateType::SIGNATURE;
    let done = if signature { "signed".to_owned() } else { format!("attested {kind} of") };
    let title = match claims {
        [(image, digest, there)] => format!("{done} {} ({})", called(image, *digest), state(there)),
        several => format!("{done} {} images", several.len()),
    };
    let page = Page::new().heading(title).table(&["image", "digest", "bundle", "state"], rows);
    let data: Vec<Value> = claims
        .iter()
        .map(|(image, digest, there)| {
            json!({
                "image": image, "digest": digest, "type": kind.uri(), "manifest": there.manifest,
                "bundle": there.bundle, "state": state(there),
            })
        })
        .collect();
    let lines = |of: fn(&(ImageRef, Digest, Attached)) -> Digest| {
        claims.iter().map(|claim| of(claim).to_string()).collect::<Vec<_>>().join("\n")
    };
    Report::new(page, data.into())
        .output("digest", lines(|(_, digest, _)| *digest))
        .output("bundle-digest", lines(|(.., there)| there.bundle))
        // `new` comes before `unchanged`.
        .output("state", claims.iter().map(|(.., there)| state(there)).min().unwrap_or_default())
}

/// Tells which evidence counted, and why the rest did not; refuses if an image lacks it.
pub fn verdict(requirement: &Requirement, judged: &[Judged<'_>]) -> Result<Report, Stop> {
    let mut page = Page::new();
    for Judged { subject, digest, judgement } in judged {
        let answer = if judgement.shortfall.is_none() { "verified" } else { "refused" };
        let name = match subject {
            Subject::Image(image) => called(image, *digest),
            Subject::File(path) => shown(path),
        };
        page = page.heading(format!("{} of {name}: {answer}", requirement.kind));
        let counted = judgement
            .counted
            .iter()
            .map(|(manifest, one)| [manifest.short(), "counts".to_owned(), said(one)]);
        let aside = judgement
            .set_aside
            .iter()
            .map(|(manifest, why)| [manifest.short(), "does not count".to_owned(), why.clone()]);
        page = page
            .line(digest.to_string())
            .table(&["evidence", "verdict", "why"], counted.chain(aside).collect::<Vec<_>>());
        if let Some(shortfall) = judgement.shortfall {
            page = page.line(shortfall.to_string());
        }
    }
    let data: Vec<Value> = judged.iter().map(|one| data(requirement, one)).collect();
    let verified: usize = judged.iter().map(|one| one.judgement.counted.len()).sum();
    let digests: Vec<String> = judged.iter().map(|one| one.digest.to_string()).collect();
    let report = Report::new(page, data.into())
        .output("verified", verified.to_string())
        .output("digest", digests.join("\n"));
    let mut unmet = judged.iter().filter_map(|one| Some((one, one.judgement.shortfall?)));
    match unmet.next() {
        None => Ok(report),
        Some((one, shortfall)) => {
            let subject = match one.subject {
                Subject::Image(image) => image.with_digest(one.digest).to_string(),
                Subject::File(path) => shown(path),
            };
            let kind = requirement.kind.clone();
            let failure = Error::Unmet { subject, kind, shortfall, others: unmet.count() };
            Err(Stop::with(report, failure))
        }
    }
}

/// What a statement says, in a few words.
fn said(verified: &Verified) -> String {
    let gist = verified.gist().unwrap_or_default();
    let signed = match &verified.signer {
        Signer::Key(hint) => format!("signed with {}…", hint.chars().take(12).collect::<String>()),
        Signer::Workload(workload) => format!("signed by {}{}", workload.identity, proven(&workload.proof)),
    };
    let about = gist.environment.map(|name| format!(", about {name}")).unwrap_or_default();
    let suite = if gist.about.is_empty() { String::new() } else { format!(", {}", gist.about) };
    let time = gist.stated_on.map(|time| format!(", {time}")).unwrap_or_default();
    format!("{signed}{about}{suite}{time}")
}

/// What proves when a certificate's holder has signed.
fn proven(proof: &Proof) -> String {
    let times: Vec<String> = proof.times.iter().map(|time| format!(" on {time}")).collect();
    let log = if proof.logged { ", in the log" } else { "" };
    format!("{}{log}", times.join(" and"))
}

fn data(requirement: &Requirement, judged: &Judged<'_>) -> Value {
    let Judged { subject, digest, judgement } = judged;
    let counted = judgement.counted.iter().map(|(manifest, one)| {
        let gist = one.gist().unwrap_or_default();
        json!({"manifest": manifest, "bundle": one.bundle, "signer": one.signer.to_string(), "environment": gist.environment, "statedOn": gist.stated_on})
    });
    let aside = judgement.set_aside.iter().map(|(manifest, why)| json!({"manifest": manifest, "why": why}));
    let (what, name) = match subject {
        Subject::Image(image) => ("image", image.to_string()),
        Subject::File(path) => ("blob", shown(path)),
    };
    json!({
        what: name,
        "digest": digest,
        "type": requirement.kind.uri(),
        "counted": counted.collect::<Vec<_>>(),
        "setAside": aside.collect::<Vec<_>>(),
        "refused": judgement.shortfall.map(|shortfall| shortfall.to_string()),
    })
}

/// Tells whether a file's signature holds.
pub fn signature(wanted: &VerifyBlob, (digest, verdict): (Digest, Verdict<Signer>)) -> Result<Report, Stop> {
    let blob = wanted.blob.clone();
    let signer = match verdict {
        Verdict::Verified(signer) => signer,
        Verdict::Foreign(source) => return Err(Error::BlobForeign { blob, source }.into()),
        Verdict::Invalid(source) => return Err(Error::BlobInvalid { blob, source }.into()),
    };
    let page = Page::new()
        .heading(format!("signature of {}: verified", shown(&blob)))
        .line(digest.to_string())
        .line(match &signer {
            Signer::Key(hint) => format!("signed with the key {hint}"),
            Signer::Workload(workload) => {
                format!("signed by {}{}", workload.identity, proven(&workload.proof))
            }
        });
    Ok(Report::new(page, json!({"blob": shown(&blob), "digest": digest, "signer": signer.to_string()}))
        .output("verified", "1")
        .output("digest", digest.to_string()))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// An image in a table: as it was named, a digest in its short form.
fn called(image: &ImageRef, digest: Digest) -> String {
    image.tag().map_or_else(|| format!("{}@{}", image.location(), digest.short()), |_| image.to_string())
}
