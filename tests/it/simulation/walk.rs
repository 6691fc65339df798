//! A random walk through the law: cases move forward by what officials do, rightly or wrongly, early, late or twice.

use contracts::outside::v1 as outside;
use decider::{
    Actor, ActorKind, CaseId, Department, DepartmentKind, Id, Order, Public, Role, StreamName,
    authority::{Certificate, Delegation, Model},
};
use law::{AreaCode, Level, Period, Uscc};
use rand::Rng;
use time::{Duration, OffsetDateTime};

use super::engine::World;

const AREA: &str = "330723103";

/// One case of the walk: every aggregate of it has the case's number in its id.
#[derive(Debug, Clone)]
pub(super) struct Cast {
    pub number: usize,
    pub case: CaseId,
    unit: Uscc,
    premises: String,
}

/// Something an official may do.
pub(super) type Move = fn(&mut World, &Cast);

pub(super) fn cast(number: usize) -> Cast {
    Cast {
        number,
        case: CaseId::parse(&format!("case-{number}")).expect("an id"),
        // Two cases share a unit, so that acts, listings and matters meet.
        unit: Uscc::synthetic(330_723, u32::try_from(number / 2).expect("few cases")),
        premises: format!("plant {}", number / 2),
    }
}

fn id(text: &str) -> Id {
    Id::parse(text).expect("an id")
}

fn actor(kind: DepartmentKind, area: &str, name: &str, roles: &[Role]) -> Actor {
    Actor {
        kind: ActorKind::Person,
        id: id(name),
        department: Department { kind, area: AreaCode::parse(area).expect("an area") },
        roles: roles.to_vec(),
        certificate: None,
    }
}

fn town() -> Actor {
    actor(DepartmentKind::Town, AREA, "town-officer", &[Role::Officer])
}

fn brigade() -> Actor {
    actor(DepartmentKind::Fire, "330723", "brigade-officer", &[Role::Officer])
}

fn brigade_head() -> Actor {
    actor(DepartmentKind::Fire, "330723", "brigade-head", &[Role::Head])
}

/// An officer of one of the three bodies that may have the determination.
fn body(w: &mut World) -> Actor {
    let area = ["330723", "3307", "33", "33"][w.rng.random_range(0..4)];
    actor(DepartmentKind::Fire, area, "body-officer", &[Role::Officer])
}

/// The head of one of them.
fn body_head(w: &mut World) -> Actor {
    let area = ["330723", "3307", "33", "33"][w.rng.random_range(0..4)];
    actor(DepartmentKind::Fire, area, "body-head", &[Role::Head])
}

fn province() -> Actor {
    actor(DepartmentKind::Fire, "33", "province-officer", &[Role::Officer])
}

fn province_head() -> Actor {
    actor(DepartmentKind::Fire, "33", "province-head", &[Role::Head])
}

fn emergency(roles: &[Role]) -> Actor {
    actor(DepartmentKind::Emergency, "33", &format!("emergency-{}", roles.len()), roles)
}

fn clerk() -> Actor {
    actor(DepartmentKind::Hotline, "330723", "clerk", &[Role::Clerk])
}

fn finance(name: &str, roles: &[Role]) -> Actor {
    actor(DepartmentKind::Finance, "330723", name, roles)
}

fn officers(w: &mut World, of: &Actor) -> Vec<Certificate> {
    let count = if w.percent(15) { 1 } else { 2 };
    let certificate = |number: usize| Certificate {
        number: id(&format!("c-{}-{number}", of.department)),
        department: of.department.clone(),
        from: OffsetDateTime::UNIX_EPOCH,
        until: w.now + Duration::days(if number == 1 { 30 } else { 300 }),
    };
    (0..count).map(certificate).collect()
}

fn delegation(w: &World) -> Delegation {
    Delegation {
        id: id("d-1"),
        version: 1,
        model: Model::Entrusted,
        delegator: Department::parse("fire.330723").expect("a department"),
        delegate: Department::parse("town.330723103").expect("a department"),
        items: vec![id("fire-60-1")],
        area: AreaCode::parse(AREA).expect("an area"),
        from: OffsetDateTime::UNIX_EPOCH,
        until: w.now + Duration::days(200),
    }
}

