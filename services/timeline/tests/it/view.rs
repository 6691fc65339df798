//! What the view of entries answers.

use decider::{Causation, Fact};
use serde_json::Value;
use timeline::view::{Moment, Place, Wanted, arrivals, cases};

use super::system::{NOW, START, System, everything, fact, known};

fn minute(minutes: i64) -> time::OffsetDateTime {
    START + time::Duration::minutes(minutes)
}

/// The tip (1) goes to the township, which inspects on paper that comes late (2); the brigade answers the
/// inspection (3); the police act for themselves, in private (4).
async fn told() -> System {
    let system = System::start().await;
    let town = "town.330723103".parse().unwrap();
    let tip = Fact { to: vec![town], ..fact("hazard", 1, "hotline.330723", 0, 1) };
    let inspection = fact("hazard", 2, "town.330723103", 5, 30);
    let cause = Some(Causation { log: "hazard".into(), position: 2 });
    let answer = Fact { causation: cause, ..fact("enforcement", 1, "fire.330723", 20, 40) };
    let private = Fact { body: Value::Null, ..fact("police", 1, "police.330723", 10, 10) };
    // They arrive in an order of their own.
    for fact in [answer, inspection, private, tip] {
        system.hear(&fact).await;
    }
    system
}

#[tokio::test]
async fn a_story_is_told_in_either_clock_as_of_a_moment() {
    let system = told().await;
    let recorded = system.story(&everything()).await;
    assert_eq!(recorded, ["hazard:1", "police:1", "hazard:2", "enforcement:1"]);
    let happened = system.story(&Wanted { happened: true, ..everything() }).await;
    assert_eq!(happened, ["hazard:1", "hazard:2", "police:1", "enforcement:1"]);
    // Nobody had recorded the inspection by then, but it had happened.
    let as_recorded = Moment { recorded_by: Some(minute(10)), ..Moment::default() };
    let recorded = system.story(&Wanted { moment: &as_recorded, ..everything() }).await;
    assert_eq!(recorded, ["hazard:1", "police:1"]);
    let as_happened = Moment { happened_by: Some(minute(9)), ..Moment::default() };
    let happened = system.story(&Wanted { happened: true, moment: &as_happened, ..everything() }).await;
    assert_eq!(happened, ["hazard:1", "hazard:2"]);
    let both = Moment { recorded_by: Some(minute(10)), ..as_happened };
    assert_eq!(system.story(&Wanted { moment: &both, ..everything() }).await, ["hazard:1"]);
    // The answer and the inspection were the first that the timeline heard of.
    let arrived = Moment { log_position: Some(3), ..Moment::default() };
    let arrived = system.story(&Wanted { moment: &arrived, ..everything() }).await;
    assert_eq!(arrived, ["hazard:2", "enforcement:1"]);
    system.stop().await;
}

#[tokio::test]
async fn a_department_knows_what_it_did_what_came_to_it_what_it_answered_and_what_it_was_told() {
    let system = told().await;
    let story = async |moment: Moment| system.story(&Wanted { moment: &moment, ..everything() }).await;
    let none = Vec::<String>::new();
    assert_eq!(story(known("town.330723103", None, &[])).await, ["hazard:1 addressed", "hazard:2 acted"]);
    let before = known("town.330723103", Some(minute(29)), &[]);
    assert_eq!(story(before).await, ["hazard:1 addressed"]);

    let brigade = "fire.330723";
    assert_eq!(story(known(brigade, None, &[])).await, ["hazard:2 answered", "enforcement:1 acted"]);
    assert_eq!(story(known(brigade, Some(minute(39)), &[])).await, none);

    // Its inbox had taken in the tip, and seen that the police did something.
    let inbox = known(brigade, Some(minute(39)), &[("hazard", 1), ("police", 1)]);
    assert_eq!(story(inbox.clone()).await, ["hazard:1 told"]);
    // What it knows now of what was recorded, or had happened, by then.
    let now = known(brigade, None, &[("hazard", 2)]);
    let recorded = Moment { recorded_by: Some(minute(29)), ..now.clone() };
    assert_eq!(story(recorded).await, ["hazard:1 told"]);
    let happened = Moment { happened_by: Some(minute(5)), ..now };
    assert_eq!(story(happened).await, ["hazard:1 told", "hazard:2 answered"]);
    system.stop().await;
}

