//! Event ids on the wire: as text or as two halves, whichever the client asks for.

use uuid::Uuid;

use crate::wire::event_store::client::{self as shared, uuid::Halves, uuid::Value};

/// The form in which a client wants ids. Python drops events whose ids have another form than it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Halves,
}

/// The id in the form asked for.
pub(crate) fn write(id: Uuid, form: Form) -> shared::Uuid {
    let value = match form {
        Form::Text => Value::Text(id.hyphenated().to_string()),
        Form::Halves => {
            let (high, low) = id.as_u64_pair();
            Value::Halves(Halves { high: high.cast_signed(), low: low.cast_signed() })
        }
    };
    shared::Uuid { value: Some(value) }
}

/// The id in either form; `None` if it is none.
pub(crate) fn read(id: Option<&shared::Uuid>) -> Option<Uuid> {
    match id?.value.as_ref()? {
        Value::Text(text) => Uuid::parse_str(text).ok(),
        Value::Halves(halves) => {
            Some(Uuid::from_u64_pair(halves.high.cast_unsigned(), halves.low.cast_unsigned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_the_same_meaning_in_both_forms() {
        let id = Uuid::parse_str("80010203-0405-0607-f809-0a0b0c0d0e0f").unwrap();
        for form in [Form::Text, Form::Halves] {
            assert_eq!(read(Some(&write(id, form))), Some(id));
        }
        let Some(Value::Halves(halves)) = write(id, Form::Halves).value else { panic!("not in halves") };
        // The halves are those of the sixteen bytes in network order, as signed numbers.
        assert_eq!(
            halves,
            Halves {
                high: 0x8001_0203_0405_0607_u64.cast_signed(),
                low: 0xf809_0a0b_0c0d_0e0f_u64.cast_signed()
            }
        );
    }
}
