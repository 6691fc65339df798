//! Unverified rows answer when a known key has signed for them by name, and not otherwise.

use law::{Allowance, AllowanceError, Keys, Period, RulePack, Signer, Statement};

use crate::date;

/// Keys of these tests; they sign nothing else.
const PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";
const JWKS: &str = r#"{"keys": [{"kty": "RSA", "n": "AQAB"}, {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const OTHER_PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbaDRuwRTg9bilGfNuumJqNqb9s9pkWm
-----END PRIVATE KEY-----
";

fn statement() -> Statement {
    Statement {
        pack: RulePack::builtin().version().to_owned(),
        rows: ["seal.lift_decide".to_owned(), "reward.notice".to_owned()].into(),
        reason: "read in the ministry's text of 2008".into(),
        by: "jurist-1".into(),
        until: date("2027-12-31"),
    }
}

fn signed(statement: Statement) -> Allowance {
    Signer::from_pem(PEM).unwrap().sign(statement)
}

fn allow(allowance: &Allowance) -> Result<RulePack, AllowanceError> {
    RulePack::builtin().allow(allowance, &Keys::from_jwks(JWKS).unwrap(), date("2026-11-22"))
}

#[test]
fn a_signed_allowance_lets_its_rows_answer() {
    let file = serde_json::to_string(&signed(statement())).unwrap();
    let pack = allow(&Allowance::parse(&file).unwrap()).unwrap();
    assert_eq!(pack.period("seal.lift_decide"), Ok(Period::WorkingDays(3)));
    assert!(pack.period("hazard.resume_review").is_err());
    assert!(pack.version().starts_with(&format!("{}+", RulePack::builtin().version())));
    assert_eq!(pack.base_version(), RulePack::builtin().version());
}

#[test]
fn whatever_was_changed_after_signing_breaks_the_signature() {
    let changes: [fn(&mut Statement); 5] = [
        |statement| statement.rows.extend(["hazard.resume_review".to_owned()]),
        |statement| statement.pack.push('0'),
        |statement| statement.reason.push('!'),
        |statement| statement.by = "jurist-2".into(),
        |statement| statement.until = date("2099-12-31"),
    ];
    for change in changes {
        let mut allowance = signed(statement());
        change(&mut allowance.statement);
        assert!(matches!(allow(&allowance), Err(AllowanceError::BadSignature)));
    }
    for signature in ["", "!", "AAAA"] {
        let allowance = Allowance { signature: signature.into(), ..signed(statement()) };
        assert!(matches!(allow(&allowance), Err(AllowanceError::BadSignature)));
    }
}

#[test]
fn only_a_known_key_signs() {
    let stranger = Signer::from_pem(OTHER_PEM).unwrap().sign(statement());
    assert!(matches!(allow(&stranger), Err(AllowanceError::UnknownKey { .. })));
    let posing = Allowance { key: signed(statement()).key, ..stranger };
    assert!(matches!(allow(&posing), Err(AllowanceError::BadSignature)));
    assert!(matches!(Signer::from_pem("no key"), Err(AllowanceError::BadKey { .. })));
    assert!(matches!(Keys::from_jwks("{}"), Err(AllowanceError::BadKey { .. })));
}

#[test]
fn an_allowance_is_for_one_pack_for_unverified_rows_and_for_a_time() {
    let with = |change: fn(&mut Statement)| {
        let mut statement = statement();
        change(&mut statement);
        allow(&signed(statement))
    };
    assert!(matches!(
        with(|statement| statement.pack = "CN-2025@00000000".into()),
        Err(AllowanceError::OtherPack { .. })
    ));
    assert!(matches!(
        with(|statement| statement.until = date("2026-11-21")),
        Err(AllowanceError::Ended { .. })
    ));
    assert!(with(|statement| statement.until = date("2026-11-22")).is_ok());
    for row in ["no.such", "reward.ratio"] {
        let allowance = signed(Statement { rows: [row.to_owned()].into(), ..statement() });
        assert!(matches!(allow(&allowance), Err(AllowanceError::NotUnverified { id }) if id == row));
    }
    assert!(matches!(
        with(|statement| statement.reason.clear()),
        Err(AllowanceError::Blank { field: "reason" })
    ));
    assert!(matches!(with(|statement| statement.rows.clear()), Err(AllowanceError::Blank { field: "rows" })));
    assert!(matches!(Allowance::parse("{}"), Err(AllowanceError::Unreadable(_))));
}
