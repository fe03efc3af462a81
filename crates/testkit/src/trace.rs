//! strace's record of a run, read as a list of the calls at which it may be killed; never starts strace.

use std::collections::{BTreeMap, BTreeSet};

/// Calls that change what others can see, after `execve`, which comes first and so names the main thread. A `?` lets strace pass over those an architecture lacks.
pub(crate) const MUTATING: &str = "execve,?write,?pwrite64,?writev,?pwritev,?pwritev2,?open,?openat,?creat,?rename,?renameat,\
    ?renameat2,?link,?linkat,?symlink,?symlinkat,?unlink,?unlinkat,?mkdir,?mkdirat,?rmdir,?truncate,?ftruncate,?fsync,\
    ?fdatasync,?fallocate,?copy_file_range,?sendfile,?chmod,?fchmod,?fchmodat,?sendto,?sendmsg";

/// The n-th time that a thread makes this call, counted from 1: what `inject=<call>:when=<n>` can hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) call: String,
    pub(crate) nth: usize,
    pub(crate) reach: Reach,
    /// The call as it was made in the undisturbed run, for the report.
    pub(crate) shown: String,
}

/// Whom strace must follow to hit a point: it counts `when=` for each thread and each call on its own, and whoever
/// comes first is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This thread is the first to get there.
    First,
    /// Another gets there first, and this is the thread strace started: the others must not be followed.
    Alone,
}

/// The points of a run in the order in which it reached them. Reads, files opened without being made, and prints to a
/// pipe change nothing that outlives the process and are left out; so is a point of a second thread that a third has
/// reached before, for strace cannot tell these two apart.
pub(crate) fn points(record: &str) -> Vec<Point> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut reached: BTreeSet<(&str, usize)> = BTreeSet::new();
    let mut points = Vec::new();
    let calls = record.lines().filter_map(|line| {
        let (thread, shown) = line.split_once(' ')?;
        let (call, arguments) = shown.trim_start().split_once('(')?;
        let is_call = !call.is_empty() && call.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        is_call.then_some((thread, call, arguments, shown.trim()))
    });
    let mut main = None;
    for (thread, call, arguments, shown) in calls {
        let main = *main.get_or_insert(thread);
        let count = counts.entry((thread, call)).or_default();
        *count += 1;
        let reach = if reached.insert((call, *count)) { Reach::First } else { Reach::Alone };
        if changes_something(call, arguments) && (reach == Reach::First || thread == main) {
            points.push(Point { call: call.to_owned(), nth: *count, reach, shown: shown.to_owned() });
        }
    }
    points
}

fn changes_something(call: &str, arguments: &str) -> bool {
    match call {
        "open" | "openat" => arguments.contains("O_CREAT") || arguments.contains("O_TRUNC"),
        "write" | "writev" => {
            let printed = ["1<pipe:", "2<pipe:", "1</dev/null", "2</dev/null"];
            !printed.iter().any(|stream| arguments.starts_with(stream)) && !arguments.contains("<anon_inode:")
        }
        _ => call != "execve",
    }
}

/// Whether the record shows that the kill happened.
pub(crate) fn was_killed(record: &str) -> bool {
    record.contains("+++ killed by SIGKILL")
        || record.lines().any(|line| line.trim_end().ends_with("= ?") && !line.contains("exit"))
}

#[cfg(test)]
mod tests {
    use super::{points, was_killed};

    const RECORD: &str = r#"
10 execve("/bin/promote", ["promote"], 0x7ff /* 3 vars */) = 0
10 openat(AT_FDCWD</w>, "libc.so.6", O_RDONLY|O_CLOEXEC) = 3</lib/libc.so.6>
10 openat(AT_FDCWD</w>, "a", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</w/a>
10 write(1</w/a>, "one\n", 4)   = 4
10 write(1<pipe:[1]>, "progress\n", 9) = 9
11 write(3</w/b>, "first of another thread", 23 <unfinished ...>
10 fsync(3</w/a>)   = 0
11 <... write resumed>) = 23
11 fsync(3</w/b>)   = 0
11 write(3</w/b>, "second", 6) = 6
11 write(3</w/b>, "third of another thread", 23) = 23
10 write(3</w/a>, "third of the main thread", 24) = 24
10 rename("a", "c") = 0
11 +++ exited with 0 +++
"#;

    #[test]
    fn each_call_that_lasts_is_a_point_with_its_own_count() {
        let found: Vec<String> = points(RECORD)
            .iter()
            .map(|point| format!("{} {} {:?}", point.call, point.nth, point.reach))
            .collect();
        let expected = [
            "openat 2 First",
            "write 1 First",
            "fsync 1 First",
            "write 3 First",
            "write 3 Alone",
            "rename 1 First",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_kill_is_seen_in_the_record() {
        assert!(!was_killed(RECORD));
        assert!(was_killed("10 rename(\"a\", \"c\") = ?\n"));
        assert!(was_killed("10 +++ killed by SIGKILL +++\n"));
    }
}
