//! All services in memory, under one seeded hand: time passes, messages are late, doubled, lost and out of order,
//! services crash between any two steps. Deciders, policies and publish are the real ones.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    sync::Arc,
};

use chassis::Service;
use decider::{
    Actor, ActorKind, CaseId, Causation, Context, Department, Fact, Id, Meta, Order, OrderError, Public,
    Reaction, Recorded, Refused, StreamName,
};
use law::{Book, Calendar, RulePack};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How rough the sea is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Faults {
    pub delay_ticks_max: u64,
    pub double_percent: u32,
    pub lose_percent: u32,
    pub crash_percent: u32,
}

/// Everything that may go wrong does.
pub(super) const ROUGH: Faults =
    Faults { delay_ticks_max: 40, double_percent: 15, lose_percent: 10, crash_percent: 8 };
/// Nothing goes wrong: the phase in which everything must come to rest.
pub(super) const CALM: Faults =
    Faults { delay_ticks_max: 0, double_percent: 0, lose_percent: 0, crash_percent: 0 };

/// What became of a command.
pub(super) type Answer = Result<Vec<u64>, Refused>;

/// One service, as its durable state.
pub(super) struct Node {
    pub service: &'static Service,
    pub log: Vec<Recorded>,
    pub streams: BTreeMap<StreamName, Vec<usize>>,
    facts: Vec<Arc<Fact>>,
    answers: BTreeMap<Uuid, Answer>,
    pub inbox: BTreeMap<String, u64>,
    pub advanced: u64,
    deadlines: BTreeMap<StreamName, OffsetDateTime>,
    department: Department,
    down_until: u64,
}

/// A department outside the services: it only speaks.
#[derive(Default)]
pub(super) struct Outside {
    pub facts: Vec<Arc<Fact>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Delivery {
    tick: u64,
    number: u64,
    to: usize,
    source: String,
    position: u64,
}

/// The whole simulated world.
pub(super) struct World {
    pub rng: StdRng,
    pub now: OffsetDateTime,
    pub nodes: Vec<Node>,
    pub outside: BTreeMap<&'static str, Outside>,
    pub faults: Faults,
    pub crashes: u64,
    pub doubled: u64,
    pub lost: u64,
    pub gaps: u64,
    /// How often each rule said no.
    pub refusals: BTreeMap<String, u64>,
    wire: BinaryHeap<Reverse<Delivery>>,
    tick: u64,
    number: u64,
    book: Arc<Book>,
}

impl World {
    pub(super) fn new(seed: u64, services: &[&'static Service], start: OffsetDateTime) -> Self {
        let department = Department::parse("fire.330723").expect("a literal department");
        let node = |service: &&'static Service| Node {
            service,
            log: Vec::new(),
            streams: BTreeMap::new(),
            facts: Vec::new(),
            answers: BTreeMap::new(),
            inbox: BTreeMap::new(),
            advanced: 0,
            deadlines: BTreeMap::new(),
            department: department.clone(),
            down_until: 0,
        };
        Self {
            rng: StdRng::seed_from_u64(seed),
            now: start,
            nodes: services.iter().map(node).collect(),
            outside: BTreeMap::new(),
            faults: ROUGH,
            crashes: 0,
            doubled: 0,
            lost: 0,
            gaps: 0,
            refusals: BTreeMap::new(),
            wire: BinaryHeap::new(),
            tick: 0,
            number: 0,
            book: Arc::new(Book::new(RulePack::builtin(), Calendar::builtin())),
        }
    }

    pub(super) fn node(&self, name: &str) -> &Node {
        self.nodes.iter().find(|node| node.service.name == name).expect("a simulated service")
    }

    pub(super) fn index(&self, name: &str) -> usize {
        self.nodes.iter().position(|node| node.service.name == name).expect("a simulated service")
    }

    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    /// How much has happened so far, anywhere.
    pub(super) fn events(&self) -> usize {
        let services: usize = self.nodes.iter().map(|node| node.log.len()).sum();
        services + self.outside.values().map(|outside| outside.facts.len()).sum::<usize>()
    }

    /// A person gives a command. A service that is down hears nothing of it.
    pub(super) fn command(
        &mut self,
        service: &str,
        actor: Actor,
        case: Option<CaseId>,
        order: Order,
    ) -> Option<Answer> {
        let node = self.index(service);
        if self.nodes[node].down_until > self.tick {
            return None;
        }
        let id = self.uuid();
        let now = self.now;
        Some(self.execute(node, &order, actor, id, now, case, None))
    }

