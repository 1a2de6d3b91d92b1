//! Tables of figures, as Markdown and as JSON.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

/// A cell: text, a number, or nothing.
pub(super) struct Cell {
    value: Value,
    shown: String,
}

impl Cell {
    /// A number shown with so many decimals; nothing for `None`.
    pub(super) fn fixed(number: Option<f64>, decimals: usize) -> Self {
        match number {
            Some(number) => Self {
                value: json!(number),
                shown: format!("{number:.decimals$}"),
            },
            None => Self::from(""),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        let value = match text {
            "" => Value::Null,
            text => json!(text),
        };
        Self {
            value,
            shown: text.to_owned(),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self {
            value: json!(number),
            shown: number.to_string(),
        }
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::from(number as u64)
    }
}

impl From<Option<u64>> for Cell {
    fn from(number: Option<u64>) -> Self {
        number.map_or_else(|| Self::from(""), Self::from)
    }
}

/// Figures with a title.
pub(super) struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    notes: Vec<String>,
}

impl Table {
    /// A table without rows.
    pub(super) fn new(title: &str, columns: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a row, a cell for each column.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let cells: Vec<Cell> = cells.into_iter().collect();
        assert_eq!(cells.len(), self.columns.len(), "{}", self.title);
        self.rows.push(cells);
    }

    /// Adds a sentence below it.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// As Markdown.
    pub(super) fn markdown(&self) -> String {
        let mut text = format!("\n## {}\n\n", self.title);
        let mut line = |cells: &mut dyn Iterator<Item = &str>| {
            text.push('|');
            for cell in cells {
                // Writing to a string does not fail.
                let _ = write!(text, " {cell} |");
            }
            text.push('\n');
        };
        line(&mut self.columns.iter().map(String::as_str));
        line(&mut (0..self.columns.len()).map(|column| if column == 0 { "---" } else { "---:" }));
        for row in &self.rows {
            line(&mut row.iter().map(|cell| cell.shown.as_str()));
        }
        for note in &self.notes {
            text.push_str(&format!("\n{note}\n"));
        }
        text
    }

    /// As JSON: the rows as objects by column.
    pub(super) fn json(&self) -> Value {
        let object = |row: &Vec<Cell>| {
            let cells = self.columns.iter().zip(row);
            Value::Object(
                cells
                    .map(|(column, cell)| (column.clone(), cell.value.clone()))
                    .collect(),
            )
        };
        let rows: Vec<Value> = self.rows.iter().map(object).collect();
        json!({"title": self.title, "rows": rows, "notes": self.notes})
    }
}

/// A time in milliseconds.
pub(super) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The one in the middle.
pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
