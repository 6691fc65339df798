//! Events as a log might hold them, whatever a decider would have said; each query finds its own, and only that.

use audit::Stored;
use decider::{Actor, ActorKind, CaseId, Department, Id, Meta, Role};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{
    query::Finding,
    run::{Run, Wanted},
    seen::{Reader, Unreadable},
    table,
};

const MORNING: OffsetDateTime = datetime!(2023-03-01 10:00 +8);

/// The logs in the making, and what was found in them.
struct Logs {
    run: Run,
    readers: Vec<(&'static str, Reader, i64)>,
    unreadable: Vec<Unreadable>,
    now: OffsetDateTime,
}

impl Logs {
    /// Logs in which a delegation holds, and two officers of the town and two of the brigade are certified.
    fn new() -> Self {
        let run = Run::new(table::ALL.iter(), Wanted::default());
        let now = datetime!(2023-01-05 09:00 +8);
        let mut logs = Self { run, readers: Vec::new(), unreadable: Vec::new(), now };
        let head = person("head-1", "fire.330723", &[Role::Head]);
        for (number, unit) in [
            ("c-1", "town.330723103"),
            ("c-2", "town.330723103"),
            ("f-1", "fire.330723"),
            ("f-2", "fire.330723"),
        ] {
            let patch = json!({"certificate": certificate(number, unit)});
            logs.tell("enforcement", &format!("certificate:{number}"), "Certificate.Issued", patch, &head);
        }
        logs.tell("enforcement", "delegation:d-1", "Delegation.Drafted", json!({}), &head);
        logs.tell("enforcement", "delegation:d-1", "Delegation.CameIntoForce", json!({}), &head);
        logs.now = MORNING;
        logs
    }

    /// Appends the stored sample of an event with some fields changed, an hour after the last.
    fn tell(&mut self, service: &'static str, stream: &str, sample: &str, patch: Value, actor: &Actor) {
        let file = format!("{}/../{service}/stored/{sample}.json", env!("CARGO_MANIFEST_DIR"));
        let mut event: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for (field, value) in patch.as_object().unwrap() {
            event["data"][field] = value.clone();
        }
        self.append(service, stream, event.to_string().into_bytes(), actor);
    }

    fn append(&mut self, service: &'static str, stream: &str, data: Vec<u8>, actor: &Actor) {
        let index = self.readers.iter().position(|(name, ..)| *name == service).unwrap_or_else(|| {
            self.readers.push((service, Reader::of(service), 0));
            self.readers.len() - 1
        });
        let (_, reader, position) = &mut self.readers[index];
        *position += 1;
        let meta = Meta {
            actor: actor.clone(),
            case_id: Some(CaseId::parse("case-1").unwrap()),
            causation: None,
            command_id: None,
            traceparent: None,
            rules: String::new(),
            calendar: String::new(),
        };
        let stored = Stored {
            position: *position,
            stream: stream.to_owned(),
            version: 1,
            id: Uuid::new_v4(),
            kind: String::new(),
            data,
            meta: serde_json::to_vec(&meta).unwrap(),
            occurred_at: self.now,
            recorded_at: self.now,
        };
        self.now += Duration::HOUR;
        match reader.read(stored) {
            Ok(seen) => self.run.see(&seen),
            Err(unreadable) => self.unreadable.push(unreadable),
        }
    }

    /// What each query found, in English.
    fn found(self) -> Vec<(&'static str, String)> {
        let as_of = self.now;
        self.found_at(as_of)
    }

