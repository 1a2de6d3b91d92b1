//! Letters as PDF 1.7 (ISO 32000-1): one page, one of the fonts every reader has.

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

/// A4 in points.
const PAGE: Rect = Rect {
    x1: 0.0,
    y1: 0.0,
    x2: 595.0,
    y2: 842.0,
};
const LEFT: f32 = 72.0;
const TOP: f32 = 760.0;
const LEADING: f32 = 18.0;
const FONT: Name = Name(b"F1");

/// A letter of one page. Lines are shown as they are: keep them within 80 characters of ASCII.
pub(crate) fn letter(title: &str, lines: &[&str]) -> Vec<u8> {
    let mut ids = (1..).map(Ref::new);
    let mut next = || ids.next().unwrap_or(Ref::new(1));
    let (catalog, pages, page, font, text, info) = (next(), next(), next(), next(), next(), next());

    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.document_info(info).title(TextStr(title));
    pdf.pages(pages).kids([page]).count(1);
    let mut sheet = pdf.page(page);
    sheet.media_box(PAGE).parent(pages).contents(text);
    sheet.resources().fonts().pair(FONT, font);
    sheet.finish();
    pdf.type1_font(font).base_font(Name(b"Helvetica"));
    pdf.stream(text, &body(title, lines));
    pdf.finish()
}

fn body(title: &str, lines: &[&str]) -> Vec<u8> {
    let mut content = Content::new();
    content
        .begin_text()
        .set_font(FONT, 16.0)
        .next_line(LEFT, TOP)
        .show(Str(title.as_bytes()));
    content.set_font(FONT, 11.0).next_line(0.0, -2.0 * LEADING);
    for line in lines {
        content.show(Str(line.as_bytes())).next_line(0.0, -LEADING);
    }
    content.end_text();
    content.finish().to_vec()
}
