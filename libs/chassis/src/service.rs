//! What a service is: a value that names its parts. The chassis runs it; nothing else is needed.

use std::sync::Arc;

use decider::{Aggregate, Fact, Public, Reaction, Recorded, Unreadable};
use eventlog::View;
use tonic::service::RoutesBuilder;

use crate::{Node, clocks::ClocksView};

/// A department's service, as its `lib.rs` declares it.
pub struct Service {
    /// Its name: schema, stream, subject and command line all use it.
    pub name: &'static str,
    /// The full name of its gRPC service, for health checks.
    pub grpc: &'static str,
    /// Its deciders.
    pub aggregates: &'static [Aggregate],
    /// Which of its events become public.
    pub publish: fn(&Recorded) -> Result<Option<Public>, Unreadable>,
    /// The logs it listens to: services and outside departments.
    pub listens_to: &'static [&'static str],
    /// Foreign fact to own command.
    pub react: fn(&Fact) -> Result<Vec<Reaction>, Unreadable>,
    /// Own event to own next command.
    pub advance: fn(&Recorded) -> Result<Vec<Reaction>, Unreadable>,
    /// Its read models.
    pub views: fn() -> Vec<Arc<dyn View>>,
    /// Its gRPC service.
    pub routes: fn(Node, &mut RoutesBuilder),
}

impl Service {
    /// Whether any of its deciders holds clocks.
    pub fn has_clocks(&self) -> bool {
        self.aggregates.iter().any(Aggregate::is_clocked)
    }

    /// Its read models, and the view of its clocks.
    pub fn all_views(&self) -> Vec<Arc<dyn View>> {
        let mut views = (self.views)();
        if self.has_clocks() {
            views.push(Arc::new(ClocksView));
        }
        views
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("name", &self.name).finish_non_exhaustive()
    }
}
