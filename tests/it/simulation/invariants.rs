//! What must hold in every world, whatever was done, late, twice or never: each with the article it comes from.

use std::collections::{BTreeMap, BTreeSet};

use decider::Recorded;
use law::{Calendar, Level, Period, Role, RulePack};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::engine::{Node, World};

/// Checks all of them.
pub(super) fn check(world: &World) {
    world.check_logs();
    enforcement(world.node("enforcement"));
    hazard(world.node("hazard"));
    investigation(world.node("investigation"));
    credit(world.node("credit"));
    reward(world.node("reward"));
    timeline(world);
    for recorded in world.nodes.iter().flat_map(|node| &node.log) {
        every_date_names_its_calendar(recorded, &data(recorded));
    }
}

fn data(recorded: &Recorded) -> Value {
    let stored: Value = serde_json::from_slice(&recorded.data).expect("stored events are JSON");
    stored["data"].clone()
}

fn instant(value: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(value.as_str().expect("an instant"), &Rfc3339).expect("an instant")
}

/// The streams of a category, each with its events.
fn streams<'a>(
    node: &'a Node,
    category: &'a str,
) -> impl Iterator<Item = (&'a str, Vec<(&'a Recorded, Value)>)> {
    let of = node.streams.iter().filter(move |(name, _)| name.category() == category);
    of.map(|(name, places)| {
        let events = places.iter().map(|place| (&node.log[*place], data(&node.log[*place]))).collect();
        (name.id(), events)
    })
}

fn before<'a>(
    events: &'a [(&'a Recorded, Value)],
    at: usize,
    kind: &str,
) -> Option<&'a (&'a Recorded, Value)> {
    events[..at].iter().rev().find(|(recorded, _)| recorded.kind == kind)
}

/// 26: deadlines carry the calendar's version.
fn every_date_names_its_calendar(recorded: &Recorded, value: &Value) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("last_day") {
                let named =
                    fields.get("calendar").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
                assert!(named, "{} {}: a date without its calendar", recorded.stream, recorded.kind);
            }
            fields.values().for_each(|value| every_date_names_its_calendar(recorded, value));
        }
        Value::Array(items) => items.iter().for_each(|item| every_date_names_its_calendar(recorded, item)),
        _ => {}
    }
}

/// 8: at least two different officers, each certificate valid at the act (行政处罚法 42).
fn two_officers(recorded: &Recorded, value: &Value) {
    let officers = value["officers"].as_array().expect("officers");
    let numbers: BTreeSet<_> = officers.iter().map(|officer| officer["number"].to_string()).collect();
    assert!(numbers.len() >= 2, "{} {}: {} officers", recorded.stream, recorded.kind, numbers.len());
    for officer in officers {
        let valid = instant(&officer["from"]) <= recorded.occurred_at
            && recorded.occurred_at < instant(&officer["until"]);
        assert!(valid, "{}: a certificate out of date", recorded.stream);
    }
}

fn enforcement(node: &Node) {
    for (id, events) in streams(node, "penalty") {
        for (at, (recorded, value)) in events.iter().enumerate() {
            match recorded.kind.as_str() {
                "Filed" => two_officers(recorded, value),
                "Decided" => decided_lawfully(id, &events, at),
                "Referred" => assert_eq!(at, 0, "{id}: referred twice"),
                _ => {}
            }
        }
    }
    for (id, events) in streams(node, "seal") {
        for (recorded, value) in events.iter().filter(|(recorded, _)| recorded.kind == "Ordered") {
            // 9 and 13: never by a town, at most 30 days (行政强制法 17, 消防监督检查规定 22).
            assert!(value["authority"].as_str().is_some_and(|name| name.starts_with("fire.")), "{id}");
            two_officers(recorded, value);
            let longest =
                Calendar::builtin().due(recorded.occurred_at, Period::CalendarDays(30), Role::Agency);
            assert!(instant(&value["until"]["at"]) <= longest.at, "{id}: sealed for too long");
        }
    }
    one_fine_per_act(node);
}