    fn found_at(self, at: OffsetDateTime) -> Vec<(&'static str, String)> {
        let told = |finding: &Finding| finding.wrong.en.clone();
        let found = self.run.answer(at).found;
        found.iter().flat_map(|(named, found)| found.iter().map(|it| (named.name, told(it)))).collect()
    }
}

fn person(id: &str, department: &str, roles: &[Role]) -> Actor {
    Actor {
        kind: ActorKind::Person,
        id: Id::parse(id).unwrap(),
        department: Department::parse(department).unwrap(),
        roles: roles.to_vec(),
        certificate: None,
    }
}

fn officer() -> Actor {
    person("officer-1", "town.330723103", &[Role::Officer])
}

fn brigade(id: &str, role: Role) -> Actor {
    person(id, "fire.330723", &[role])
}

fn certificate(number: &str, unit: &str) -> Value {
    json!({"number": number, "department": unit, "from": "2023-01-01T00:00:00Z", "until": "2024-01-01T00:00:00Z"})
}

fn two() -> Value {
    json!([certificate("c-1", "town.330723103"), certificate("c-2", "town.330723103")])
}

/// A case of the brigade's own, up to the proposed fine.
fn investigated(logs: &mut Logs, review: Value) {
    let officers = json!([certificate("f-1", "fire.330723"), certificate("f-2", "fire.330723")]);
    let filed = json!({"officers": officers, "delegation": null, "department": "fire.330723", "handler": "officer-1"});
    let handler = brigade("officer-1", Role::Officer);
    logs.tell("enforcement", "penalty:p-1", "Penalty.Filed", filed, &handler);
    let concluded = json!({"review": review, "handler": "officer-1"});
    logs.tell("enforcement", "penalty:p-1", "Penalty.InvestigationConcluded", concluded, &handler);
}

fn decided(logs: &mut Logs, by: &Actor) {
    logs.tell("enforcement", "penalty:p-1", "Penalty.Decided", json!({"authority": "fire.330723"}), by);
}

#[test]
fn what_is_as_it_should_be_is_not_found() {
    let mut logs = Logs::new();
    logs.tell("hazard", "hazard:h-1", "Hazard.Opened", json!({}), &officer());
    logs.tell("hazard", "hazard:h-1", "Hazard.Inspected", json!({"officers": two()}), &officer());
    logs.tell("hazard", "hazard:h-1", "Hazard.Reinspected", json!({"officers": two()}), &officer());
    investigated(&mut logs, json!(["complex"]));
    let legal = brigade("legal-1", Role::Legal);
    let reviewed = json!({"passed": true, "reviewer": "legal-1"});
    logs.tell("enforcement", "penalty:p-1", "Penalty.LegallyReviewed", reviewed, &legal);
    decided(&mut logs, &brigade("head-1", Role::Head));
    assert!(logs.unreadable.is_empty(), "{:?}", logs.unreadable);
    assert_eq!(logs.found(), []);
}

#[test]
fn a_town_that_acts_without_a_delegation_is_found() {
    let mut logs = Logs::new();
    let none = json!({"officers": two(), "delegation": null, "item": null});
    logs.tell("hazard", "hazard:h-1", "Hazard.Inspected", none, &officer());
    let found = logs.found();
    assert_eq!(
        found,
        [("outside-delegation", "town.330723103 acted without a delegation: inspection".to_owned())]
    );
}

#[test]
fn what_the_act_says_of_its_delegation_is_not_believed() {
    let mut logs = Logs::new();
    // The event shows a list with this item; the one that was published has not.
    let mut shown = json!({"id": "d-1", "version": 1, "model": "entrusted", "delegator": "fire.330723"});
    shown["delegate"] = "town.330723103".into();
    shown["items"] = json!(["fire-61"]);
    shown["area"] = "330723103".into();
    shown["from"] = "2022-12-31T16:00:00Z".into();
    shown["until"] = "2033-12-31T16:00:00Z".into();
    let patch = json!({"officers": two(), "delegation": shown, "item": "fire-61"});
    logs.tell("hazard", "hazard:h-1", "Hazard.Inspected", patch.clone(), &officer());
    let mut unknown = patch;
    unknown["delegation"]["id"] = "d-9".into();
    logs.tell("hazard", "hazard:h-2", "Hazard.Inspected", unknown, &officer());
    let found = logs.found();
    let texts: Vec<_> = found.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(
        texts,
        [
            ("outside-delegation", "inspection: item fire-61 is not on the list of d-1"),
            ("outside-delegation", "the inspection rests on delegation d-9, which was never published"),
        ]
    );
}

#[test]
fn another_unit_another_place_and_a_false_name_are_found() {
    let mut logs = Logs::new();
    let other = person("officer-9", "town.330723104", &[Role::Officer]);
    let officers = json!([certificate("c-1", "town.330723103"), certificate("c-2", "town.330723103")]);
    let mut subject =
        json!({"unit": "91110000600037341L", "premises": "plant", "area": "330723104", "act": "h-1"});
    subject["report"] = Value::Null;
    subject["reporter_ref"] = Value::Null;
    let patch = json!({"subject": subject, "department": "town.330723104", "officers": officers,
        "authority": "town.330723104"});
    logs.tell("enforcement", "penalty:p-1", "Penalty.Filed", patch, &other);
    let found = logs.found();
    let outside: Vec<_> = found
        .iter()
        .filter(|(name, _)| *name == "outside-delegation")
        .map(|(_, text)| text.as_str())
        .collect();
    assert_eq!(
        outside,
        [
            "filing: town.330723104 is no party to d-1",
            "filing: 330723104 is outside the area of d-1",
            "the filing was made in the name of town.330723104; under d-1 it is fire.330723's",
        ]
    );
}

#[test]
fn a_town_that_seals_is_found() {
    let mut logs = Logs::new();
    logs.tell("enforcement", "seal:s-1", "Seal.Ordered", json!({"officers": two()}), &officer());
    let found = logs.found();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.contains("coercive measures are not delegated"), "{found:?}");
}