/// Now and then the wrong person acts.
fn who(w: &mut World, right: Actor) -> Actor {
    if !w.percent(10) {
        return right;
    }
    let others = [
        town(),
        brigade(),
        brigade_head(),
        province_head(),
        emergency(&[Role::Officer]),
        clerk(),
        actor(DepartmentKind::Town, AREA, "grid", &[Role::Grid]),
    ];
    others[w.rng.random_range(0..others.len())].clone()
}

fn give<D: decider::Decider>(
    w: &mut World,
    cast: &Cast,
    service: &str,
    id: &str,
    right: Actor,
    command: D::Command,
) {
    let actor = who(w, right);
    let _ = w.command(service, actor, Some(cast.case.clone()), Order::of::<D>(id, command));
}

fn text(what: &str, cast: &Cast) -> String {
    format!("{what}-{}", cast.number)
}

fn period(w: &mut World) -> Period {
    Period::WorkingDays(w.rng.random_range(1..8))
}

mod early {
    use enforcement::{penalty, seal};
    use hazard::{hazard as case, report};

    use super::*;

    pub(super) fn tip(w: &mut World, cast: &Cast) {
        let category = if w.percent(30) { "exit-blocked" } else { "flammable-storage" };
        let command = report::Command::Receive {
            reporter_ref: id(&text("ref", cast)),
            channel: id("hotline-12350"),
            real_name: w.percent(80),
            insider: w.percent(50),
            premises: cast.premises.clone(),
            area: AreaCode::parse(AREA).expect("an area"),
            category: id(category),
        };
        give::<report::Report>(w, cast, "hazard", &text("r", cast), clerk(), command);
    }

    pub(super) fn open(w: &mut World, cast: &Cast) {
        let command = case::Command::Open {
            premises: cast.premises.clone(),
            area: AreaCode::parse(AREA).expect("an area"),
            unit: cast.unit.clone(),
            category: id("flammable-storage"),
            report: Some(id(&text("r", cast))),
            reporter_ref: Some(id(&text("ref", cast))),
        };
        give::<case::Hazard>(w, cast, "hazard", &text("h", cast), clerk(), command);
    }

    pub(super) fn inspect(w: &mut World, cast: &Cast) {
        let (officers, delegation) = (officers(w, &town()), delegation(w));
        let findings = if w.percent(90) { vec!["open drums".to_owned()] } else { vec![] };
        let item = id(if w.percent(90) { "fire-60-1" } else { "fire-61" });
        let command =
            case::Command::Inspect { officers, delegation: Some(delegation), item: Some(item), findings };
        give::<case::Hazard>(w, cast, "hazard", &text("h", cast), town(), command);
    }

    pub(super) fn order(w: &mut World, cast: &Cast) {
        let command = case::Command::OrderRectification {
            document: "o".into(),
            items: vec!["remove".into()],
            period: period(w),
            delegations: vec![delegation(w)],
        };
        give::<case::Hazard>(w, cast, "hazard", &text("h", cast), town(), command);
    }

    pub(super) fn reinspect(w: &mut World, cast: &Cast) {
        let outcome = if w.percent(75) { case::Outcome::NotCorrected } else { case::Outcome::Corrected };
        let command = case::Command::Reinspect {
            officers: officers(w, &town()),
            outcome,
            on_application: w.percent(30),
            delegations: vec![delegation(w)],
        };
        give::<case::Hazard>(w, cast, "hazard", &text("h", cast), town(), command);
    }

    pub(super) fn major(w: &mut World, cast: &Cast) {
        let command = case::Command::DetermineMajor {
            elements: vec!["6.3".into()],
            panel: vec!["head".into(), "legal".into()],
        };
        give::<case::Hazard>(w, cast, "hazard", &text("h", cast), brigade(), command);
    }

