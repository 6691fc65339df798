//! The bus permissions of a deployment, as deploy/nats.conf gives them: what the server refuses to whom.

use std::path::Path;

use async_nats::{ConnectOptions, Event};
use servers::{Nats, NatsOptions, Scratch};
use tokio::sync::mpsc;

const USERS: [&str; 11] = [
    "hazard",
    "enforcement",
    "investigation",
    "credit",
    "reward",
    "timeline",
    "police",
    "emergency",
    "government",
    "finance",
    "operator",
];
const PASSWORD: &str = "secret";
/// Refused to everybody but the operator, so it marks where the list of refusals ends.
const MARK: &str = "the.end";

/// The file's permissions, with one password for all: the rest of it is about containers.
fn authorization() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/nats.conf");
    let text = std::fs::read_to_string(file).unwrap();
    let block = &text[text.find("authorization {").unwrap()..];
    USERS.iter().fold(block.to_owned(), |text, user| {
        text.replace(&format!("$NATS_{}_PASSWORD", user.to_uppercase()), PASSWORD)
    })
}

async fn start(scratch: &Scratch) -> Nats {
    let options = NatsOptions { configuration: authorization(), ..Default::default() };
    Nats::start(scratch.path(), options).await.unwrap()
}

/// Those of the subjects that the server refuses to the user, in order.
async fn refused(nats: &Nats, user: &str, publishes: &[&str], subscribes: &[&str]) -> Vec<String> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let client = ConnectOptions::with_user_and_password(user.to_owned(), PASSWORD.to_owned())
        .event_callback(move |event| {
            let tell = tell.clone();
            async move {
                if let Event::ServerError(error) = event {
                    tell.send(error.to_string()).unwrap();
                }
            }
        })
        .connect(nats.url())
        .await
        .unwrap();
    for subject in subscribes {
        client.subscribe((*subject).to_owned()).await.unwrap();
    }
    for subject in publishes.iter().copied().chain([MARK]) {
        client.publish(subject.to_owned(), "".into()).await.unwrap();
    }
    client.flush().await.unwrap();
    let mut refusals = Vec::new();
    while let Some(refusal) = told.recv().await.filter(|refusal| !refusal.contains(MARK)) {
        let (_, subject) = refusal.split_once(" to \"").unwrap_or_else(|| panic!("a refusal: {refusal}"));
        refusals.push(subject.split('"').next().unwrap().to_owned());
    }
    refusals
}

#[tokio::test]
async fn everybody_publishes_below_its_own_subject_only() {
    let scratch = Scratch::new().unwrap();
    let nats = start(&scratch).await;
    for user in ["hazard", "timeline", "police", "emergency", "government", "finance"] {
        let own = format!("fenghuo.{user}.case.Closed");
        let foreign = ["fenghuo.reward.claim.Paid", "fenghuo.police2.case.Closed", "elsewhere"];
        let tried = [own.as_str(), foreign[0], foreign[1], foreign[2]];
        assert_eq!(refused(&nats, user, &tried, &[]).await, foreign, "{user}");
    }
}

#[tokio::test]
async fn nobody_listens_to_what_others_are_told() {
    let scratch = Scratch::new().unwrap();
    let nats = start(&scratch).await;
    for user in ["hazard", "police"] {
        let own = format!("_INBOX_{user}.>");
        let foreign = ["_INBOX_reward.>", "_INBOX.>", "fenghuo.>", "$JS.>"];
        let tried = [own.as_str(), foreign[0], foreign[1], foreign[2], foreign[3]];
        assert_eq!(refused(&nats, user, &[], &tried).await, foreign, "{user}");
    }
}

#[tokio::test]
async fn a_service_makes_its_own_stream_and_its_own_consumers_and_removes_no_message() {
    let scratch = Scratch::new().unwrap();
    let nats = start(&scratch).await;
    let allowed = [
        "$JS.API.STREAM.CREATE.fenghuo-credit",
        "$JS.API.STREAM.INFO.fenghuo-investigation",
        "$JS.API.CONSUMER.CREATE.fenghuo-investigation.credit",
        "$JS.API.CONSUMER.MSG.NEXT.fenghuo-investigation.credit",
        "$JS.API.CONSUMER.UNPIN.fenghuo-investigation.credit",
        "$JS.ACK.fenghuo-investigation.credit.1.2.3.4.5",
    ];
    let foreign = [
        "$JS.API.STREAM.CREATE.fenghuo-investigation",
        "$JS.API.STREAM.UPDATE.fenghuo-credit",
        "$JS.API.STREAM.DELETE.fenghuo-credit",
        "$JS.API.STREAM.PURGE.fenghuo-credit",
        "$JS.API.STREAM.MSG.DELETE.fenghuo-credit",
        "$JS.API.CONSUMER.CREATE.fenghuo-investigation.timeline",
        "$JS.ACK.fenghuo-investigation.timeline.1.2.3.4.5",
    ];
    assert_eq!(refused(&nats, "credit", &[&allowed[..], &foreign[..]].concat(), &[]).await, foreign);
}

#[tokio::test]
async fn an_outside_department_makes_no_stream_and_reads_none() {
    let scratch = Scratch::new().unwrap();
    let nats = start(&scratch).await;
    let foreign = [
        "$JS.API.STREAM.CREATE.fenghuo-police",
        "$JS.API.CONSUMER.CREATE.fenghuo-hazard.police",
        "$JS.API.DIRECT.GET.fenghuo-hazard.fenghuo.hazard.report.Received",
        "$JS.API.STREAM.MSG.GET.fenghuo-hazard",
    ];
    assert_eq!(refused(&nats, "police", &foreign, &[]).await, foreign);
}
