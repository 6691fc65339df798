//! The log as a handle: opened once, cloned freely, shut down at the end.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, atomic::AtomicI32},
};

use decider::{Aggregate, Department, StreamName};
use law::{Adoption, AdoptionError, Book, Calendar, RulePack};
use sqlx::{PgConnection, PgPool, postgres::PgConnectOptions};
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Append, AppendError, Appended, Clock, Error, Expected, Invalid, Options, SeveralError, Stats,
    cache::Cache,
    check,
    committer::{self, Caller, Queue, Waiting},
    connect,
    history::Histories,
    notice,
    readers::Readers,
    recent::Recent,
};

/// Stream names kept in memory, twice over at most.
const NAMES_MAX: usize = 100_000;

/// What the log plugs in from outside: time, and the law that decisions go by.
#[derive(Clone)]
pub struct World {
    /// The service's clock.
    pub clock: Arc<dyn Clock>,
    /// The parameters in force until others are adopted.
    pub rules: Arc<RulePack>,
    /// The working-day calendar in force until another is adopted.
    pub calendar: Arc<Calendar>,
}

/// Where a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The position of the last event; 0 in an empty log.
    pub position: u64,
    /// When the log learnt of it; the Unix epoch in an empty log.
    pub recorded_at: OffsetDateTime,
}

/// One service's event log. Cloning is cheap; all clones share the committer. When the last one is dropped, what
/// was taken is still finished; `shutdown` also waits for that.
#[derive(Clone)]
pub struct Log {
    pub(crate) inner: Arc<Inner>,
    _last: Arc<Last>,
}

/// Closes the queue when no handle is left: the tasks themselves keep `Inner` alive.
struct Last(Arc<Inner>);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.queue.close();
    }
}

pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) world: World,
    /// The rules and calendars that decisions go by, with those adopted since the program was built.
    book: RwLock<Arc<Book>>,
    /// The deciders of its streams, for those that have clocks.
    aggregates: OnceLock<Vec<Aggregate>>,
    /// Versions that decisions of this log name and that are in no book of ours: other programs brought them.
    pub(crate) strangers: Mutex<HashSet<(String, String)>>,
    /// Why an adopted version could not be put in force here.
    pub(crate) unusable: watch::Sender<Option<String>>,
    pub(crate) session: PgConnectOptions,
    pub(crate) pool: PgPool,
    pub(crate) readers: Readers,
    pub(crate) queue: Queue,
    /// The head as this process knows it. Only ever grows.
    pub(crate) head: watch::Sender<u64>,
    /// The last position this process has committed.
    pub(crate) committed: watch::Sender<u64>,
    /// Counts the appends of this process that set a deadline.
    pub(crate) deadlines: watch::Sender<u64>,
    /// Events of a partition; fixed when the first was created.
    pub(crate) partition_size: u64,
    pub(crate) histories: Histories,
    /// Kept while somebody follows.
    pub(crate) recent: Recent,
    pub(crate) names: Mutex<Cache<i64, StreamName>>,
    pub(crate) stats: Stats,
    /// Started by the first who wants to hear of other processes' appends.
    pub(crate) listener: OnceLock<()>,
    /// The server process of this process's own listener.
    pub(crate) listener_pid: AtomicI32,
    pub(crate) closing: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Log {
    /// Opens the log of a migrated schema.
    pub async fn open(options: Options, world: World) -> Result<Self, Error> {
        let session = connect::session(&options).await?;
        let pool = connect::pool(session.clone(), &options);
        let (position, recorded_at, streams, partition_size): (i64, OffsetDateTime, i64, i64) =
            sqlx::query_as("select position, recorded_at, streams, partition_size from head")
                .fetch_one(&pool)
                .await?;
        let (queue, requests) = Queue::new(&options);
        let book = Book::new(Arc::clone(&world.rules), Arc::clone(&world.calendar));
        let inner = Arc::new(Inner {
            world,
            book: RwLock::new(Arc::new(book)),
            aggregates: OnceLock::new(),
            strangers: Mutex::default(),
            unusable: watch::Sender::new(None),
            session,
            readers: Readers::new(pool.clone()),
            pool,
            queue,
            head: watch::Sender::new(position.cast_unsigned()),
            partition_size: partition_size.cast_unsigned(),
            committed: watch::Sender::new(0),
            deadlines: watch::Sender::new(0),
            histories: Histories::new(),
            recent: Recent::default(),
            names: Mutex::new(Cache::new(NAMES_MAX)),
            stats: Stats::default(),
            listener: OnceLock::new(),
            listener_pid: AtomicI32::new(0),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            options,
        });
        inner.tasks.spawn(committer::run(
            Arc::clone(&inner),
            requests,
            (position, recorded_at, streams).into(),
        ));
        inner.tasks.spawn(notice::send(Arc::clone(&inner)));
        let last = Arc::new(Last(Arc::clone(&inner)));
        Ok(Self { inner, _last: last })
    }

    /// Stops taking requests, finishes those taken, and closes the connections.
    pub async fn shutdown(&self) {
        self.inner.queue.close();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        self.inner.readers.close().await;
    }

    /// A connection of the caller's own, with the rights of this running log and no others.
    pub async fn connection(&self) -> Result<PgConnection, Error> {
        Ok(connect::connect(&self.inner.session).await?)
    }

    /// The world it decides in.
    pub fn world(&self) -> &World {
        &self.inner.world
    }

    /// The rules and calendars it goes by.
    pub fn book(&self) -> Arc<Book> {
        self.inner.book()
    }

    /// Puts a version into the book of this process: from its effective instant on, decisions go by it. Storing it
    /// for others and for later is the affair of the stream [`crate::rules::Rules`] keeps.
    pub fn adopt(&self, adoption: Adoption) -> Result<(), AdoptionError> {
        self.inner.adopt(adoption)
    }

    /// Why an adopted version could not be put in force here, if so.
    pub fn unusable(&self) -> watch::Receiver<Option<String>> {
        self.inner.unusable.subscribe()
    }

    /// The options it was opened with.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// Counters for the service's metrics.
    pub fn stats(&self) -> &Stats {
        &self.inner.stats
    }

    /// Whether the database answers.
    pub async fn health(&self) -> Result<(), Error> {
        let ask = sqlx::query("select from head").execute(&self.inner.pool);
        match tokio::time::timeout(connect::CONNECT_TIMEOUT, ask).await {
            Ok(answer) => Ok(answer.map(drop)?),
            Err(_) => Err(connect::timed_out("ask the database").into()),
        }
    }

    /// Appends events to one stream, all or none. Dropping the future does not take the events back.
    #[tracing::instrument(level = "debug", skip_all, fields(stream = %append.stream, events = append.events.len()))]
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let checked = check::check(append, &self.inner.options)?;
        self.inner.queue.submit(checked, Caller::Api).await
    }

    /// Appends to several streams, in this order, all or none, if the checks hold: of these streams or of others. Slower
    /// than one append, for both the caller and everybody else.
    #[tracing::instrument(level = "debug", skip_all, fields(appends = appends.len()))]
    pub async fn append_all(
        &self,
        appends: Vec<Append>,
        checks: &[(StreamName, Expected)],
    ) -> Result<Vec<Appended>, SeveralError> {
        if appends.is_empty() {
            return Err(AppendError::from(Invalid::NoEvents).into());
        }
        let check = |append| check::check(append, &self.inner.options);
        let checked = appends.into_iter().map(check).collect::<Result<Vec<_>, _>>()?;
        let (events, bytes) =
            (checked.iter().map(|it| it.append.events.len()).sum(), checked.iter().map(|it| it.bytes).sum());
        let (events_max, bytes_max) =
            (self.inner.options.append_events_max, self.inner.options.batch_bytes_max);
        if events > events_max {
            return Err(AppendError::from(Invalid::TooManyEvents { count: events, max: events_max }).into());
        }
        if bytes > bytes_max {
            return Err(AppendError::from(Invalid::TooLarge { bytes, max: bytes_max }).into());
        }
        committer::several::append(&self.inner, checked, checks).await
    }

    /// Where the log ends.
    pub async fn head(&self) -> Result<Head, Error> {
        let (position, recorded_at): (i64, _) = connect::retry(self.inner.options.unavailable_after, || {
            sqlx::query_as("select position, recorded_at from head").fetch_one(&self.inner.pool)
        })
        .await?;
        Ok(Head { position: position.cast_unsigned(), recorded_at })
    }

    /// The last position that was recorded at or before the instant; 0 if there is none.
    pub async fn position_at(&self, at: OffsetDateTime) -> Result<u64, Error> {
        let position: i64 = connect::retry(self.inner.options.unavailable_after, || {
            sqlx::query_scalar("select position_at($1)").bind(at).fetch_one(&self.inner.pool)
        })
        .await?;
        Ok(position.cast_unsigned())
    }

    /// The committed head as this process knows it.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.inner.listen();
        self.inner.head.subscribe()
    }

    /// The stream's version; 0 if there is none.
    pub async fn version(&self, stream: &StreamName) -> Result<u64, Error> {
        let version: Option<i64> = connect::retry(self.inner.options.unavailable_after, || {
            sqlx::query_scalar("select version_of(stream_id) from streams where name = $1")
                .bind(stream.as_str())
                .fetch_optional(&self.inner.pool)
        })
        .await?;
        Ok(version.unwrap_or(0).cast_unsigned())
    }

    /// Forgets the answers given up to an instant: repeats of older commands are no longer recognised, unless their
    /// events tell. Returns how many answers were dropped. Events stay.
    pub async fn prune(&self, until: OffsetDateTime) -> Result<u64, Error> {
        let mut tx = self.inner.pool.begin().await?;
        sqlx::query("set local statement_timeout = 0").execute(&mut *tx).await?;
        let pruned: i64 = sqlx::query_scalar("select prune($1)").bind(until).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(pruned.cast_unsigned())
    }
}

impl Inner {
    pub(crate) fn book(&self) -> Arc<Book> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes note of the deciders, once.
    pub(crate) fn know(&self, aggregates: &[Aggregate]) {
        self.aggregates.get_or_init(|| aggregates.to_vec());
    }

    /// Whose log it is, as the record says that it begins with.
    pub(crate) fn department<'a>(&'a self, first: &'a Waiting) -> &'a Department {
        self.options.department.as_ref().unwrap_or(&first.checked.append.meta.actor.department)
    }

    pub(crate) fn aggregates(&self) -> &[Aggregate] {
        self.aggregates.get().map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn adopt(&self, adoption: Adoption) -> Result<(), AdoptionError> {
        let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
        *book = Arc::new(book.with(adoption)?);
        Ok(())
    }

    /// Takes note of a head; an older one changes nothing.
    pub(crate) fn seen(&self, position: u64) {
        self.head.send_if_modified(|head| {
            let moved = position > *head;
            *head = position.max(*head);
            moved
        });
    }

    /// Starts to hear of other processes' appends, once.
    pub(crate) fn listen(self: &Arc<Self>) {
        self.listener.get_or_init(|| {
            self.tasks.spawn(notice::listen(Arc::clone(self)));
        });
    }
}
