//! The three versions and the schema each needs; what an edition does differently stands where it does it.

/// One released version of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edition {
    /// 1.0.0: users and notes.
    V1,
    /// 1.1.0: pinned notes (migration 002).
    V2,
    /// 1.2.0: when a note was last opened (migration 003), and a broken list.
    V3,
}

impl Edition {
    /// The semantic version.
    pub const fn version(self) -> &'static str {
        match self {
            Self::V1 => "1.0.0",
            Self::V2 => "1.1.0",
            Self::V3 => "1.2.0",
        }
    }

    /// The oldest schema (number of the last migration) this version can work on. A newer one is welcome: migrations only expand.
    pub const fn schema(self) -> i64 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }
}
