//! What is told at the end: outputs, a page, data; never decides anything.

use std::path::Path;

use ci::{Page, Report, Stop};
use contract::{Digest, ImageRef};
use serde_json::{Value, json};
use trust::{Attached, PredicateType, Requirement, Verdict, Verified};

use crate::{
    apply::Done,
    context::VerifyBlob,
    error::Error,
    plan::{Judged, State},
};

/// Tells what was done.
pub fn done(done: &Done) -> Report {
    match done {
        Done::Keys { files, hint, state } => {
            let (private, public) = (shown(&files.private), shown(&files.public));
            let page = Page::new()
                .heading("Key pair")
                .line(format!("private key: {private} ({})", state.word()))
                .line(format!("public key: {public}"))
                .line(format!("hint: {hint}"));
            let data = json!({"key": private, "publicKey": public, "hint": hint, "state": state.word()});
            Report::new(page, data)
                .output("key", private)
                .output("public-key", public)
                .output("hint", hint)
                .output("state", state.word())
        }
        Done::Sbom { output, digest, components, state } => {
            let file = shown(output);
            let page = Page::new()
                .heading("SBOM")
                .line(format!("{file} ({})", state.word()))
                .line(format!("components: {components}"));
            let data =
                json!({"sbom": file, "digest": digest, "components": components, "state": state.word()});
            Report::new(page, data)
                .output("sbom", file)
                .output("components", components.to_string())
                .output("state", state.word())
        }
        Done::Claims { kind, claims } => claimed(kind, claims),
        Done::Blob { output, digest, state } => {
            let file = shown(output);
            let page = Page::new().heading("Signature").line(format!("{file} ({})", state.word()));
            Report::new(page, json!({"bundle": file, "digest": digest, "state": state.word()}))
                .output("bundle", file)
                .output("bundle-digest", digest.to_string())
                .output("state", state.word())
        }
        Done::Copied { to, digest, companions, moved, state } => {
            let page = Page::new()
                .heading("Copied")
                .line(format!("{to} is {digest} ({})", state.word()))
                .line(format!("with {companions} manifests that belong to it, all of them there"))
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
        [image.to_string(), digest.short(), there.bundle.short(), state(there).to_owned()]
    });
    let title =
        if *kind == PredicateType::SIGNATURE { "Signed".to_owned() } else { format!("Attested: {kind}") };
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
    for Judged { found, judgement } in judged {
        page = page.heading(format!("{} of {}", requirement.kind, found.image));
        let counted = judgement
            .counted
            .iter()
            .map(|(manifest, one)| [manifest.short(), "counts".to_owned(), said(one)]);
        let aside = judgement
            .set_aside
            .iter()
            .map(|(manifest, why)| [manifest.short(), "does not count".to_owned(), why.clone()]);
        page = page
            .line(found.digest.to_string())
            .table(&["evidence", "verdict", "why"], counted.chain(aside).collect::<Vec<_>>());
        if let Some(shortfall) = judgement.shortfall {
            page = page.line(format!("refused: {shortfall}"));
        }
    }
    let data: Vec<Value> = judged.iter().map(|one| data(requirement, one)).collect();
    let verified: usize = judged.iter().map(|one| one.judgement.counted.len()).sum();
    let digests: Vec<String> = judged.iter().map(|one| one.found.digest.to_string()).collect();
    let report = Report::new(page, data.into())
        .output("verified", verified.to_string())
        .output("digest", digests.join("\n"));
    let mut unmet = judged.iter().filter_map(|one| Some((one, one.judgement.shortfall?)));
    match unmet.next() {
        None => Ok(report),
        Some((one, shortfall)) => {
            let image = Box::new(one.found.image.with_digest(one.found.digest));
            let failure =
                Error::Unmet { image, kind: requirement.kind.clone(), shortfall, others: unmet.count() };
            Err(Stop::with(report, failure))
        }
    }
}

/// What a statement says, in a few words.
fn said(verified: &Verified) -> String {
    let gist = verified.gist().unwrap_or_default();
    let key = verified.signer.chars().take(12).collect::<String>();
    let about = gist.environment.map(|name| format!(", about {name}")).unwrap_or_default();
    let suite = if gist.about.is_empty() { String::new() } else { format!(", {}", gist.about) };
    let time = gist.stated_on.map(|time| format!(", {time}")).unwrap_or_default();
    format!("signed with {key}…{about}{suite}{time}")
}

fn data(requirement: &Requirement, judged: &Judged<'_>) -> Value {
    let Judged { found, judgement } = judged;
    let counted = judgement.counted.iter().map(|(manifest, one)| {
        let gist = one.gist().unwrap_or_default();
        json!({"manifest": manifest, "bundle": one.bundle, "signer": one.signer, "environment": gist.environment, "statedOn": gist.stated_on})
    });
    let aside = judgement.set_aside.iter().map(|(manifest, why)| json!({"manifest": manifest, "why": why}));
    json!({
        "image": found.image,
        "digest": found.digest,
        "type": requirement.kind.uri(),
        "counted": counted.collect::<Vec<_>>(),
        "setAside": aside.collect::<Vec<_>>(),
        "refused": judgement.shortfall.map(|shortfall| shortfall.to_string()),
    })
}

/// Tells whether a file's signature holds.
pub fn signature(wanted: &VerifyBlob, (digest, verdict): (Digest, Verdict<String>)) -> Result<Report, Stop> {
    let blob = wanted.blob.clone();
    let signer = match verdict {
        Verdict::Verified(signer) => signer,
        Verdict::Foreign(source) => return Err(Error::BlobForeign { blob, source }.into()),
        Verdict::Invalid(source) => return Err(Error::BlobInvalid { blob, source }.into()),
    };
    let page = Page::new()
        .heading("Signature")
        .line(format!("{} is signed with the key {signer}", shown(&blob)))
        .line(digest.to_string());
    Ok(Report::new(page, json!({"blob": shown(&blob), "digest": digest, "signer": signer}))
        .output("verified", "1")
        .output("digest", digest.to_string()))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
