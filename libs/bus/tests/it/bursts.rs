//! Many writers at once.

use eventlog::Log;

use crate::stage::count;

/// Appends `writers * appends * events` distinct numbers from 0 on, by several writers at once.
pub(crate) async fn burst(log: &Log, writers: u64, appends: u64, events: u64) {
    burst_from(log, 0, writers, appends, events).await;
}

/// The same from `first` on.
pub(crate) async fn burst_from(log: &Log, first: u64, writers: u64, appends: u64, events: u64) {
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let log = log.clone();
            tokio::spawn(async move {
                for append in 0..appends {
                    let from = first + (writer * appends + append) * events;
                    count(&log, &format!("w{writer}"), from..from + events).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}