    pub(super) fn major_notice(w: &mut World, cast: &Cast) {
        let period = period(w);
        let command = case::Command::ServeMajorNotice { document: "m".into(), period };
        give::<case::Hazard>(w, cast, "hazard", &text("h", cast), brigade(), command);
    }

    pub(super) fn report_up(w: &mut World, cast: &Cast) {
        let government = Department::parse("government.330723").expect("a department");
        let command = case::Command::ReportToGovernment { government };
        give::<case::Hazard>(w, cast, "hazard", &text("h", cast), brigade(), command);
    }

    pub(super) fn list(w: &mut World, cast: &Cast) {
        let message = outside::SupervisionOrdered {
            hazard_id: text("h", cast),
            leader: "deputy".into(),
            until: (w.now.date() + Duration::days(40)).to_string(),
        };
        let by = Department::parse("government.330723").expect("a department");
        w.speak("government", Public::of(&message), by, Some(cast.case.clone()));
    }

    pub(super) fn close(w: &mut World, cast: &Cast) {
        give::<case::Hazard>(w, cast, "hazard", &text("h", cast), town(), case::Command::Close);
    }

    pub(super) fn file(w: &mut World, cast: &Cast) {
        let command = penalty::Command::File {
            subject: None,
            items: vec![id("fire-60-1")],
            officers: officers(w, &brigade()),
            delegation: None,
            accident_level: None,
            act_on: None,
            found_on: None,
            harm: None,
        };
        give::<penalty::Penalty>(w, cast, "enforcement", &text("h", cast), brigade(), command);
    }

    pub(super) fn conclude(w: &mut World, cast: &Cast) {
        let fine_fen = w.rng.random_range(4..50) * 100_000;
        let command = penalty::Command::Conclude {
            facts: "f".into(),
            fine_fen,
            review: vec![],
            act_on: None,
            harm: None,
        };
        give::<penalty::Penalty>(w, cast, "enforcement", &text("h", cast), brigade(), command);
    }

    pub(super) fn notice(w: &mut World, cast: &Cast) {
        let command = penalty::Command::ServeNotice {
            document: "n".into(),
            defence: period(w),
            hearing: w.percent(80),
        };
        give::<penalty::Penalty>(w, cast, "enforcement", &text("h", cast), brigade(), command);
    }

    pub(super) fn defence(w: &mut World, cast: &Cast) {
        let command = match w.rng.random_range(0..6) {
            0 => penalty::Command::ReceiveDefence { document: "d".into() },
            1 => penalty::Command::RequestHearing,
            2 => penalty::Command::CloseHearing { record: "r".into() },
            3 => penalty::Command::NoticeHearing {
                document: "n".into(),
                on: law::shanghai_date(w.now) + Duration::days(w.rng.random_range(5..16)),
            },
            4 => penalty::Command::Review { passed: w.percent(80), opinion: "o".into() },
            _ => penalty::Command::WaiveDefence { document: "w".into(), hearing: w.percent(70) },
        };
        let by = match &command {
            penalty::Command::Review { .. } => {
                actor(DepartmentKind::Fire, "330723", "brigade-legal", &[Role::Legal])
            }
            penalty::Command::CloseHearing { .. } => {
                actor(DepartmentKind::Fire, "330723", "brigade-chair", &[Role::Officer])
            }
            _ => brigade(),
        };
        give::<penalty::Penalty>(w, cast, "enforcement", &text("h", cast), by, command);
    }

    pub(super) fn decide(w: &mut World, cast: &Cast) {
        let fine_fen = w.rng.random_range(4..30) * 100_000;
        let command = penalty::Command::Decide {
            document: text("p", cast),
            fine_fen,
            panel: vec!["head".into(), "deputy".into()],
            delegation: None,
        };
        give::<penalty::Penalty>(w, cast, "enforcement", &text("h", cast), brigade_head(), command);
    }