    /// A department outside the services speaks.
    pub(super) fn speak(
        &mut self,
        source: &'static str,
        public: Public,
        department: Department,
        case: Option<CaseId>,
    ) {
        let position = self.outside.entry(source).or_default().facts.len() as u64 + 1;
        let fact = Fact {
            id: self.uuid(),
            source: source.to_owned(),
            position,
            kind: public.kind,
            stream: format!("{source}:{position}"),
            case_id: case,
            department,
            actor: "clerk".to_owned(),
            occurred_at: self.now,
            recorded_at: self.now,
            causation: None,
            to: public.to,
            traceparent: None,
            body: public.body,
        };
        self.outside.entry(source).or_default().facts.push(Arc::new(fact));
        self.send(source, position);
    }

    /// One tick: something that could happen does.
    pub(super) fn step(&mut self) {
        self.tick += 1;
        if self.percent(self.faults.crash_percent) {
            let node = self.rng.random_range(0..self.nodes.len());
            self.crash(node);
        }
        self.deliver_due();
        for node in 0..self.nodes.len() {
            if self.nodes[node].down_until <= self.tick {
                self.advance(node);
                self.fire(node);
            }
        }
    }

    /// Lets time pass, and every deadline in it act at its own instant or late.
    pub(super) fn pass(&mut self, duration: Duration) {
        self.now += duration;
    }

    /// Without faults, runs until nothing is left to do.
    ///
    /// # Panics
    /// If that does not come to an end: then some policy answers itself for ever.
    pub(super) fn settle(&mut self) {
        self.faults = CALM;
        for node in &mut self.nodes {
            node.down_until = 0;
        }
        for _ in 0..10_000 {
            self.step();
            self.catch_up();
            if self.wire.is_empty() && self.is_quiet() {
                return;
            }
        }
        panic!("the world does not come to rest");
    }

    fn is_quiet(&self) -> bool {
        self.nodes.iter().all(|node| {
            node.advanced == node.log.len() as u64
                && node.deadlines.values().all(|at| *at > self.now)
                && node
                    .service
                    .listens_to
                    .iter()
                    .all(|source| node.inbox.get(*source).copied().unwrap_or(0) == self.head(source))
        })
    }

    /// Listeners learn of what was lost on the way, as they do from the next message or at a reconnect.
    fn catch_up(&mut self) {
        for to in 0..self.nodes.len() {
            for source in self.nodes[to].service.listens_to {
                let head = self.head(source);
                if head > 0 {
                    self.take_in(to, source, head);
                }
            }
        }
    }

    fn head(&self, source: &str) -> u64 {
        self.facts(source).len() as u64
    }

    fn facts(&self, source: &str) -> &[Arc<Fact>] {
        match self.nodes.iter().find(|node| node.service.name == source) {
            Some(node) => &node.facts,
            None => self.outside.get(source).map_or(&[], |outside| &outside.facts),
        }
    }

    fn crash(&mut self, node: usize) {
        self.crashes += 1;
        self.nodes[node].down_until = self.tick + self.rng.random_range(1..30);
    }

    fn send(&mut self, source: &str, position: u64) {
        for to in 0..self.nodes.len() {
            if !self.nodes[to].service.listens_to.contains(&source) {
                continue;
            }
            if self.percent(self.faults.lose_percent) {
                self.lost += 1;
                continue;
            }
            let times = if self.percent(self.faults.double_percent) { 2 } else { 1 };
            self.doubled += times - 1;
            for _ in 0..times {
                let delay = self.rng.random_range(0..=self.faults.delay_ticks_max);
                self.number += 1;
                self.wire.push(Reverse(Delivery {
                    tick: self.tick + delay,
                    number: self.number,
                    to,
                    source: source.to_owned(),
                    position,
                }));
            }
        }
    }

    fn deliver_due(&mut self) {
        while let Some(Reverse(next)) = self.wire.peek() {
            if next.tick > self.tick {
                return;
            }
            let Some(Reverse(delivery)) = self.wire.pop() else {
                return;
            };
            if self.nodes[delivery.to].down_until > self.tick {
                // The bus keeps it until the service is back.
                let tick = self.nodes[delivery.to].down_until;
                self.wire.push(Reverse(Delivery { tick, ..delivery }));
                continue;
            }
            self.take_in(delivery.to, &delivery.source, delivery.position);
        }
    }