#[tokio::test]
async fn cases_and_arrivals_are_told_as_of_the_same_moments() {
    let system = told().await;
    system.rows(&everything()).await;
    let ask = async |moment: Moment| {
        let mut read = system.views.read("entries").await.unwrap();
        let rows = cases(&mut read, &moment, i64::MAX, 10).await.unwrap();
        let found = arrivals(&mut read, None, &moment, 0, 10).await.unwrap();
        let places = found.iter().map(|row| format!("{}:{}", row.source, row.position)).collect::<Vec<_>>();
        let case = rows.into_iter().next();
        (case.map(|case| (case.entries, case.departments, case.last_recorded_at)), places)
    };
    let at = |minutes| Some(minute(minutes));
    let (case, places) = ask(Moment { recorded_by: at(10), ..Moment::default() }).await;
    let acted = ["hotline.330723", "police.330723"].map(str::to_owned).to_vec();
    assert_eq!(case, Some((2, acted, minute(10))));
    assert_eq!(places, ["police:1", "hazard:1"]);
    let (case, places) = ask(Moment { happened_by: at(9), ..Moment::default() }).await;
    let acted = ["hotline.330723", "town.330723103"].map(str::to_owned).to_vec();
    assert_eq!(case, Some((2, acted, minute(30))));
    assert_eq!(places, ["hazard:2", "hazard:1"]);
    let (case, places) = ask(known("police", None, &[])).await;
    assert_eq!((case.unwrap().0, places), (1, vec!["police:1".to_owned()]));
    assert_eq!(ask(known("police", at(9), &[])).await, (None, vec![]));
    let (case, places) = ask(Moment { log_position: Some(2), ..Moment::default() }).await;
    assert_eq!((case.unwrap().0, places), (1, vec!["enforcement:1".to_owned()]));
    // As of now, the list of the view and the one that is counted anew are the same.
    let mut read = system.views.read("entries").await.unwrap();
    let late = Moment { recorded_by: at(100_000), ..Moment::default() };
    let counted = cases(&mut read, &late, i64::MAX, 10).await.unwrap();
    assert_eq!(counted, cases(&mut read, &NOW, i64::MAX, 10).await.unwrap());
    drop(read);
    system.stop().await;
}

#[tokio::test]
async fn a_party_is_also_a_kind_of_department_or_a_service() {
    let system = told().await;
    let story =
        async |party: &str| system.story(&Wanted { moment: &known(party, None, &[]), ..everything() }).await;
    assert_eq!(story("town").await, ["hazard:1 addressed", "hazard:2 acted"]);
    assert_eq!(story("enforcement").await, ["hazard:2 answered", "enforcement:1 acted"]);
    assert_eq!(story("police").await, ["police:1 acted"]);
    system.stop().await;
}

#[tokio::test]
async fn equal_instants_are_told_by_source_and_position_and_pages_go_on_where_they_ended() {
    let system = System::start().await;
    for (source, position) in [("reward", 1), ("credit", 2), ("credit", 10), ("credit", 1)] {
        system.hear(&fact(source, position, "fire.330723", 0, 0)).await;
    }
    let all = ["credit:1", "credit:2", "credit:10", "reward:1"];
    assert_eq!(system.story(&everything()).await, all);
    let mut paged = Vec::new();
    let mut after: Option<Place> = None;
    loop {
        let page = system.rows(&Wanted { after: after.as_ref(), limit: 1, ..everything() }).await;
        let Some(row) = page.into_iter().next() else { break };
        paged.push(format!("{}:{}", row.source, row.position));
        after = Some(Place { at: row.recorded_at, source: row.source, position: row.position });
    }
    assert_eq!(paged, all);
    system.stop().await;
}

#[tokio::test]
async fn a_fact_that_is_told_twice_is_shown_once_with_the_moment_it_was_first_told() {
    let system = System::start().await;
    let tip = fact("hazard", 1, "hotline.330723", 0, 1);
    system.clock.set(minute(2));
    system.hear(&tip).await;
    system.clock.set(minute(90));
    system.hear(&tip).await;
    let rows = system.rows(&everything()).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].known_at, minute(2));
    assert_eq!(rows[0].recorded_at, minute(1));
    assert_eq!(rows[0].body.as_deref(), Some(r#"{"thingId":"t-1"}"#));
    system.stop().await;
}

#[tokio::test]
async fn what_belongs_to_no_case_is_kept_and_is_no_case() {
    let system = told().await;
    system.hear(&Fact { case_id: None, ..fact("enforcement", 2, "fire.330723", 0, 0) }).await;
    assert_eq!(system.story(&Wanted { case_id: "", ..everything() }).await, ["enforcement:2"]);
    let mut read = system.views.read("entries").await.unwrap();
    let cases = cases(&mut read, &NOW, i64::MAX, 10).await.unwrap();
    drop(read);
    assert_eq!(cases.len(), 1);
    assert_eq!((cases[0].case_id.as_str(), cases[0].entries), ("wuyi", 4));
    let departments = ["fire.330723", "hotline.330723", "police.330723", "town.330723103"];
    assert_eq!(cases[0].departments, departments);
    assert_eq!((cases[0].first_occurred_at, cases[0].last_recorded_at), (minute(0), minute(40)));
    system.stop().await;
}

#[tokio::test]
async fn a_rebuilt_view_equals_the_living_one() {
    let system = told().await;
    for position in 3..300 {
        system.hear(&fact("hazard", position, "town.330723103", 0, 50)).await;
    }
    let head = system.log.head().await.unwrap().position;
    system.views.wait_for("entries", head, std::time::Duration::from_secs(30)).await.unwrap();
    let rebuilt = system.views.rebuild("entries", |_| ()).await.unwrap();
    assert_eq!(rebuilt.is_equal(), Some(true), "{rebuilt:?}");
    system.stop().await;
}
