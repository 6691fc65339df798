//! Queries about officers and powers: each is a function over one act and the register.

use decider::{
    Department, DepartmentKind,
    authority::{Certificate, Delegation, Model},
};
use time::OffsetDateTime;

use super::{
    acts::{Act, Kind},
    query::Wrong,
    register::{Register, Standing},
};
use crate::due::beijing;

/// What each of the articles wants at least. A rule pack may want more of a decision, an auditor never less.
const OFFICERS_MIN: usize = 2;

const POWER: &str = "行政处罚法20、24";
const COERCION: &str = "行政强制法17";

/// 超出委托范围: none at all, an unknown one, another unit, item or place, a false name, or a coercive measure.
pub(super) fn outside_delegation(act: &Act, register: &Register) -> Vec<Wrong> {
    let (zh, en, unit) = (act.kind.zh(), act.kind.en(), &act.unit);
    let is_town = unit.kind == DepartmentKind::Town;
    if act.kind == Kind::Seal {
        let wrong = || {
            let zh = format!("{unit} 不得{zh}：行政强制措施权不得委托");
            Wrong::new(COERCION, zh, format!("{unit} ordered a {en}: coercive measures are not delegated"))
        };
        return is_town.then(wrong).into_iter().collect();
    }
    let Some(shown) = &act.grounds.delegation else {
        let wrong = || {
            Wrong::new(
                POWER,
                format!("{unit} 未持委托{zh}"),
                format!("{unit} acted without a delegation: {en}"),
            )
        };
        return (is_town && needs_power(act.kind)).then(wrong).into_iter().collect();
    };
    match register.standing(&shown.id, act.place.occurred_at) {
        Standing::InForce(delegation) => outside(act, delegation),
        Standing::Unknown => vec![Wrong::new(
            POWER,
            format!("{zh}所依委托 {} 从未公布", shown.id),
            format!("the {en} rests on delegation {}, which was never published", shown.id),
        )],
        // These are a matter of time, and another query's.
        Standing::NotYet | Standing::Ended { .. } => vec![],
    }
}

fn needs_power(kind: Kind) -> bool {
    matches!(kind, Kind::Inspection | Kind::Order | Kind::Reinspection | Kind::Filing | Kind::Decision)
}

fn outside(act: &Act, delegation: &Delegation) -> Vec<Wrong> {
    let (id, kind_zh, kind_en) = (&delegation.id, act.kind.zh(), act.kind.en());
    let mut wrong = Vec::new();
    let mut add = |zh: String, en: String| wrong.push(Wrong::new(POWER, zh, en));
    // The delegator decides what is decided in its own name.
    if act.unit != delegation.delegate && act.unit != delegation.delegator {
        let unit = &act.unit;
        add(
            format!("{kind_zh}：{unit} 不是委托 {id} 的受托方"),
            format!("{kind_en}: {unit} is no party to {id}"),
        );
    }
    if let Some(item) = act.grounds.item.as_ref().filter(|item| !delegation.items.contains(item)) {
        add(
            format!("{kind_zh}：事项 {item} 不在委托 {id} 的清单内"),
            format!("{kind_en}: item {item} is not on the list of {id}"),
        );
    }
    if let Some(area) = act.grounds.area.as_ref().filter(|area| !delegation.area.contains(area)) {
        add(
            format!("{kind_zh}：{area} 不在委托 {id} 的区域内"),
            format!("{kind_en}: {area} is outside the area of {id}"),
        );
    }
    if let Some((name, owed)) = act.authority.as_ref().and_then(|name| false_name(name, delegation)) {
        add(
            format!("{kind_zh}以 {name} 名义作出，依委托 {id} 应为 {owed}"),
            format!("the {kind_en} was made in the name of {name}; under {id} it is {owed}'s"),
        );
    }
    wrong
}

/// 委托 is in the delegator's name, 赋权 in the town's own.
fn false_name<'a>(
    name: &'a Department,
    delegation: &'a Delegation,
) -> Option<(&'a Department, &'a Department)> {
    let owed = match delegation.model {
        Model::Entrusted => &delegation.delegator,
        Model::Assigned => &delegation.delegate,
    };
    (name != owed).then_some((name, owed))
}