    /// The inbox: repeated positions are ignored, gaps are filled from the owner's log, in order.
    fn take_in(&mut self, to: usize, source: &str, position: u64) {
        let taken = self.nodes[to].inbox.get(source).copied().unwrap_or(0);
        if position > taken + 1 {
            self.gaps += 1;
        }
        for position in taken + 1..=position {
            let fact = self.facts(source)[position as usize - 1].clone();
            let reactions = (self.nodes[to].service.react)(&fact).expect("published facts are readable");
            let cause = Causation { log: source.to_owned(), position };
            self.react(to, reactions, fact.id, fact.case_id.clone(), cause);
            if self.percent(self.faults.crash_percent) {
                // Between the commands and the inbox row: all of it happens again, with the same command ids.
                self.crash(to);
                return;
            }
            self.nodes[to].inbox.insert(source.to_owned(), position);
        }
    }

    fn advance(&mut self, node: usize) {
        while (self.nodes[node].advanced as usize) < self.nodes[node].log.len() {
            let recorded = self.nodes[node].log[self.nodes[node].advanced as usize].clone();
            let reactions = (self.nodes[node].service.advance)(&recorded).expect("own events are readable");
            let cause =
                Causation { log: self.nodes[node].service.name.to_owned(), position: recorded.position };
            self.react(node, reactions, recorded.id, recorded.meta.case_id.clone(), cause);
            if self.percent(self.faults.crash_percent) {
                self.crash(node);
                return;
            }
            self.nodes[node].advanced += 1;
        }
    }

    fn react(
        &mut self,
        node: usize,
        reactions: Vec<Reaction>,
        cause: Uuid,
        case: Option<CaseId>,
        by: Causation,
    ) {
        let actor = self.actor(node, ActorKind::Service);
        for reaction in reactions {
            let id = reaction.command_id(cause);
            let case = reaction.case_id.clone().or_else(|| case.clone());
            let now = self.now;
            // A refusal is an outcome like any other: stored, and not tried again.
            let _ = self.execute(node, &reaction.order, actor.clone(), id, now, case, Some(by.clone()));
        }
    }

