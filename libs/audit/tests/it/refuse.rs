//! When a log must not be signed: what was published or signed is not what is there.

use std::fs;

use audit::{Connect as _, Sealing};
use merkle::KeyType;

use crate::support::*;

/// Takes the log's tables back to a size, as a restored backup would.
pub async fn restore(place: &Place, size: u64) {
    let cut = format!(
        "delete from events where position > {size}; alter table cosigned disable trigger all;
        delete from cosigned where size > {size}; alter table cosigned enable always trigger cosigned_append_only;
        delete from checkpoints where size > {size}; update head set position = {size}"
    );
    place.tamper(&cut).await;
}

async fn refusal(place: &Place) -> String {
    let mut running = Running::start(place.log.clone(), place.sealing());
    let why = running.refusal().await;
    running.stop().await;
    why
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_restored_from_an_older_backup_is_not_signed() {
    let place = Place::sealed(20, 10).await;
    let published = place.checkpoint();
    restore(&place, 10).await;
    let why = refusal(&place).await;
    assert!(why.contains("20 events was published, the database knows of 10"), "{why}");
    assert!(why.contains("restored from an older backup"), "{why}");
    assert_eq!(place.checkpoint(), published, "nothing was published in its place");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_database_that_went_on_is_not_signed_either() {
    let place = Place::sealed(20, 10).await;
    restore(&place, 10).await;
    let reopened = eventlog::Log::open(place.log.options().clone(), world()).await.unwrap();
    let place = Place { log: reopened, scratch: place.scratch };
    place.fill(30).await;
    assert!(refusal(&place).await.contains("older backup"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_log_is_not_signed() {
    let place = Place::sealed(20, 10).await;
    place.tamper("delete from events where position > 15; update head set position = 15").await;
    assert!(refusal(&place).await.contains("20 events are signed, the log ends at 15"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tiles_that_do_not_give_the_signed_root_are_not_built_upon() {
    let place = Place::sealed(20, 10).await;
    let tile = place.folder().join("tile/0/000.p/20");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[40] ^= 1;
    fs::write(&tile, bytes).unwrap();
    assert!(refusal(&place).await.contains("the tiles do not give the signed root of 20 events"));
    fs::remove_dir_all(place.folder()).unwrap();
    assert!(refusal(&place).await.contains("the tiles do not give the signed root of 20 events"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_swapped_for_a_fork_is_not_built_upon() {
    let place = Place::sealed(20, 20).await;
    let fork = Place::sealed(10, 10).await;
    fs::copy(fork.folder().join("checkpoint"), place.folder().join("checkpoint")).unwrap();
    let why = refusal(&place).await;
    assert!(why.contains("checkpoint of 10 events is not the one stored"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_signs_only_when_it_is_told_of_the_older_one() {
    let place = Place::sealed(10, 10).await;
    let (secret, _) = audit::key::generate(ORIGIN, KeyType::Ed25519).unwrap();
    let new = || std::sync::Arc::new(audit::key::parse(&secret).unwrap());
    let mut running = Running::start(place.log.clone(), Sealing { signer: new(), ..place.sealing() });
    assert!(running.refusal().await.contains("no key of this log signed it"));
    running.stop().await;
    let older_keys = vec![merkle::Signer::key(&signer()).clone()];
    let told = Sealing { signer: new(), older_keys, ..place.sealing() };
    let mut running = Running::start(place.log.clone(), told);
    place.fill(5).await;
    running.until(|status| status.sealed == 15).await;
    running.stop().await;

    let verified = async |keys| {
        let policy = merkle::Policy::new(keys, vec![], 0).unwrap();
        let mut db = place.log.options().read_only().await.unwrap();
        let asked = audit::Verify { tiles: place.tiles(), policy, saved: vec![], scope: audit::Scope::Whole };
        asked.run(Some(&mut db), |_, _| {}).await.unwrap()
    };
    let (old, new) = (merkle::Signer::key(&signer()).clone(), merkle::Signer::key(&*new()).clone());
    let both = verified(vec![old, new.clone()]).await;
    assert_eq!((both.found, both.size, both.events), (vec![], 15, 15));
    let one = verified(vec![new]).await;
    assert!(one.found[0].to_string().contains("(database, 10) cannot be trusted"), "{:?}", one.found);
}
