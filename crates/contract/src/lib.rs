//! The words every binary shares: digests, images, components, environments, the release record. No IO.
