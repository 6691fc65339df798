//! What a service is: a value that names its parts. The chassis runs it; nothing else is needed.

use std::sync::Arc;

use decider::{Aggregate, Fact, Public, Reaction, Recorded, StreamName, Unreadable};
use eventlog::{OWN_CATEGORIES, View, rules::Rules};
use tonic::service::RoutesBuilder;

use crate::{Node, clocks::ClocksView, rules};

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

    /// Every log that it hears: those it listens to by itself, and the owner of the rules.
    pub fn hears(&self) -> impl Iterator<Item = &'static str> {
        let also = self.name != rules::OWNER && !self.listens_to.contains(&rules::OWNER);
        self.listens_to.iter().copied().chain(also.then_some(rules::OWNER))
    }

    /// What it does about a fact of a log that it hears.
    pub fn policies(&self, source: &str) -> Arc<[bus::React]> {
        match source {
            // The owner tells its own log by itself.
            rules::OWNER if self.name == source => [self.react].into(),
            rules::OWNER if !self.listens_to.contains(&source) => [rules::react as bus::React].into(),
            rules::OWNER => [self.react, rules::react].into(),
            _ => [self.react].into(),
        }
    }

    /// The categories of all streams that it writes: its deciders' and those of every log. Nobody else writes there.
    pub fn categories(&self) -> impl Iterator<Item = &'static str> {
        self.aggregates.iter().map(|aggregate| aggregate.name).chain(OWN_CATEGORIES)
    }

    /// Whether a stream is one of its deciders': whoever is shown it has opened a dossier.
    pub fn is_dossier(&self, stream: &StreamName) -> bool {
        self.aggregates.iter().any(|aggregate| aggregate.name == stream.category())
    }

    /// Its deciders, and the one that every log has.
    pub(crate) fn all_aggregates(&self) -> Vec<Aggregate> {
        [self.aggregates, &[Aggregate::of::<Rules>()]].concat()
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("name", &self.name).finish_non_exhaustive()
    }
}