/// 1, 2, 6, 7: notice, defence, hearing and review come first, and a defence never aggravates.
fn decided_lawfully(id: &str, events: &[(&Recorded, Value)], at: usize) {
    let (decision, value) = &events[at];
    let (_, notice) =
        before(events, at, "NoticeServed").unwrap_or_else(|| panic!("{id}: decided without notice"));
    let over = instant(&notice["defend_by"]["at"]) <= decision.occurred_at;
    assert!(over || before(events, at, "DefenceWaived").is_some(), "{id}: decided within the defence window");
    assert!(value["fine_fen"].as_i64() <= notice["fine_fen"].as_i64(), "{id}: aggravated");
    // 27: both editions are recorded, that of the act by the act's day (行政处罚法 37).
    let (_, concluded) = before(events, at, "InvestigationConcluded").expect("concluded before");
    assert_eq!(value["lighter"]["old"]["on"], concluded["act_on"], "{id}: by the rules of another day");
    assert!(value["lighter"]["new"]["pack"].is_string(), "{id}: one edition alone");
    // A request may be taken back in writing; then there is no hearing to wait for.
    let waived = |(recorded, value): &&(&Recorded, Value)| {
        recorded.kind == "DefenceWaived" && value["hearing"] == Value::Bool(true)
    };
    let requested = events[..at].iter().rposition(|(recorded, _)| recorded.kind == "HearingRequested");
    let pending = requested.is_some_and(|place| !events[place..at].iter().any(|event| waived(&event)));
    if pending {
        assert!(before(events, at, "HearingClosed").is_some(), "{id}: decided before the hearing was closed");
    }
    if before(events, at, "HearingClosed").is_some() {
        let review = before(events, at, "LegallyReviewed").expect("a hearing asks for a review");
        assert_eq!(review.1["passed"], Value::Bool(true), "{id}: decided on a failed review");
        let filed = before(events, at, "Filed").expect("filed before");
        assert_ne!(review.1["reviewer"], filed.1["handler"], "{id}: reviewed by its handler");
    }
}

/// 3: no second fine for the same act (行政处罚法 29).
fn one_fine_per_act(node: &Node) {
    let mut fined: BTreeMap<(String, String), String> = BTreeMap::new();
    for recorded in node.log.iter().filter(|recorded| recorded.stream.category() == "penalty") {
        let value = data(recorded);
        match recorded.kind.as_str() {
            "Decided" => {
                let act = (value["subject"]["unit"].to_string(), value["subject"]["act"].to_string());
                let earlier = fined.insert(act.clone(), recorded.stream.to_string());
                assert_eq!(earlier, None, "{act:?} is fined again by {}", recorded.stream);
            }
            "Revised" if value["outcome"] == "revoked" => {
                fined.remove(&(value["unit"].to_string(), value["act"].to_string()));
            }
            _ => {}
        }
    }
}

fn hazard(node: &Node) {
    for (id, events) in streams(node, "report") {
        let (first, received) = &events[0];
        assert_eq!(first.kind, "Received", "{id}");
        // 11: 24 hours where people cannot get out, 3 working days otherwise (消防监督检查规定 18).
        let urgent = received["category"] == "exit-blocked";
        let period = if urgent { Period::Hours(24) } else { Period::WorkingDays(3) };
        let due = Calendar::builtin().due(first.occurred_at, period, Role::Agency);
        assert_eq!(instant(&received["verify_by"]["at"]), due.at, "{id}");
    }
    for (id, events) in streams(node, "hazard") {
        let mut orders = 0;
        let mut answers = 0;
        for (recorded, value) in &events {
            match recorded.kind.as_str() {
                "Inspected" => {
                    two_officers(recorded, value);
                    within_the_delegation(recorded, value);
                }
                "Reinspected" => two_officers(recorded, value),
                _ => {}
            }
            // 12: an order is re-inspected, or the missed duty is a breach; never both for one order.
            match recorded.kind.as_str() {
                "RectificationOrdered" => orders += 1,
                "Clock" if value["duty"] == "reinspect" && value["event"]["type"] == "Breached" => {
                    answers += 1
                }
                _ => {}
            }
        }
        assert!(answers <= orders, "{id}: more breaches than orders");
    }
}

/// 9, 10: a town acts on its list, in its area, within its term (行政处罚法 20).
fn within_the_delegation(recorded: &Recorded, value: &Value) {
    let delegation = &value["delegation"];
    if delegation.is_null() {
        assert!(!recorded.meta.actor.is_of(decider::DepartmentKind::Town), "{}", recorded.stream);
        return;
    }
    let items = delegation["items"].as_array().expect("items");
    assert!(items.contains(&value["item"]), "{}: an item that is not delegated", recorded.stream);
    assert!(recorded.occurred_at < instant(&delegation["until"]), "{}: after the term", recorded.stream);
    assert_eq!(delegation["delegate"], Value::String(recorded.meta.actor.department.to_string()));
}