#[test]
fn an_act_between_the_end_of_a_delegation_and_its_being_known_is_found() {
    let mut logs = Logs::new();
    let head = brigade("head-1", Role::Head);
    let revoked = json!({"at": "2023-03-01T00:00:00Z"});
    logs.tell("enforcement", "delegation:d-1", "Delegation.Revoked", revoked.clone(), &head);
    logs.tell("hazard", "hazard:h-1", "Hazard.Inspected", json!({"officers": two()}), &officer());
    logs.tell("hazard", "authority:d-1", "Authority.DelegationEnded", revoked, &head);
    logs.tell("hazard", "hazard:h-2", "Hazard.Inspected", json!({"officers": two()}), &officer());
    let found = logs.found();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|(name, _)| *name == "delegation-gap"), "{found:?}");
    let since = "at the inspection delegation d-1 had been revoked since 2023-03-01T08:00:00";
    assert!(found[0].1.starts_with(since) && found[0].1.contains("told only at"), "{found:?}");
    assert!(found[1].1.contains("its log had known since"), "{found:?}");
}

#[test]
fn an_act_before_the_delegation_was_published_is_found() {
    let mut logs = Logs::new();
    logs.now = datetime!(2022-12-20 09:00 +8);
    let early = json!([certificate("c-1", "town.330723103"), certificate("c-2", "town.330723103")]);
    logs.tell("hazard", "hazard:h-1", "Hazard.Inspected", json!({"officers": early}), &officer());
    let found = logs.found();
    assert!(
        found.iter().any(|(name, text)| *name == "delegation-gap" && text.contains("not yet published")),
        "{found:?}"
    );
}

#[test]
fn certificates_are_held_against_the_register() {
    let mut logs = Logs::new();
    let head = brigade("head-1", Role::Head);
    logs.tell(
        "enforcement",
        "certificate:c-2",
        "Certificate.Withdrawn",
        json!({"at": "2023-02-01T00:00:00Z"}),
        &head,
    );
    let shown = json!([
        certificate("c-1", "town.330723103"),
        certificate("c-2", "town.330723103"),
        certificate("c-9", "town.330723103"),
        certificate("f-1", "town.330723103"),
    ]);
    logs.tell("hazard", "hazard:h-1", "Hazard.Inspected", json!({"officers": shown}), &officer());
    logs.now = datetime!(2024-01-01 08:00 +8);
    let expired = json!([certificate("f-1", "fire.330723"), certificate("f-2", "fire.330723")]);
    logs.tell(
        "enforcement",
        "seal:s-1",
        "Seal.Ordered",
        json!({"officers": expired}),
        &brigade("o-1", Role::Officer),
    );
    let found = logs.found();
    let found: Vec<_> = found
        .iter()
        .filter(|(name, _)| *name == "expired-certificate")
        .map(|(_, text)| text.as_str())
        .collect();
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(found[0].contains("c-2 had been withdrawn since 2023-02-01"), "{found:?}");
    assert!(found[1].contains("c-9 was never issued"), "{found:?}");
    assert!(found[2].contains("f-1 is bound to fire.330723, not to town.330723103"), "{found:?}");
    assert!(found[3].starts_with("seal: certificate f-1 was not valid"), "{found:?}");
}

#[test]
fn one_officer_who_shows_two_papers_is_one_officer() {
    let mut logs = Logs::new();
    let twice = json!([certificate("c-1", "town.330723103"), certificate("c-1", "town.330723103")]);
    logs.tell("hazard", "hazard:h-1", "Hazard.Inspected", json!({"officers": twice}), &officer());
    let found = logs.found();
    assert_eq!(
        found,
        [("missing-second-officer", "inspection with 1 officers where 2 are wanted".to_owned())]
    );
}

