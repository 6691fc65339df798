//! Events of clients as the log holds them: `{"client":{..},"type":..,"data":..}`, one JSON value like every other
//! event, so that our own tools read it too.
//!
//! Clients send bytes. Bytes that are JSON stand in the envelope as they are, any others in base64.
//!
//! **Invariant**: data and metadata come back byte for byte.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use eventlog::foreign;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// An event as a client sent it, beside its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) id: Uuid,
    pub(crate) content_type: String,
    pub(crate) data: Bytes,
    pub(crate) metadata: Bytes,
}

#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    client: Client<'a>,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "also_null", skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    data_base64: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct Client<'a> {
    id: Uuid,
    #[serde(borrow)]
    content_type: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "also_null", skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    metadata_base64: Option<Cow<'a, str>>,
}

/// The envelope of an event: its data legible where the log can hold it so.
pub(crate) fn seal(kind: &str, sent: &Sent) -> Result<Bytes, serde_json::Error> {
    let legible = write(kind, sent, json)?;
    // What is JSON may still be nested too deeply, or hold what PostgreSQL's readers choke on.
    if eventlog::check_json(&legible).is_ok() { Ok(legible) } else { write(kind, sent, |_| None) }
}

/// What a client sent; `None` for an event of a department.
pub(crate) fn open(stored: &Bytes) -> Option<Result<Sent, serde_json::Error>> {
    foreign::is_foreign(stored).then(|| {
        let Envelope { client, data, data_base64, .. } = serde_json::from_slice(stored)?;
        Ok(Sent {
            id: client.id,
            content_type: client.content_type.into_owned(),
            data: bytes(stored, data, data_base64.as_deref())?,
            metadata: bytes(stored, client.metadata, client.metadata_base64.as_deref())?,
        })
    })
}

fn write(
    kind: &str,
    sent: &Sent,
    json: impl Fn(&[u8]) -> Option<&RawValue>,
) -> Result<Bytes, serde_json::Error> {
    let (data, data_base64) = either(&sent.data, &json);
    let (metadata, metadata_base64) = either(&sent.metadata, &json);
    let client =
        Client { id: sent.id, content_type: Cow::from(&sent.content_type), metadata, metadata_base64 };
    let envelope = Envelope { client, kind: kind.into(), data, data_base64 };
    serde_json::to_vec(&envelope).map(Bytes::from)
}

type Either<'a> = (Option<&'a RawValue>, Option<Cow<'a, str>>);

fn either<'a>(bytes: &'a [u8], json: impl Fn(&'a [u8]) -> Option<&'a RawValue>) -> Either<'a> {
    match json(bytes) {
        raw @ Some(_) => (raw, None),
        None if bytes.is_empty() => (None, None),
        None => (None, Some(STANDARD.encode(bytes).into())),
    }
}

/// A `null` is four bytes that were sent; nothing at all is what was not.
fn also_null<'de, D: Deserializer<'de>>(value: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(value).map(Some)
}

/// The bytes as JSON, if they are JSON from the first to the last.
fn json(bytes: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice::<&RawValue>(bytes).ok().filter(|raw| raw.get().len() == bytes.len())
}

fn bytes(stored: &Bytes, raw: Option<&RawValue>, base64: Option<&str>) -> Result<Bytes, serde_json::Error> {
    match (raw, base64) {
        (Some(raw), _) => Ok(stored.slice_ref(raw.get().as_bytes())),
        (None, Some(text)) => {
            STANDARD.decode(text).map(Bytes::from).map_err(<serde_json::Error as serde::de::Error>::custom)
        }
        (None, None) => Ok(Bytes::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(data: &[u8], metadata: &[u8]) -> Sent {
        let content_type = "application/json".to_owned();
        let (data, metadata) = (Bytes::copy_from_slice(data), Bytes::copy_from_slice(metadata));
        Sent { id: Uuid::now_v7(), content_type, data, metadata }
    }

    #[test]
    fn all_bytes_come_back_as_they_were() {
        let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
        let odd: [&[u8]; 12] = [
            b"",
            b" ",
            b"{}",
            b"{ \"b\":1,\n\"a\" :[1.0e2, \"\\u706b\"] }",
            b" {}",
            b"{}\n",
            b"\"\\u0000\"",
            b"\"a\0\"",
            b"\xff\xfe\x00",
            b"null",
            b"1e999",
            deep.as_bytes(),
        ];
        for data in odd {
            for metadata in odd {
                let sent = sent(data, metadata);
                let stored = seal("Filed", &sent).unwrap();
                assert_eq!(eventlog::check_json(&stored), Ok(()), "the log takes it");
                assert!(foreign::is_foreign(&stored), "and knows whose it is");
                assert_eq!(open(&stored).unwrap().unwrap(), sent);
            }
        }
    }

    #[test]
    fn json_stands_legible_in_the_log() {
        let stored = seal("Filed", &sent(br#"{"n":1}"#, b"\x00")).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&stored).unwrap();
        assert_eq!((&value["type"], &value["data"]["n"]), (&"Filed".into(), &1.into()));
        assert_eq!(value["client"]["metadata_base64"], "AA==");
    }

    #[test]
    fn an_event_of_a_department_is_none_of_a_clients() {
        assert!(open(&Bytes::from_static(br#"{"type":"Filed","data":{"client":1}}"#)).is_none());
    }
}
