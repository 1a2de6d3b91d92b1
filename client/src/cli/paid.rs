//! The answer of commands that do one thing with one person and have no more to say than what it cost.

use serde::Serialize;

use super::money::bill;
use super::output::Report;
use super::table::fields;
use crate::records::{Party, Receipt};

/// With whom, and what it cost.
#[derive(Serialize)]
pub(crate) struct Paid {
    pub(crate) person: Party,
    pub(crate) receipts: Vec<Receipt>,
}

impl Report for Paid {
    fn text(&self) -> String {
        fields(&[
            ("done for", self.person.to_string()),
            ("paid", bill(&self.receipts)),
        ])
    }
}
