//! How the threads of a process share its processors; never what they do.

/// How nice a thread is to those that are waited for (setpriority(2)).
const WAY_MADE: i32 = 5;

/// The calling thread, and those that it starts later, have the processors after all others. Outside of Linux it may be all threads that make
/// way; where it is refused, nobody does.
pub fn make_way() {
    let _ = rustix::process::setpriority_process(None, WAY_MADE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_thread_makes_way_and_the_others_do_not() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        let there = std::thread::spawn(move || {
            make_way();
            nice()
        });
        assert_eq!(there.join().unwrap(), before.max(WAY_MADE));
        assert_eq!(nice(), before);
    }
}
