//! Apache Parquet: columns in row groups, each of which is gathered in memory and then written.

use std::{mem, sync::Arc};

use ::parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType, Int64Type},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::parser::parse_message_type,
};
use time::OffsetDateTime;

use super::{
    part::{Hashed, PartError, Rows},
    row::Row,
};

/// Rows of a group, and their bytes unless a single one has more.
const GROUP_ROWS: usize = 4_096;
const GROUP_BYTES: usize = 8 << 20;

/// In the order of `row::COLUMNS`.
const SCHEMA: &str = "message event {
    required int64 position;
    required binary stream (STRING);
    required int64 version;
    required binary id (STRING);
    required binary type (STRING);
    required int64 occurred_at (TIMESTAMP(MICROS,true));
    required int64 recorded_at (TIMESTAMP(MICROS,true));
    required binary data (STRING);
    required binary meta (STRING);
    required binary data_sha256 (STRING);
    required binary meta_sha256 (STRING);
}";

/// A file, and the rows of the group that is being gathered.
pub(super) struct Parquet {
    writer: SerializedFileWriter<Hashed>,
    rows: Vec<Row>,
    bytes: usize,
}

impl Parquet {
    pub(super) fn new(file: Hashed) -> Result<Self, ParquetError> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let properties = WriterProperties::builder()
            .set_created_by("fenghuo".to_owned())
            .set_compression(Compression::SNAPPY)
            .build();
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties))?;
        Ok(Self { writer, rows: Vec::new(), bytes: 0 })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        self.bytes = 0;
        let rows = mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        let mut place = 0;
        while let Some(mut column) = group.next_column()? {
            write_column(&mut column, place, &rows)?;
            column.close()?;
            place += 1;
        }
        group.close().map(drop)
    }
}

impl Rows for Parquet {
    fn add(&mut self, row: Row) -> Result<(), PartError> {
        self.bytes += row.bytes();
        self.rows.push(row);
        if self.rows.len() >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
            self.write_group()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Hashed, PartError> {
        self.write_group()?;
        Ok(self.writer.into_inner()?)
    }
}

/// Writes the column at this place of the schema.
fn write_column(
    column: &mut SerializedColumnWriter<'_>,
    place: usize,
    rows: &[Row],
) -> Result<(), ParquetError> {
    let texts = |text: fn(&Row) -> String| Column::Texts(rows.iter().map(text).collect());
    let numbers = |number: fn(&Row) -> i64| Column::Numbers(rows.iter().map(number).collect());
    let column_of = match place {
        0 => numbers(|row| row.position),
        1 => texts(|row| row.stream.clone()),
        2 => numbers(|row| row.version),
        3 => texts(|row| row.id.to_string()),
        4 => texts(|row| row.kind.clone()),
        5 => numbers(|row| micros(row.occurred_at)),
        6 => numbers(|row| micros(row.recorded_at)),
        7 => texts(|row| row.data.clone()),
        8 => texts(|row| row.meta.clone()),
        9 => texts(|row| row.data_sha256.to_string()),
        _ => texts(|row| row.meta_sha256.to_string()),
    };
    column_of.write(column)
}

/// The values of a column.
enum Column {
    Numbers(Vec<i64>),
    Texts(Vec<String>),
}

impl Column {
    fn write(self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match self {
            Self::Numbers(values) => column.typed::<Int64Type>().write_batch(&values, None, None)?,
            Self::Texts(values) => {
                let values: Vec<ByteArray> =
                    values.into_iter().map(|text| text.into_bytes().into()).collect();
                column.typed::<ByteArrayType>().write_batch(&values, None, None)?
            }
        };
        Ok(())
    }
}

/// Microseconds since 1970, which is what the database keeps.
fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}