fn investigation(node: &Node) {
    for (id, events) in streams(node, "fire") {
        levels_follow_the_casualties(id, &events);
    }
    for (id, events) in streams(node, "determination") {
        // 16: one review, never of a simple determination (火灾事故调查规定 35, 36).
        let accepted = events.iter().filter(|(recorded, _)| recorded.kind == "ReviewAccepted").count();
        assert!(accepted <= 1, "{id}: reviewed twice");
        for (at, (recorded, value)) in events.iter().enumerate() {
            match recorded.kind.as_str() {
                "Issued" if value["simple"] == Value::Bool(false) => {
                    two_officers(recorded, value);
                    assert!(before(&events, at, "PartiesHeard").is_some(), "{id}: nobody was heard");
                }
                "ReviewAccepted" => {
                    let issued = before(&events, at, "Issued").expect("issued before");
                    assert_eq!(issued.1["simple"], Value::Bool(false), "{id}: a simple one reviewed");
                }
                _ => {}
            }
        }
    }
    for (id, events) in streams(node, "crime") {
        for (at, (recorded, value)) in events.iter().enumerate() {
            match recorded.kind.as_str() {
                "TeamAppointed" => two_officers(recorded, value),
                // 17: approved, then sent (国令310号5).
                "Approved" => assert!(before(&events, at, "ReportedToPrincipal").is_some(), "{id}"),
                "Sent" => assert!(before(&events, at, "Approved").is_some(), "{id}: sent without approval"),
                "Indicated" if value["article"] == "134a" => four_facts(id, &events[..at]),
                _ => {}
            }
        }
    }
}

/// 14: the level is the latest casualties' within the window, and no later ones move it (493号令 13, 20).
fn levels_follow_the_casualties(id: &str, events: &[(&Recorded, Value)]) {
    let rules = RulePack::builtin();
    let mut totals = None;
    for (recorded, value) in events {
        match recorded.kind.as_str() {
            "CasualtiesUpdated" => totals = Some(value.clone()),
            "LevelDetermined" => {
                let Some(update) = &totals else { continue };
                assert_eq!(update["within_window"], Value::Bool(true), "{id}: moved after the window");
                let number = |name: &str| update["totals"][name].as_i64().expect("a number");
                let of = |name: &str| u32::try_from(number(name)).expect("a count");
                let level =
                    Level::of(of("deaths"), of("serious_injuries"), number("direct_loss_fen"), &rules);
                assert_eq!(
                    value["level"],
                    serde_json::to_value(level.expect("a level")).expect("JSON"),
                    "{id}"
                );
            }
            _ => {}
        }
    }
}

/// 18: determined, ordered, expired, not executed (刑法134之一(二)).
fn four_facts(id: &str, events: &[(&Recorded, Value)]) {
    let facts: BTreeSet<_> = events
        .iter()
        .filter(|(recorded, _)| recorded.kind == "FactNoted")
        .filter_map(|(_, value)| value["ground"].as_str())
        .collect();
    for fact in ["major-determined", "order-served", "order-expired", "not-executed"] {
        assert!(facts.contains(fact), "{id}: 134a without {fact}, only {facts:?}");
    }
}

fn credit(node: &Node) {
    for (id, events) in streams(node, "listing") {
        for (at, (recorded, value)) in events.iter().enumerate() {
            match recorded.kind.as_str() {
                // 19: a list rests on a law, a regulation, a ministry's rule or a local regulation (国办发〔2020〕49号).
                "Proposed" => {
                    let forms = ["law", "regulation", "ministry-rule", "local-regulation"];
                    let form = value["basis"]["form"].as_str().expect("a legal form");
                    assert!(forms.contains(&form), "{id}: rests on {form}");
                    assert!(
                        !value["authority"].as_str().is_some_and(|name| name.starts_with("fire.")),
                        "{id}"
                    );
                }
                "Listed" => {
                    let (_, notice) = before(&events, at, "PriorNoticeServed").expect("noticed before");
                    let over = instant(&notice["defend_by"]["at"]) <= recorded.occurred_at;
                    assert!(over || before(&events, at, "DefenceWaived").is_some(), "{id}: listed too early");
                }
                "Published" => {
                    assert!(before(&events, at, "Listed").is_some(), "{id}: published, not listed")
                }
                // 20: early after twelve months, otherwise at the end of the term (应急管理部令11号).
                "RemovedEarly" => {
                    let (_, listed) = before(&events, at, "Listed").expect("listed before");
                    assert!(
                        instant(&listed["removable_from"]["at"]) <= recorded.occurred_at,
                        "{id}: too early"
                    );
                }
                "TermEnded" => {
                    assert!(instant(&value["due"]["at"]) <= recorded.occurred_at, "{id}: ended too early");
                }
                _ => {}
            }
        }
    }
}

