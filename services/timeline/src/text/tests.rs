//! Every public message has a title, every field of one a label, and bodies read as officials write.

use std::collections::BTreeSet;

use decider::Lang;
use prost::Message;
use prost_types::{DescriptorProto, FileDescriptorSet, field_descriptor_proto::Type};
use serde_json::json;

use super::{
    department,
    field::{FIELDS, Form, SILENT},
    summary,
    title::{TITLES, title},
};

/// The public messages: every top-level message of every `events.proto`, by its type below `fenghuo.`.
fn messages() -> Vec<(String, DescriptorProto)> {
    let files = FileDescriptorSet::decode(contracts::DESCRIPTORS).unwrap().file;
    let events = files.into_iter().filter(|file| file.name().ends_with("/events.proto"));
    events
        .flat_map(|file| {
            let package = file.package().strip_prefix("fenghuo.").unwrap().to_owned();
            file.message_type
                .into_iter()
                .map(move |message| (format!("{package}.{}", message.name()), message))
        })
        .collect()
}

#[test]
fn every_public_message_has_a_title_and_nothing_else_has() {
    let public = messages().into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>();
    let titled = TITLES.iter().map(|(name, ..)| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        public.difference(&titled).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "add a title in title.rs"
    );
    assert_eq!(titled.difference(&public).collect::<Vec<_>>(), Vec::<&String>::new(), "nobody publishes it");
    assert_eq!(titled.len(), TITLES.len(), "a title stands twice");
}

#[test]
fn every_field_of_a_public_message_has_a_label() {
    let all = messages();
    let fields = all.iter().flat_map(|(_, message)| &message.field);
    let used = fields.map(|field| field.json_name().to_owned()).collect::<BTreeSet<_>>();
    let labelled = FIELDS.iter().map(|(name, ..)| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        used.difference(&labelled).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "add a label in field.rs"
    );
    assert_eq!(labelled.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "no message has it");
    assert_eq!(labelled.len(), FIELDS.len(), "a label stands twice");
}

#[test]
fn a_flag_that_says_something_when_it_is_false_speaks_although_json_leaves_it_out() {
    let says_no = |field: &str| {
        let form = FIELDS.iter().find(|(name, ..)| *name == field).map(|(.., form)| *form);
        matches!(form, Some(Form::Flag(_, [no, _])) if !no.is_empty())
    };
    let all = messages();
    let flags = all.iter().flat_map(|(name, message)| {
        let flags = message.field.iter().filter(|field| field.r#type() == Type::Bool);
        flags.map(move |field| (name.as_str(), field.json_name()))
    });
    let silent = SILENT.iter().copied().filter(|(_, field)| says_no(field)).collect::<BTreeSet<_>>();
    let flags = flags.filter(|(_, field)| says_no(field)).collect::<BTreeSet<_>>();
    assert_eq!(flags.symmetric_difference(&silent).collect::<Vec<_>>(), Vec::<&(&str, &str)>::new());
}

#[test]
fn a_private_event_is_an_internal_step() {
    assert_eq!(title("fenghuo.enforcement.private.Investigated", Lang::Zh), "内部事项 Investigated");
    assert_eq!(title("fenghuo.hazard.v1.Inspected", Lang::Zh), "监督检查");
    assert_eq!(title("fenghuo.hazard.v9.Unheard", Lang::En), "hazard.v9.Unheard");
}

#[test]
fn amounts_are_in_yuan_and_dates_of_law_are_days() {
    let body = json!({
        "penaltyId": "p-1",
        "fineFen": "750000",
        "accidentLevel": "major",
        "payBy": {"lastDay": "2023-05-17", "at": "2023-05-17T16:00:00Z", "calendar": "cn-1"},
    });
    let kind = "fenghuo.enforcement.v1.PenaltyDecided";
    assert_eq!(summary(kind, &body, Lang::Zh), "事故等级 重大，罚款 7,500.00 元，缴款期限 2023-05-17");
    assert_eq!(summary(kind, &body, Lang::En), "accident level major, fine 7,500.00 yuan, pay by 2023-05-17");
}

#[test]
fn a_period_of_hours_ends_at_a_minute() {
    let body = json!({"fireId": "f", "from": "unit", "due": {"lastDay": "2023-04-17", "at": "2023-04-17T07:04:00Z"}});
    let kind = "fenghuo.investigation.v1.ReportDue";
    assert_eq!(summary(kind, &body, Lang::Zh), "自 事故单位，期限 2023-04-17 15:04");
}

#[test]
fn what_json_leaves_out_is_said_where_it_matters() {
    assert_eq!(summary("fenghuo.hazard.v1.ReportVerified", &json!({"reportId": "r"}), Lang::Zh), "不属实");
    let alive =
        summary("fenghuo.investigation.v1.CasualtiesUpdated", &json!({"withinWindow": true}), Lang::Zh);
    assert_eq!(alive, "死亡 0 人");
}

#[test]
fn a_department_is_called_by_its_name() {
    let body = json!({"reportId": "r", "to": "town.330723103"});
    assert_eq!(
        summary("fenghuo.hazard.v1.ReportRouted", &body, Lang::Zh),
        "至 乡镇（街道）（town.330723103）"
    );
    assert_eq!(department("fire.330723", Lang::Zh), "消防救援大队");
    assert_eq!(department("fire.33", Lang::En), "fire rescue corps");
}

#[test]
fn a_long_list_is_cut_and_counted() {
    let body = json!({"facts": ["a", "b", "c", "d"]});
    let kind = "fenghuo.investigation.v1.CrimeIndicated";
    assert_eq!(summary(kind, &body, Lang::Zh), "事实 a、b、c 等 4 项");
    assert_eq!(summary(kind, &body, Lang::En), "facts a; b; c and 1 more");
}

#[test]
fn a_field_of_a_later_version_is_shown_by_its_name() {
    assert_eq!(summary("fenghuo.hazard.v1.CaseClosed", &json!({"later": "x"}), Lang::Zh), "later x");
}
