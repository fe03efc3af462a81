//! `index.json` of a layout, and the list of referrers under a fallback tag, as a value: what it lists and what each is called; never a file.

use contract::{Digest, Tag};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{descriptor::Descriptor, media_type, repository::Stored};

/// The annotation that holds a name (OCI image specification 1.1, "Image Layout": it is only meaningful in `index.json`).
const NAME: &str = "org.opencontainers.image.ref.name";

/// The list. Members that this code does not know survive.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct IndexFile {
    #[serde(flatten)]
    other: Map<String, Value>,
    manifests: Vec<Descriptor>,
}

/// Why a name was not given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TagConflict {
    /// It belongs to this digest.
    Taken(Digest),
    /// It belongs to two.
    Ambiguous,
}

impl IndexFile {
    /// A list of nothing.
    pub(crate) fn empty() -> Self {
        let other = [("schemaVersion", Value::from(2)), ("mediaType", media_type::IMAGE_INDEX.into())];
        Self {
            other: other.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            manifests: Vec::new(),
        }
    }

    /// Reads the file; the error ends the sentence "index.json …".
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let index: Self = serde_json::from_slice(bytes).map_err(|error| format!("is no index: {error}"))?;
        match index.other.get("schemaVersion").and_then(Value::as_u64) {
            Some(2) => Ok(index),
            _ => Err("does not have schemaVersion 2".to_owned()),
        }
    }

    /// The file's new bytes.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Everything that is listed.
    pub(crate) fn manifests(&self) -> &[Descriptor] {
        &self.manifests
    }

    /// The names that are tags; other tools put other texts there.
    pub(crate) fn tags(&self) -> Vec<Tag> {
        let mut tags: Vec<Tag> =
            self.manifests.iter().filter_map(|listed| name_of(listed)?.parse().ok()).collect();
        tags.sort();
        tags.dedup();
        tags
    }

    /// What carries this name.
    pub(crate) fn find(&self, tag: &Tag) -> Result<Option<&Descriptor>, TagConflict> {
        let mut named = self.manifests.iter().filter(|listed| name_of(listed) == Some(tag.as_str()));
        let first = named.next();
        match first.map(|first| named.all(|next| next.digest == first.digest)) {
            Some(false) => Err(TagConflict::Ambiguous),
            _ => Ok(first),
        }
    }

    /// Lists a manifest without a name, if it is not listed yet.
    pub(crate) fn list(&mut self, mut manifest: Descriptor) -> Stored {
        if self.manifests.iter().any(|listed| listed.digest == manifest.digest) {
            return Stored::AlreadyThere;
        }
        // Annotations come out of the manifest, that is from anyone: they must not name anything here.
        manifest.annotations.remove(NAME);
        self.manifests.push(manifest);
        Stored::New
    }

    /// Gives a manifest this name.
    pub(crate) fn name(&mut self, tag: &Tag, mut manifest: Descriptor) -> Result<Stored, TagConflict> {
        match self.find(tag)? {
            Some(found) if found.digest == manifest.digest => return Ok(Stored::AlreadyThere),
            Some(found) => return Err(TagConflict::Taken(found.digest)),
            None => {}
        }
        let unnamed =
            |listed: &&mut Descriptor| listed.digest == manifest.digest && name_of(listed).is_none();
        if let Some(listed) = self.manifests.iter_mut().find(unnamed) {
            listed.annotations.insert(NAME.to_owned(), tag.to_string());
        } else {
            manifest.annotations.insert(NAME.to_owned(), tag.to_string());
            self.manifests.push(manifest);
        }
        Ok(Stored::New)
    }
}

fn name_of(listed: &Descriptor) -> Option<&str> {
    listed.annotations.get(NAME).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(content: &str) -> Descriptor {
        Descriptor::of(media_type::IMAGE_MANIFEST, content.as_bytes())
    }

    fn tag(text: &str) -> Tag {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_never_moves() {
        let mut index = IndexFile::empty();
        assert_eq!(index.name(&tag("1"), manifest("a")), Ok(Stored::New));
        assert_eq!(index.name(&tag("1"), manifest("a")), Ok(Stored::AlreadyThere));
        assert_eq!(index.name(&tag("1"), manifest("b")), Err(TagConflict::Taken(manifest("a").digest)));
        assert_eq!(index.find(&tag("1")).unwrap().unwrap().digest, manifest("a").digest);
    }

    #[test]
    fn a_second_name_is_a_second_entry_and_an_unnamed_entry_gets_the_first() {
        let mut index = IndexFile::empty();
        assert_eq!(index.list(manifest("a")), Stored::New);
        assert_eq!(index.list(manifest("a")), Stored::AlreadyThere);
        index.name(&tag("1"), manifest("a")).unwrap();
        assert_eq!(index.manifests().len(), 1);
        index.name(&tag("2"), manifest("a")).unwrap();
        assert_eq!(index.manifests().len(), 2);
        assert_eq!(index.tags(), [tag("1"), tag("2")]);
    }

    #[test]
    fn an_annotation_inside_a_manifest_is_no_name() {
        let mut index = IndexFile::empty();
        let mut evil = manifest("evil");
        evil.annotations.insert(NAME.to_owned(), "1.2.3-860c190".to_owned());
        index.list(evil);
        assert_eq!(index.tags(), []);
    }

    #[test]
    fn one_name_on_two_images_is_seen() {
        let mut index = IndexFile::empty();
        index.name(&tag("1"), manifest("a")).unwrap();
        index.name(&tag("2"), manifest("b")).unwrap();
        index.manifests[1].annotations.insert(NAME.to_owned(), "1".to_owned());
        assert_eq!(index.find(&tag("1")), Err(TagConflict::Ambiguous));
        assert_eq!(index.name(&tag("1"), manifest("a")), Err(TagConflict::Ambiguous));
    }

    #[test]
    fn members_of_other_tools_survive_an_edit() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let text = format!(
            r#"{{"schemaVersion":2,"x":{{"y":[1]}},"manifests":[{{"mediaType":"z","digest":"sha256:{hex}","size":0,"w":null}}]}}"#
        );
        let mut index = IndexFile::parse(text.as_bytes()).unwrap();
        assert_eq!(index.to_bytes().unwrap(), text.as_bytes());
        index.name(&tag("1"), manifest("a")).unwrap();
        let written: Value = serde_json::from_slice(&index.to_bytes().unwrap()).unwrap();
        assert_eq!(written["x"]["y"][0], 1);
        assert!(written["manifests"][0].as_object().unwrap().contains_key("w"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = IndexFile::parse(&bytes);
        }

        #[test]
        fn any_edits_keep_one_digest_for_a_name(edits in proptest::collection::vec((0..4_u8, 0..4_u8), 0..20)) {
            let mut index = IndexFile::empty();
            let mut first = std::collections::BTreeMap::new();
            for (name, content) in edits {
                let (name, content) = (tag(&name.to_string()), manifest(&content.to_string()));
                let kept = *first.entry(name.clone()).or_insert(content.digest);
                let _ = index.name(&name, content);
                proptest::prop_assert_eq!(index.find(&name).unwrap().unwrap().digest, kept);
            }
            proptest::prop_assert_eq!(IndexFile::parse(&index.to_bytes().unwrap()), Ok(index));
        }
    }
}