fn reward(node: &Node) {
    let mut opened: BTreeMap<String, u32> = BTreeMap::new();
    for (id, events) in streams(node, "claim") {
        let count = |kind: &str| events.iter().filter(|(recorded, _)| recorded.kind == kind).count();
        assert!(count("PaymentConfirmed") <= 1, "{id}: paid twice");
        assert!(count("Opened") <= 1, "{id}: opened twice");
        let mut approvers = BTreeSet::new();
        for (at, (recorded, value)) in events.iter().enumerate() {
            match recorded.kind.as_str() {
                // 22: 15 % of the fine, never below the floor nor above the cap (安监总财〔2018〕19号).
                "AmountComputed" if value["rule"] != "local-table" => {
                    let amount = value["amount_fen"].as_i64().expect("an amount");
                    assert!((300_000..=30_000_000).contains(&amount), "{id}: {amount} fen");
                }
                "ApprovedFirst" | "ApprovedSecond" => {
                    assert!(approvers.insert(value["by"].to_string()), "{id}: approved twice by one person");
                }
                "PaymentInstructed" => {
                    assert!(
                        before(&events, at, "ApprovedSecond").is_some(),
                        "{id}: paid without two approvals"
                    );
                    let shares = value["shares"].as_array().expect("shares");
                    let sum: i64 = shares.iter().filter_map(|share| share["amount_fen"].as_i64()).sum();
                    assert!(
                        shares.is_empty() || Some(sum) == value["amount_fen"].as_i64(),
                        "{id}: shares do not add up"
                    );
                }
                _ => {}
            }
        }
        if count("Opened") == 1 && count("Excluded") == 0 {
            let matter = events[0].1["matter"].to_string();
            *opened.entry(matter).or_default() += 1;
        }
    }
    for (matter, claims) in opened {
        assert!(claims <= 1, "{claims} first reporters of matter {matter}");
    }
    budgets(node);
}

/// Reserved and posted never exceed what was appropriated, at any version.
fn budgets(node: &Node) {
    for (id, events) in streams(node, "budget") {
        let (mut appropriated, mut posted) = (0, 0);
        let mut reserved: BTreeMap<String, i64> = BTreeMap::new();
        for (recorded, value) in &events {
            let amount = value["amount_fen"].as_i64().unwrap_or(0);
            let claim = value["claim"].to_string();
            match recorded.kind.as_str() {
                "Appropriated" | "ToppedUp" | "Cut" => {
                    appropriated = value["appropriated_fen"].as_i64().expect("an amount");
                }
                "Reserved" => {
                    reserved.insert(claim, amount);
                }
                "ReservationReduced" if reserved.contains_key(&claim) => {
                    reserved.insert(claim, amount);
                }
                "Released" => {
                    reserved.remove(&claim);
                }
                "Posted" => {
                    assert!(
                        reserved.remove(&claim).is_some_and(|held| held >= amount),
                        "{id}: posted unreserved"
                    );
                    posted += amount;
                }
                _ => {}
            }
            let held: i64 = reserved.values().sum();
            assert!(
                held + posted <= appropriated,
                "{id} v{}: {held} + {posted} > {appropriated}",
                recorded.version
            );
        }
    }
}

/// Every fact of every log is in the timeline, once, and nothing else.
fn timeline(world: &World) {
    let node = world.node("timeline");
    let mut told = BTreeSet::new();
    for recorded in &node.log {
        let value = data(recorded);
        let fact = &value["fact"];
        let key = (fact["source"].to_string(), fact["position"].to_string());
        assert!(told.insert(key.clone()), "{key:?} is told twice");
    }
    let heard = world.nodes.iter().filter(|other| node.service.listens_to.contains(&other.service.name));
    let services: usize = heard.map(|other| other.log.len()).sum();
    let outside: usize = world.outside.values().map(|outside| outside.facts.len()).sum();
    assert_eq!(told.len(), services + outside, "the timeline misses something");
}