    pub(super) fn publish_penalty(w: &mut World, cast: &Cast) {
        let command = penalty::Command::Publish;
        give::<penalty::Penalty>(w, cast, "enforcement", &text("h", cast), brigade(), command);
    }

    pub(super) fn pay(w: &mut World, cast: &Cast) {
        let command = penalty::Command::RecordPayment { amount_fen: w.rng.random_range(0..40) * 100_000 };
        give::<penalty::Penalty>(w, cast, "enforcement", &text("h", cast), brigade(), command);
    }

    pub(super) fn revise(w: &mut World, cast: &Cast) {
        let (outcome, fine_fen) = if w.percent(50) {
            (penalty::Outcome::Revoked, 0)
        } else {
            (penalty::Outcome::Reduced, w.rng.random_range(1..20) * 100_000)
        };
        let command = penalty::Command::Revise { outcome, fine_fen, document: "v".into() };
        give::<penalty::Penalty>(w, cast, "enforcement", &text("h", cast), brigade_head(), command);
    }

    pub(super) fn withdraw(w: &mut World, cast: &Cast) {
        let command = penalty::Command::WithdrawPublication { reason: "changed".into() };
        give::<penalty::Penalty>(w, cast, "enforcement", &text("h", cast), brigade(), command);
    }

    pub(super) fn seal(w: &mut World, cast: &Cast) {
        let by = if w.percent(20) { town() } else { brigade() };
        let command = seal::Command::Order {
            unit: cast.unit.clone(),
            premises: cast.premises.clone(),
            area: AreaCode::parse(AREA).expect("an area"),
            document: format!("s-{}", w.rng.random_range(0..1_000)),
            evidence: vec![id(&format!("e-{}", w.rng.random_range(0..1_000)))],
            officers: officers(w, &by),
            panel: if w.percent(80) { vec!["head".into(), "legal".into()] } else { vec![] },
            inspected: None,
            period: Period::CalendarDays(w.rng.random_range(5..40)),
            emergency: w.percent(20),
        };
        give::<seal::Seal>(w, cast, "enforcement", &text("s", cast), by, command);
    }

    pub(super) fn handle_seal(w: &mut World, cast: &Cast) {
        let command = match w.rng.random_range(0..4) {
            0 => seal::Command::Serve,
            1 => seal::Command::RecordBreaking { finding: "broken".into() },
            2 => seal::Command::Regularise {
                panel: vec!["head".into(), "legal".into()],
                upheld: w.percent(70),
            },
            _ => seal::Command::Lift { officers: officers(w, &brigade()) },
        };
        give::<seal::Seal>(w, cast, "enforcement", &text("s", cast), brigade(), command);
    }
}

mod fire {
    use investigation::{crime, determination, fire, inquiry};

    use super::*;

    pub(super) fn alarm(w: &mut World, cast: &Cast) {
        let command = fire::Command::RaiseAlarm {
            premises: cast.premises.clone(),
            area: AreaCode::parse(AREA).expect("an area"),
            unit: cast.unit.clone(),
            ignited_at: w.now - Duration::minutes(2),
            unit_knew_at: None,
        };
        give::<fire::Fire>(w, cast, "investigation", &text("f", cast), brigade(), command);
    }

    pub(super) fn report(w: &mut World, cast: &Cast) {
        use fire::Rung;
        let rungs = [Rung::Unit, Rung::County, Rung::City, Rung::Province, Rung::State];
        let from = w.rng.random_range(0..4);
        let by = actor(
            DepartmentKind::Emergency,
            ["330723", "330723", "3307", "33"][from],
            "duty",
            &[Role::Officer],
        );
        let command = fire::Command::Report { from: rungs[from], to: rungs[from + 1] };
        give::<fire::Fire>(w, cast, "investigation", &text("f", cast), by, command);
    }

    pub(super) fn casualties(w: &mut World, cast: &Cast) {
        let command = fire::Command::UpdateCasualties(fire::Totals {
            deaths: w.rng.random_range(0..13),
            serious_injuries: w.rng.random_range(0..12),
            households: w.rng.random_range(0..12),
            direct_loss_fen: w.rng.random_range(0..6_000_000_000),
            property_loss_fen: 0,
        });
        give::<fire::Fire>(w, cast, "investigation", &text("f", cast), brigade(), command);
    }