#[test]
fn a_simple_determination_needs_one_investigator_only() {
    let mut logs = Logs::new();
    let one = json!({"officers": [certificate("f-1", "fire.330723")]});
    let investigator = brigade("o-1", Role::Officer);
    logs.tell(
        "investigation",
        "determination:x-1",
        "Determination.Issued.simple",
        one.clone(),
        &investigator,
    );
    logs.tell("investigation", "determination:x-2", "Determination.Issued", one, &investigator);
    let found = logs.found();
    assert_eq!(
        found,
        [("missing-second-officer", "determination with 1 officers where 2 are wanted".to_owned())]
    );
}

#[test]
fn a_decision_without_a_passed_review_is_found() {
    for (review, hearing, passed, expected) in [
        (json!([]), false, None, 0),
        (json!(["complex"]), false, None, 1),
        (json!(["complex"]), false, Some(false), 1),
        (json!(["complex"]), false, Some(true), 0),
        // Who reviewed before the hearing has not seen its record.
        (json!(["complex"]), true, Some(true), 1),
        (json!([]), true, None, 1),
    ] {
        let mut logs = Logs::new();
        investigated(&mut logs, review);
        let legal = brigade("legal-1", Role::Legal);
        if let Some(passed) = passed {
            let patch = json!({"passed": passed, "reviewer": "legal-1"});
            logs.tell("enforcement", "penalty:p-1", "Penalty.LegallyReviewed", patch, &legal);
        }
        if hearing {
            let presider = json!({"presider": "presider-1"});
            let by = brigade("presider-1", Role::Head);
            logs.tell("enforcement", "penalty:p-1", "Penalty.HearingClosed", presider, &by);
        }
        decided(&mut logs, &brigade("head-1", Role::Head));
        let found = logs.found();
        assert_eq!(found.len(), expected, "{found:?}");
        assert!(found.iter().all(|(name, _)| *name == "missing-legal-review"), "{found:?}");
    }
}

#[test]
fn a_listing_is_always_reviewed_and_by_a_reviewer() {
    let mut logs = Logs::new();
    let (head, clerk) = (brigade("head-1", Role::Head), brigade("clerk-1", Role::Clerk));
    logs.tell(
        "credit",
        "listing:l-1",
        "Listing.Proposed",
        json!({"by": "officer-1"}),
        &brigade("officer-1", Role::Officer),
    );
    logs.tell("credit", "listing:l-1", "Listing.Listed", json!({}), &head);
    logs.tell(
        "credit",
        "listing:l-2",
        "Listing.Proposed",
        json!({"by": "officer-1"}),
        &brigade("officer-1", Role::Officer),
    );
    logs.tell(
        "credit",
        "listing:l-2",
        "Listing.LegallyReviewed",
        json!({"passed": true, "by": "clerk-1"}),
        &clerk,
    );
    logs.tell("credit", "listing:l-2", "Listing.Listed", json!({}), &head);
    let found = logs.found();
    let found: Vec<_> = found.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(
        found,
        [
            ("missing-legal-review", "a listing was decided before a legal review had passed"),
            ("missing-legal-review", "reviewed by somebody who is no legal reviewer"),
        ]
    );
}

#[test]
fn nobody_takes_two_parts_that_are_to_be_apart() {
    let mut logs = Logs::new();
    investigated(&mut logs, json!([]));
    decided(&mut logs, &brigade("officer-1", Role::Head));
    let finance = person("finance-1", "emergency.330723", &[Role::Finance]);
    logs.tell("reward", "claim:r-1", "Claim.ApprovedFirst", json!({"by": "finance-1"}), &finance);
    logs.tell("reward", "claim:r-1", "Claim.ApprovedSecond", json!({"by": "finance-1"}), &finance);
    // The event names another person than the token: the token's holder has approved twice all the same.
    logs.tell("reward", "claim:r-2", "Claim.ApprovedFirst", json!({"by": "finance-1"}), &finance);
    logs.tell("reward", "claim:r-2", "Claim.ApprovedSecond", json!({"by": "head-7"}), &finance);
    logs.tell("reward", "claim:r-3", "Claim.ApprovedFirst", json!({"by": "finance-1"}), &finance);
    let other = person("head-7", "emergency.330723", &[Role::Head]);
    logs.tell("reward", "claim:r-3", "Claim.ApprovedSecond", json!({"by": "head-7"}), &other);
    let legal = brigade("legal-1", Role::Legal);
    logs.tell("enforcement", "rulebook:b-1", "Rulebook.Proposed", json!({"by": "legal-1"}), &legal);
    logs.tell("enforcement", "rulebook:b-1", "Rulebook.Approved", json!({"by": "legal-1"}), &legal);
    let found = logs.found();
    let found: Vec<_> = found.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(
        found,
        [
            ("segregation-of-duties", "officer-1 investigates (position 7) and decides"),
            (
                "segregation-of-duties",
                "finance-1 gives the first approval (position 1) and gives the second approval"
            ),
            (
                "segregation-of-duties",
                "finance-1 gives the first approval (position 3) and gives the second approval"
            ),
            ("segregation-of-duties", "legal-1 proposes (position 10) and approves"),
        ]
    );
}

