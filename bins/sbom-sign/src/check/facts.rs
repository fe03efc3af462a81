//! What `check` looks at: the SBOM, the policy, and the records about what it lists; nothing is judged.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use ci::{Session, files};
use jiff::{SignedDuration, Timestamp};

use super::{
    api,
    bill::{BILL_BYTES_MAX, Bill, Listed},
    context::{Context, Database},
    database::{self, Found},
    ecosystem::Question,
    error::CheckError,
    policy::{Day, Policy},
};

/// All that is known.
pub(crate) struct Facts {
    /// What the SBOM lists.
    pub(crate) bill: Bill,
    /// What to ask for each package; or why nothing can be asked.
    pub(crate) questions: Vec<Result<Question, String>>,
    /// What the policy lets pass.
    pub(crate) policy: Policy,
    /// What the database has.
    pub(crate) found: Found,
    /// When this began.
    pub(crate) started: Timestamp,
    /// When it ended, in whole seconds behind that.
    pub(crate) finished: Timestamp,
}

/// Reads everything.
pub(crate) fn read(context: &Context, session: &Session) -> Result<Facts, CheckError> {
    let clock = Instant::now();
    let started = session.now();
    let json = files::read(&context.bill, BILL_BYTES_MAX)?;
    let bill = Bill::parse(&json).map_err(|source| CheckError::bill(context.bill.clone(), source))?;
    drop(json);
    let policy = match &context.policy {
        Some(path) => Policy::parse(&files::read_text(path)?, Day::of(started))
            .map_err(|source| CheckError::policy(path.clone(), source))?,
        None => Policy::default(),
    };
    let questions = questions(&bill);
    let asked: BTreeSet<Question> = questions.iter().flatten().cloned().collect();
    let progress = session.progress("reading the database of vulnerabilities");
    let found = match &context.database {
        Database::Directory(root) => database::read(root, &asked, session)?,
        Database::Api(url) => api::ask(url, &asked, session)?,
    };
    drop(progress);
    let elapsed = i64::try_from(clock.elapsed().as_secs()).unwrap_or_default();
    let finished = started.checked_add(SignedDuration::from_secs(elapsed)).unwrap_or(started);
    Ok(Facts { bill, questions, policy, found, started, finished })
}

/// What to ask for each package of an SBOM; or why nothing can be asked.
pub(super) fn questions(bill: &Bill) -> Vec<Result<Question, String>> {
    let question = |package: &Listed| {
        let purl = package.purl.as_ref().ok_or("it has no package URL")?;
        Question::of(purl, package.source.as_ref(), bill.distribution.as_deref())
    };
    bill.packages.iter().map(question).collect()
}

impl Facts {
    /// The packages by what is asked about them: several may be built from one source.
    pub(crate) fn by_question(&self) -> BTreeMap<&Question, Vec<usize>> {
        let mut all: BTreeMap<&Question, Vec<usize>> = BTreeMap::new();
        for (place, question) in self.questions.iter().enumerate() {
            if let Ok(question) = question {
                all.entry(question).or_default().push(place);
            }
        }
        all
    }
}
