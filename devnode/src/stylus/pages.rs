//! Prices of memory pages.

use super::api::Pages;
use super::params::StylusParams;
use super::pricing::{PAGE_EXPONENT_BASE, PAGE_EXPONENT_SPAN};

/// The exponential part of the price of ever having held `pages` pages, in gas.
///
/// `E[p] = floor(exp(p * ln(31874000) / 128))`, `u64::MAX` past 128 pages.
/// Source: Nitro `arbos/programs/memory.go`.
pub fn exponential_price(pages: u16) -> u64 {
    if pages > PAGE_EXPONENT_SPAN {
        return u64::MAX;
    }
    let slope = PAGE_EXPONENT_BASE.ln() / f64::from(PAGE_EXPONENT_SPAN);
    (f64::from(pages) * slope).exp() as u64
}

impl Pages {
    /// Counters after `new` more pages are opened.
    pub fn with_added(self, new: u16) -> Self {
        let open = self.open.saturating_add(new);
        Self {
            open,
            ever: self.ever.max(open),
        }
    }

    /// Gas of opening `new` more pages: linear in the pages open beyond the free ones, exponential in
    /// the most ever open.
    pub fn price(self, new: u16, params: &StylusParams) -> u64 {
        let after = self.with_added(new);
        if after.ever <= params.free_pages {
            return 0;
        }
        let paid = |open: u16| u64::from(open.saturating_sub(params.free_pages));
        let linear = (paid(after.open) - paid(self.open)) * u64::from(params.page_gas);
        let expand = exponential_price(after.ever) - exponential_price(self.ever);
        linear.saturating_add(expand)
    }
}