/// 委托收回之后、公布之前: an act under a delegation that had ended, or was not yet published.
pub(super) fn delegation_gap(act: &Act, register: &Register) -> Vec<Wrong> {
    let Some(shown) = &act.grounds.delegation else { return vec![] };
    // The delegator needs no delegation for what is its own.
    if act.unit == shown.delegator {
        return vec![];
    }
    let (id, zh, en) = (&shown.id, act.kind.zh(), act.kind.en());
    match register.standing(id, act.place.occurred_at) {
        Standing::NotYet => vec![Wrong::new(
            POWER,
            format!("{zh}时委托 {id} 尚未公布生效"),
            format!("at the {en} delegation {id} was not yet published and in force"),
        )],
        Standing::Ended { at, how } => {
            let told = register.told(act.place.service, id);
            let known = told.is_some_and(|told| told < act.place.recorded_at);
            let (told_zh, told_en) = told_of(told, known);
            let (since, how_zh, how_en) = (beijing(at), how.zh, how.en);
            vec![Wrong::new(
                POWER,
                format!("{zh}时委托 {id} 已于 {since} {how_zh}；{told_zh}"),
                format!("at the {en} delegation {id} had been {how_en} since {since}; {told_en}"),
            )]
        }
        Standing::InForce(_) | Standing::Unknown => vec![],
    }
}

/// Whether the acting department could know: what it did in between is to be looked at, and is no one's bad faith.
fn told_of(told: Option<OffsetDateTime>, known: bool) -> (String, String) {
    match told {
        Some(at) if known => {
            (format!("本部门自 {} 起已知", beijing(at)), format!("its log had known since {}", beijing(at)))
        }
        Some(at) => {
            (format!("本部门 {} 才获知", beijing(at)), format!("its log was told only at {}", beijing(at)))
        }
        None => ("本部门至今未获通知".to_owned(), "its log has never been told".to_owned()),
    }
}

/// 执法证过期: each certificate against the register, at the act.
pub(super) fn expired_certificate(act: &Act, register: &Register) -> Vec<Wrong> {
    let article = officers_article(act.kind);
    let check = |officer: &Certificate| {
        let number = &officer.number;
        certificate_flaw(act, officer, register).map(|(zh, en)| {
            Wrong::new(
                article,
                format!("{}：执法证 {number} {zh}", act.kind.zh()),
                format!("{}: certificate {number} {en}", act.kind.en()),
            )
        })
    };
    act.officers.iter().flatten().filter_map(check).collect()
}

fn certificate_flaw(act: &Act, officer: &Certificate, register: &Register) -> Option<(String, String)> {
    let at = act.place.occurred_at;
    let Some(known) = register.certificate(&officer.number) else {
        return Some(("从未核发".to_owned(), "was never issued".to_owned()));
    };
    let issued = &known.certificate;
    if let Some(since) = known.withdrawn.filter(|since| at >= *since) {
        let since = beijing(since);
        return Some((format!("已于 {since} 收回"), format!("had been withdrawn since {since}")));
    }
    if at < issued.from || at >= issued.until {
        let (from, until) = (beijing(issued.from), beijing(issued.until));
        let zh = format!("不在有效期内（{from} 至 {until}）");
        return Some((zh, format!("was not valid (it runs from {from} to {until})")));
    }
    (issued.department != act.unit).then(|| {
        let (of, unit) = (&issued.department, &act.unit);
        (format!("属于 {of}，不属于 {unit}"), format!("is bound to {of}, not to {unit}"))
    })
}

/// 缺少第二名执法人员: two certificates of one number are one officer.
pub(super) fn second_officer(act: &Act, _register: &Register) -> Vec<Wrong> {
    let Some(officers) = &act.officers else { return vec![] };
    let mut numbers: Vec<_> = officers.iter().map(|officer| &officer.number).collect();
    numbers.sort();
    numbers.dedup();
    let wanted = if act.kind == Kind::SimpleDetermination { 1 } else { OFFICERS_MIN };
    if numbers.len() >= wanted {
        return vec![];
    }
    let (shown, zh, en) = (numbers.len(), act.kind.zh(), act.kind.en());
    vec![Wrong::new(
        officers_article(act.kind),
        format!("{zh}仅有 {shown} 名执法人员，应不少于 {wanted} 名"),
        format!("{en} with {shown} officers where {wanted} are wanted"),
    )]
}

fn officers_article(kind: Kind) -> &'static str {
    match kind {
        Kind::Inspection | Kind::Order | Kind::Reinspection => "消防监督检查规定14",
        Kind::Filing | Kind::Decision => "行政处罚法42",
        Kind::Seal => "行政强制法18",
        Kind::Determination | Kind::SimpleDetermination => "火灾事故调查规定13、14",
        Kind::Team => "国令310号5",
    }
}