    pub(super) fn scene(w: &mut World, cast: &Cast) {
        let command = match w.rng.random_range(0..3) {
            0 => fire::Command::Extinguish,
            1 => fire::Command::CloseScene { range: "plant".into(), demands: vec![] },
            _ => fire::Command::ReleaseScene,
        };
        give::<fire::Fire>(w, cast, "investigation", &text("f", cast), brigade(), command);
    }

    pub(super) fn determine(w: &mut World, cast: &Cast) {
        use determination::Command;
        let body = body(w);
        // Few come here while the thirty days run, so appraisals are many: some world suspends them.
        let command = match w.rng.random_range(0..40) {
            27 => Command::NoteSuit { court: "court".into() },
            0..2 | 28.. => {
                Command::CommissionAppraisal { appraisal: id(&format!("a-{}", w.rng.random_range(0..3))) }
            }
            2..5 => Command::ReturnAppraisal { appraisal: id(&format!("a-{}", w.rng.random_range(0..3))) },
            5..8 => Command::Extend { document: Some("x".into()) },
            8..12 => Command::HearParties {
                cause: "welding".into(),
                present: vec![id("party-1")],
                absent: vec![],
                disputed: w.percent(50),
            },
            12..19 => Command::Issue {
                document: "d".into(),
                cause: "welding".into(),
                officers: officers(w, &body),
                simple: w.percent(10),
            },
            19..23 => Command::Serve { by_public_notice: w.percent(10) },
            _ => Command::RequestReview { party: id("party-1") },
        };
        let by = match &command {
            Command::Extend { .. } => body_head(w),
            _ => body,
        };
        give::<determination::Determination>(w, cast, "investigation", &text("f", cast), by, command);
    }

    pub(super) fn review(w: &mut World, cast: &Cast) {
        use determination::{Command, Ground, Outcome};
        let command = match w.rng.random_range(0..4) {
            0 => Command::AcceptReview { document: Some("a".into()) },
            1 => Command::RefuseReview { ground: Ground::Late, document: Some("r".into()) },
            2 => Command::ReturnFile,
            _ => {
                let outcome = if w.percent(50) { Outcome::Upheld } else { Outcome::Redetermine };
                Command::DecideReview { outcome, document: Some("c".into()) }
            }
        };
        let by = if matches!(command, Command::ReturnFile) { body(w) } else { body_head(w) };
        give::<determination::Determination>(w, cast, "investigation", &text("f", cast), by, command);
    }

    pub(super) fn inquiry(w: &mut World, cast: &Cast) {
        let by = Department::parse("government.33").expect("a department");
        let inquiry_id = text("i", cast);
        let public = match w.rng.random_range(0..3) {
            0 => Public::of(&outside::InquiryFormed {
                inquiry_id,
                fire_id: text("f", cast),
                government: by.to_string(),
                leader: "deputy".into(),
                members: vec!["emergency.33".into()],
                by_state: false,
            }),
            1 => {
                Public::of(&outside::InquiryExtensionApproved { inquiry_id, days: w.rng.random_range(1..70) })
            }
            _ => Public::of(&outside::InquiryReportApproved {
                inquiry_id,
                level: "major".into(),
                responsible_units: vec![cast.unit.to_string()],
            }),
        };
        w.speak("government", public, by, Some(cast.case.clone()));
    }

    pub(super) fn inquire(w: &mut World, cast: &Cast) {
        let command = match w.rng.random_range(0..4) {
            0 => inquiry::Command::SubmitReport { document: "r".into() },
            1 => inquiry::Command::Publish,
            2 => inquiry::Command::CommissionAppraisal { appraisal: id("b-1") },
            _ => inquiry::Command::ReturnAppraisal { appraisal: id("b-1") },
        };
        let by = emergency(&[Role::Officer]);
        give::<inquiry::Inquiry>(w, cast, "investigation", &text("i", cast), by, command);
    }

