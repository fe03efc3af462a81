//! May this release enter that environment, and is it running there now?
