//! What is read from the environment, and what is said of what is missing there.

use std::fs;

use audit::{Bucket, Site};
use servers::Scratch;

const ENVIRONMENT: [(&str, &str); 3] = [
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    ("AWS_ACCESS_KEY_ID", "key"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
];

/// What comes of a text in an environment without one of the usual variables, and with others.
fn read(text: &str, without: &str, with: &[(&str, &str)]) -> Result<String, String> {
    let usual = ENVIRONMENT.iter().filter(|(name, _)| *name != without);
    let all: Vec<_> = with.iter().chain(usual).collect();
    let var = |name: &str| all.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let bucket = Bucket::new(text, var).map_err(|error| error.to_string())?;
    Ok(format!("{bucket} {bucket:?}"))
}

#[test]
fn a_path_is_a_folder_and_s3_a_bucket() {
    assert_eq!(
        Site::parse("/srv/audit/hazard").unwrap().folder().unwrap().to_str(),
        Some("/srv/audit/hazard")
    );
    let told = read("s3://audit/logs/hazard/", "", &[]).unwrap();
    assert_eq!(told, "s3://audit/logs/hazard/ Bucket(\"s3://audit/logs/hazard/\")");
    for bad in
        ["s3://", "s3:///hazard", "s3://Audit/x", "s3://audit/a//b", "s3://audit/../x", "s3://audit/./x"]
    {
        let said = read(bad, "", &[]).unwrap_err();
        assert_eq!(said, format!("{bad:?} is not s3://BUCKET/PREFIX"));
    }
}

#[test]
fn what_is_missing_is_named() {
    let missing = |without| read("s3://audit/x", without, &[]).unwrap_err();
    assert!(missing("AWS_ENDPOINT_URL").contains("AWS_ENDPOINT_URL is not set"));
    assert!(missing("AWS_SECRET_ACCESS_KEY").contains("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"));
    let bad = read("s3://audit/x", "", &[("AWS_ENDPOINT_URL", "minio:9000")]).unwrap_err();
    assert!(bad.contains("\"minio:9000\", which is not http://HOST"), "{bad}");
}

#[test]
fn credentials_may_stand_in_a_file() {
    let scratch = Scratch::new().unwrap();
    let file = scratch.path().join("credentials");
    let text =
        "[default]\naws_access_key_id = one\n\n[audit]\naws_access_key_id=two\naws_secret_access_key = s\n";
    fs::write(&file, text).unwrap();
    let file = ("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap());
    let from_file = |more| read("s3://audit/x", "AWS_ACCESS_KEY_ID", &[file, more]);
    assert!(from_file(("AWS_PROFILE", "audit")).is_ok());
    let half = from_file(("AWS_REGION", "cn-north-4")).unwrap_err();
    assert!(half.contains("no aws_access_key_id and aws_secret_access_key under [default]"), "{half}");
    let none = read("s3://audit/x", "AWS_ACCESS_KEY_ID", &[("AWS_SHARED_CREDENTIALS_FILE", "/none")]);
    assert_eq!(none.unwrap_err(), "read the credentials in /none");
}