    pub(super) fn crime(w: &mut World, cast: &Cast) {
        use crime::{Article, Command};
        let articles = [Article::DangerousOperation, Article::FireLiability, Article::NegligentFire];
        let article = articles[w.rng.random_range(0..3)];
        let command = match w.rng.random_range(0..6) {
            0 => Command::AppointTeam { officers: officers(w, &province()) },
            1 => Command::Report { article, document: "t".into() },
            2 => Command::Approve,
            3 => Command::Send {
                to: Department::parse("police.33").expect("a department"),
                document: "t".into(),
            },
            4 => Command::HandOver,
            _ => Command::Close { penalty: Some(id(&text("h", cast))) },
        };
        let by = match &command {
            Command::Approve | Command::AppointTeam { .. } => province_head(),
            _ => province(),
        };
        give::<crime::Crime>(w, cast, "investigation", cast.case.as_str(), by, command);
    }

    pub(super) fn police(w: &mut World, cast: &Cast) {
        let by = Department::parse("police.33").expect("a department");
        let transfer_id = cast.case.to_string();
        let public = if w.percent(50) {
            Public::of(&outside::TransferReceived { transfer_id, receipt: "1".into() })
        } else {
            Public::of(&outside::TransferDecided { transfer_id, filed: w.percent(70), reason: "r".into() })
        };
        w.speak("police", public, by, Some(cast.case.clone()));
    }
}

mod late {
    use credit::listing;
    use enforcement::penalty;
    use reward::{budget, claim};

    use super::*;

    pub(super) fn accident_penalty(w: &mut World, cast: &Cast) {
        use penalty::Command;
        let step =
            usually(w, "enforcement", &StreamName::new("penalty", &text("q", cast)), 6, |kind| match kind {
                None => 0,
                Some("Filed" | "ActClaimed") => 1,
                Some("InvestigationConcluded") => 2,
                Some("NoticeServed") => 3,
                _ => 4,
            });
        let fine_fen = w.rng.random_range(1..12) * 100_000_000;
        let (by, command) = match step {
            0 => (
                emergency(&[Role::Officer]),
                Command::File {
                    subject: Some(penalty::Subject {
                        unit: cast.unit.clone(),
                        premises: cast.premises.clone(),
                        area: AreaCode::parse(AREA).expect("an area"),
                        act: id(&text("accident", cast)),
                        report: None,
                        reporter_ref: None,
                    }),
                    items: vec![id("safety-114")],
                    officers: officers(w, &emergency(&[Role::Officer])),
                    delegation: None,
                    accident_level: Some(Level::Major),
                    act_on: Some(law::shanghai_date(w.now - Duration::days(10))),
                    found_on: None,
                    harm: None,
                },
            ),
            1 => (
                emergency(&[Role::Officer]),
                Command::Conclude { facts: "f".into(), fine_fen, review: vec![], act_on: None, harm: None },
            ),
            2 => (
                emergency(&[Role::Officer]),
                Command::ServeNotice { document: "n".into(), defence: period(w), hearing: true },
            ),
            3 => (emergency(&[Role::Officer]), Command::WaiveDefence { document: "w".into(), hearing: true }),
            4 => (
                emergency(&[Role::Head, Role::Officer]),
                Command::Decide {
                    document: text("q", cast),
                    fine_fen,
                    panel: vec!["head".into(), "deputy".into()],
                    delegation: None,
                },
            ),
            _ => (
                emergency(&[Role::Head, Role::Officer]),
                Command::Revise { outcome: penalty::Outcome::Revoked, fine_fen: 0, document: "v".into() },
            ),
        };
        give::<penalty::Penalty>(w, cast, "enforcement", &text("q", cast), by, command);
    }

