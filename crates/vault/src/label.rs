use uuid::Uuid;

/// The place where a sealed value is stored. The value opens only under the label it was sealed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label<'a> {
    pub table: &'a str,
    pub row: Uuid,
    pub column: &'a str,
}

/// The two things that are sealed in one envelope. They are authenticated, so that neither passes for the other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    DataKey,
    Text,
}

impl Label<'_> {
    /// What the cipher authenticates beside the sealed bytes.
    ///
    /// Fields of varying length carry their length, so that no two labels have one encoding.
    pub(crate) fn associated_data(&self, version: u8, key_id: &str, part: Part) -> Vec<u8> {
        let mut data = vec![version, part as u8];
        for field in
            [key_id.as_bytes(), self.table.as_bytes(), self.row.as_bytes(), self.column.as_bytes()]
        {
            data.extend_from_slice(&(field.len() as u64).to_be_bytes());
            data.extend_from_slice(field);
        }
        data
    }
}
