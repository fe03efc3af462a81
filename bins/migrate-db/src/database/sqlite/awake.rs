//! How we wait for the thread on which sqlx runs SQLite; never what it is asked.

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Waker},
    thread,
    time::{Duration, Instant},
};

use tokio::runtime::Runtime;

/// Longer than SQLite takes for what does not wait for the disk, shorter than any disk.
const AWAKE: Duration = Duration::from_micros(50);

/// The result of some work on SQLite's thread. It answers each statement by itself and most within microseconds: to fall asleep and be woken
/// for every one of them would take longer than the statement. So we look a few times before we sleep, and let others have the processor.
pub(super) fn wait<T>(runtime: &Runtime, work: impl Future<Output = T>) -> T {
    runtime.block_on(async {
        let mut work = pin!(work);
        poll_fn(|context| {
            let began = Instant::now();
            while began.elapsed() < AWAKE {
                let look = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                if look.is_ready() {
                    return look;
                }
                thread::yield_now();
            }
            work.as_mut().poll(context)
        })
        .await
    })
}