    /// Usually the step that comes next after the last event that is not a clock's, sometimes any.
    fn usually(
        w: &mut World,
        service: &str,
        stream: &StreamName,
        steps: usize,
        next: fn(Option<&str>) -> usize,
    ) -> usize {
        if w.percent(30) {
            return w.rng.random_range(0..steps);
        }
        let node = w.node(service);
        let kinds = node.streams.get(stream).into_iter().flatten().rev().map(|place| &node.log[*place].kind);
        next(kinds.map(String::as_str).find(|kind| *kind != "Clock"))
    }

    /// Some stream of a category, if the service has any.
    fn any(w: &mut World, service: &str, category: &str) -> Option<String> {
        let streams: Vec<&StreamName> =
            w.node(service).streams.keys().filter(|stream| stream.category() == category).collect();
        let ids: Vec<String> = streams.iter().map(|stream| stream.id().to_owned()).collect();
        if ids.is_empty() { None } else { Some(ids[w.rng.random_range(0..ids.len())].clone()) }
    }

    pub(super) fn listing(w: &mut World, cast: &Cast) {
        use listing::Command;
        let Some(listing) = any(w, "credit", "listing") else {
            return;
        };
        let step = usually(w, "credit", &StreamName::new("listing", &listing), 7, |kind| match kind {
            Some("LegallyReviewed") => 0,
            Some("PriorNoticeServed") => 1,
            None | Some("Proposed") => 2,
            Some("DefenceWaived" | "DefenceLapsed") => 3,
            Some("Listed") => 4,
            _ => 6,
        });
        let (by, command) = match step {
            0 => (
                emergency(&[Role::Officer]),
                Command::ServePriorNotice {
                    document: "n".into(),
                    reasons: "r".into(),
                    measures: vec!["m".into()],
                },
            ),
            1 => (emergency(&[Role::Officer]), Command::WaiveDefence { document: "w".into() }),
            2 => (
                emergency(&[Role::Legal, Role::Auditor]),
                Command::ReviewLegality { passed: w.percent(90), opinion: "o".into() },
            ),
            3 => (
                emergency(&[Role::Head, Role::Officer]),
                Command::Decide { list: w.percent(85), document: "d".into(), assessment: Some("a".into()) },
            ),
            4 => (emergency(&[Role::Officer]), Command::Publish { platforms: vec!["platform".into()] }),
            5 => (
                emergency(&[Role::Head, Role::Officer]),
                Command::RevokeRemoval { document: "x".into(), finding: "cheated".into() },
            ),
            _ => (
                emergency(&[Role::Head, Role::Officer]),
                Command::RemoveEarly {
                    document: "e".into(),
                    duties_performed: w.percent(80),
                    harm_removed: true,
                    commitment: Some("c".into()),
                },
            ),
        };
        give::<listing::Listing>(w, cast, "credit", &listing, by, command);
    }

    pub(super) fn budget(w: &mut World, cast: &Cast) {
        use budget::Command;
        let year = w.now.year();
        let key = budget::BudgetKey { area: AreaCode::parse("330723").expect("an area"), fiscal_year: year };
        let amount_fen = w.rng.random_range(5..100) * 100_000;
        let command = match w.rng.random_range(0..4) {
            0 | 1 => Command::Appropriate { key: key.clone(), amount_fen, document: "b".into() },
            2 => Command::TopUp { amount_fen, document: format!("t-{}", w.rng.random_range(0..1_000)) },
            _ => Command::Cut { amount_fen, document: format!("u-{}", w.rng.random_range(0..1_000)) },
        };
        let by = finance("treasurer", &[Role::Finance]);
        give::<budget::Budget>(w, cast, "reward", key.id().as_str(), by, command);
    }