#[test]
fn a_transfer_is_found_once_its_time_is_over_and_a_late_answer_too() {
    let sent = |due: &str| {
        json!({"answer_by": {"at": due, "last_day": "2023-03-04", "rolled": false,
        "provisional": false, "calendar": "x"}})
    };
    let of = |answered_at: Option<OffsetDateTime>, as_of: OffsetDateTime| {
        let mut logs = Logs::new();
        let agency = brigade("officer-1", Role::Officer);
        logs.tell("investigation", "crime:x-1", "Crime.Sent", sent("2023-03-04T16:00:00Z"), &agency);
        if let Some(at) = answered_at {
            logs.now = at;
            // The answer says of itself that it was in time.
            let police = person("desk-1", "police.330723", &[Role::Officer]);
            logs.tell("investigation", "crime:x-1", "Crime.Answered", json!({"in_time": true}), &police);
        }
        logs.found_at(as_of)
    };
    let (in_time, late) = (datetime!(2023-03-04 23:00 +8), datetime!(2023-03-05 00:00:01 +8));
    assert_eq!(of(None, in_time), []);
    let found = of(None, late);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].1.starts_with("a case transferred to the police has no answer, which was due by"),
        "{found:?}"
    );
    assert_eq!(of(Some(in_time), late), []);
    let found = of(Some(late), late);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.starts_with("a case transferred to the police was answered late"), "{found:?}");
}

#[test]
fn a_report_is_a_transfer_once_it_was_routed() {
    let clerk = person("clerk-1", "hotline.330723", &[Role::Clerk]);
    for (routed, expected) in [(false, 0), (true, 1)] {
        let mut logs = Logs::new();
        logs.tell("hazard", "report:r-1", "Report.Received", json!({}), &clerk);
        if routed {
            logs.tell("hazard", "report:r-1", "Report.Routed", json!({}), &clerk);
        }
        assert_eq!(logs.found_at(datetime!(2030-01-01 00:00 +8)).len(), expected);
    }
}

#[test]
fn a_clock_that_stands_still_is_not_overdue() {
    let mut logs = Logs::new();
    let agency = brigade("officer-1", Role::Officer);
    logs.tell("investigation", "crime:x-1", "Crime.Sent", json!({}), &agency);
    let suspended = json!({"type": "Suspended", "data": {"reference": "a", "reason": "b",
        "at": "2023-03-01T00:00:00Z", "until": null}});
    let clock = json!({"type": "Clock", "data": {"duty": "answer", "event": suspended}});
    logs.append("investigation", "crime:x-1", clock.to_string().into_bytes(), &agency);
    assert!(logs.unreadable.is_empty(), "{:?}", logs.unreadable);
    assert_eq!(logs.found_at(datetime!(2030-01-01 00:00 +8)), []);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let mut logs = Logs::new();
    logs.append("hazard", "hazard:h-1", br#"{"type":"Inspected","data":{}}"#.to_vec(), &officer());
    logs.append("reward", "matter:m-1", b"nonsense".to_vec(), &officer());
    logs.append("hazard", "sensor:s-1", b"{}".to_vec(), &officer());
    let places: Vec<_> =
        logs.unreadable.iter().map(|it| (it.service, it.stream.as_str(), it.position)).collect();
    assert_eq!(places, [("hazard", "hazard:h-1", 1), ("reward", "matter:m-1", 1)]);
    assert!(logs.unreadable[0].reason.starts_with("data: "), "{:?}", logs.unreadable);
}
