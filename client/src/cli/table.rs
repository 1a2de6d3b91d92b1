//! Tables and lists of fields, for people.

use comfy_table::CellAlignment;
use comfy_table::presets::NOTHING;

use super::output::plain;

/// Columns with a heading each, aligned by what they take on the screen.
pub(crate) struct Table(comfy_table::Table);

impl Table {
    pub(crate) fn new<'a>(headings: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(NOTHING)
            .set_header(headings.into_iter().map(str::to_uppercase));
        Self(table)
    }

    /// Aligns columns of numbers to the right.
    pub(crate) fn align_right(&mut self, columns: &[usize]) {
        for column in columns {
            if let Some(column) = self.0.column_mut(*column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }

    /// Adds a row; every cell is made safe to print.
    pub(crate) fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.0
            .add_row(cells.into_iter().map(|cell| plain(cell.as_ref())));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The table, or `nothing` where it has no rows.
    pub(crate) fn text_or(&self, nothing: &str) -> String {
        if self.is_empty() {
            format!("{nothing}\n")
        } else {
            self.text()
        }
    }

    /// The table, without the space before its first column and those at the ends of lines.
    pub(crate) fn text(&self) -> String {
        let trim =
            |line: String| format!("{}\n", line.strip_prefix(' ').unwrap_or(&line).trim_end());
        self.0.lines().map(trim).collect()
    }
}

/// Lines of `name  value`, the names padded to the longest.
pub(crate) fn fields<S: AsRef<str>>(rows: &[(&str, S)]) -> String {
    let width = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or_default();
    rows.iter()
        .map(|(name, value)| format!("{name:width$}  {}\n", plain(value.as_ref())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_cells_are_safe() {
        let mut table = Table::new(["name", "id"]);
        assert_eq!(table.text_or("nobody"), "nobody\n");
        table.row(["Ada", "1"]);
        table.row(["李\u{1b}", "22"]);
        assert_eq!(table.text(), "NAME  ID\nAda   1\n李\u{fffd}   22\n");
    }

    #[test]
    fn fields_are_aligned() {
        assert_eq!(fields(&[("a", "1"), ("long", "2")]), "a     1\nlong  2\n");
    }
}