    pub(super) fn claim(w: &mut World, cast: &Cast) {
        use claim::Command;
        let id_of = id(&text("r", cast));
        let code = claim::Code(format!("code-of-the-claim-{}", cast.number));
        let (by, command) = match w.rng.random_range(0..6) {
            0 => {
                let Some(code_hash) = claim::CodeHash::of(&id_of, &code) else {
                    return;
                };
                (clerk(), Command::IssueCode { code_hash })
            }
            1 => (finance("first", &[Role::Finance]), Command::Approve),
            2 => (finance("second", &[Role::Head]), Command::Approve),
            3 => (clerk(), Command::Prove { code }),
            4 => (finance("payer", &[Role::Finance]), Command::InstructPayment),
            _ => (
                actor(DepartmentKind::Emergency, "330723", "reward-officer", &[Role::Officer]),
                Command::RequestFunds,
            ),
        };
        give::<claim::Claim>(w, cast, "reward", id_of.as_str(), by, command);
    }

    pub(super) fn settle(w: &mut World, cast: &Cast) {
        // The finance department answers the last instruction that it can have seen.
        let instruction =
            w.node("reward").log.iter().rev().find_map(|recorded| match recorded.event::<claim::Event>() {
                Ok(claim::Event::PaymentInstructed { instruction, .. })
                    if recorded.stream.id() == text("r", cast) =>
                {
                    Some(instruction)
                }
                _ => None,
            });
        let Some(instruction) = instruction else { return };
        let message = outside::PaymentSettled {
            claim_id: text("r", cast),
            instruction: instruction.to_string(),
            paid: w.percent(70),
            reason: "account".into(),
        };
        let by = Department::parse("finance.330723").expect("a department");
        w.speak("finance", Public::of(&message), by, Some(cast.case.clone()));
    }
}

/// What happens in a case, in the order in which it usually does: the act, how often it is tried, and whether
/// the first success is enough.
const STORY: &[(Move, usize, bool)] = &[
    (late::budget, 3, false),
    (early::tip, 4, true),
    (early::open, 4, true),
    (early::inspect, 5, true),
    (early::order, 4, true),
    (early::reinspect, 6, true),
    (early::file, 4, true),
    (early::major, 3, true),
    (early::major_notice, 3, true),
    (early::report_up, 3, true),
    (early::list, 1, true),
    (early::seal, 4, true),
    (early::handle_seal, 3, false),
    (early::conclude, 4, true),
    (early::notice, 4, true),
    (early::defence, 3, false),
    (early::decide, 9, true),
    (early::publish_penalty, 3, true),
    (early::pay, 2, true),
    (late::claim, 40, false),
    (late::settle, 2, false),
    (fire::alarm, 3, true),
    (fire::report, 4, false),
    (fire::casualties, 3, false),
    (fire::scene, 3, false),
    (fire::inquiry, 4, false),
    (fire::crime, 12, false),
    (fire::police, 3, false),
    (fire::determine, 24, false),
    (fire::review, 5, false),
    (fire::inquire, 4, false),
    (early::revise, 2, true),
    (early::withdraw, 2, true),
    (late::accident_penalty, 26, false),
    (late::listing, 18, false),
    (late::settle, 1, false),
    (early::close, 2, true),
];

/// Where a case stands in the story.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    place: usize,
    tried: usize,
}

/// The next move of a case: usually the story's, sometimes any.
pub(super) fn next(w: &mut World, progress: &mut Progress) -> Move {
    if w.percent(25) || progress.place >= STORY.len() {
        return STORY[w.rng.random_range(0..STORY.len())].0;
    }
    progress.tried += 1;
    STORY[progress.place].0
}

impl Progress {
    /// What is done is done; what is refused is tried again, but not for ever.
    pub(super) fn after(&mut self, accepted: bool) {
        let Some((_, tries, once)) = STORY.get(self.place) else { return };
        if (*once && accepted) || self.tried >= *tries {
            *self = Self { place: self.place + 1, tried: 0 };
        }
    }
}

/// How much time passes before the next move: minutes, days, now and then months.
pub(super) fn pause(w: &mut World) -> Duration {
    match w.rng.random_range(0..100) {
        0..40 => Duration::minutes(w.rng.random_range(0..180)),
        40..92 => Duration::hours(w.rng.random_range(1..96)),
        92..98 => Duration::days(w.rng.random_range(5..40)),
        _ => Duration::days(w.rng.random_range(60..420)),
    }
}