    fn fire(&mut self, node: usize) {
        let due = self.nodes[node].deadlines.iter().filter(|(_, at)| **at <= self.now);
        let due: Vec<_> = due.map(|(stream, at)| (stream.clone(), *at)).collect();
        for (stream, at) in due {
            let history = self.history(node, &stream);
            let aggregate =
                self.nodes[node].service.aggregates.iter().find(|one| one.name == stream.category());
            let aggregate = aggregate.expect("a stream of a known aggregate");
            match aggregate.due(&history).expect("own events are readable") {
                Some((due, order)) if due <= self.now => {
                    let version = history.len();
                    let id =
                        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream}/{version}/{due}").as_bytes());
                    let actor = self.actor(node, ActorKind::Clock);
                    let case = history.last().and_then(|last| last.meta.case_id.clone());
                    let before = self.nodes[node].log.len();
                    let answer = self.execute(node, &order, actor, id, at, case, None);
                    assert!(answer.is_ok(), "the clock is refused on {stream}: {answer:?}");
                    assert!(
                        self.nodes[node].log.len() > before,
                        "the clock does nothing on {stream} at {at}"
                    );
                }
                Some((due, _)) => {
                    self.nodes[node].deadlines.insert(stream, due);
                }
                None => {
                    self.nodes[node].deadlines.remove(&stream);
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one door for persons, policies and the clock")]
    fn execute(
        &mut self,
        node: usize,
        order: &Order,
        actor: Actor,
        id: Uuid,
        at: OffsetDateTime,
        case: Option<CaseId>,
        causation: Option<Causation>,
    ) -> Answer {
        if let Some(answer) = self.nodes[node].answers.get(&id) {
            return answer.clone();
        }
        let history = self.history(node, &order.stream);
        let cx = Context::under(&self.book, self.now, at, actor.clone());
        let again = order.decide(&history, &cx);
        let answer = match order.decide(&history, &cx) {
            Ok(decision) => {
                assert_eq!(decision, again.expect("the same decision"), "a decision is not repeatable");
                let meta = Meta {
                    actor,
                    case_id: case,
                    causation,
                    command_id: Some(id),
                    traceparent: None,
                    rules: String::new(),
                    calendar: String::new(),
                };
                Ok(self.append(node, order, decision, &Arc::new(meta), id, at))
            }
            Err(OrderError::Refused(refused)) => {
                let name = format!("{}.{}", order.stream.category(), refused.name);
                *self.refusals.entry(name).or_default() += 1;
                Err(refused)
            }
            Err(error) => panic!("{}: {error}", order.stream),
        };
        self.nodes[node].answers.insert(id, answer.clone());
        answer
    }

    fn append(
        &mut self,
        index: usize,
        order: &Order,
        decision: decider::Decision,
        meta: &Arc<Meta>,
        command: Uuid,
        at: OffsetDateTime,
    ) -> Vec<u64> {
        let mut positions = Vec::new();
        for (number, event) in decision.events.into_iter().enumerate() {
            let node = &mut self.nodes[index];
            let after = node.log.last().map_or(self.now, |last| last.recorded_at + Duration::MICROSECOND);
            let position = node.log.len() as u64 + 1;
            let stream = node.streams.entry(order.stream.clone()).or_default();
            let recorded = Recorded {
                position,
                stream: order.stream.clone(),
                version: stream.len() as u64 + 1,
                id: Uuid::new_v5(&command, &(number as u64).to_be_bytes()),
                kind: event.kind.to_owned(),
                data: event.data,
                meta: Arc::clone(meta),
                occurred_at: at,
                recorded_at: self.now.max(after),
            };
            stream.push(node.log.len());
            node.facts.push(Arc::new(fact(node.service, &recorded)));
            node.log.push(recorded);
            positions.push(position);
            self.send(self.nodes[index].service.name, position);
        }
        match decision.deadline {
            Some(at) => self.nodes[index].deadlines.insert(order.stream.clone(), at),
            None => self.nodes[index].deadlines.remove(&order.stream),
        };
        positions
    }

    pub(super) fn history(&self, node: usize, stream: &StreamName) -> Vec<Recorded> {
        let node = &self.nodes[node];
        let places = node.streams.get(stream).map_or(&[][..], Vec::as_slice);
        places.iter().map(|place| node.log[*place].clone()).collect()
    }

    fn actor(&self, node: usize, kind: ActorKind) -> Actor {
        let id = Id::parse(self.nodes[node].service.name).expect("a service's name is an id");
        let department = self.nodes[node].department.clone();
        Actor { kind, id, department, roles: vec![], certificate: None }
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_u128(self.rng.random())
    }

    /// What distinguishes this world from any other: equal seeds must give equal digests.
    pub(super) fn digest(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        for recorded in self.nodes.iter().flat_map(|node| &node.log) {
            (recorded.position, recorded.stream.as_str(), &recorded.data[..]).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// No event twice, anywhere: positions, versions and ids are what they must be.
    pub(super) fn check_logs(&self) {
        for node in &self.nodes {
            let ids: BTreeSet<_> = node.log.iter().map(|recorded| recorded.id).collect();
            assert_eq!(ids.len(), node.log.len(), "{}: an event id twice", node.service.name);
            for (index, recorded) in node.log.iter().enumerate() {
                assert_eq!(recorded.position, index as u64 + 1);
            }
        }
    }
}

fn fact(service: &'static Service, recorded: &Recorded) -> Fact {
    let public = (service.publish)(recorded).expect("every own event can be published or is private");
    let private = || (format!("{}.private.{}", service.name, recorded.kind), Value::Null, Vec::new());
    let (kind, body, to) = public.map_or_else(private, |public| (public.kind, public.body, public.to));
    Fact {
        id: recorded.id,
        source: service.name.to_owned(),
        position: recorded.position,
        kind,
        stream: recorded.stream.to_string(),
        case_id: recorded.meta.case_id.clone(),
        department: recorded.meta.actor.department.clone(),
        actor: recorded.meta.actor.id.to_string(),
        occurred_at: recorded.occurred_at,
        recorded_at: recorded.recorded_at,
        causation: recorded.meta.causation.clone(),
        to,
        traceparent: None,
        body,
    }
}
