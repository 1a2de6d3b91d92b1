//! Payment for memory pages.

use super::hostio::{HostResult, Hostio};
use crate::stylus::entry::MAX_OPEN_PAGES;
use crate::stylus::pricing::HOSTIO_INK;

/// Opens pages and charges for them. The count is cut to 16 bits, as Nitro does before ArbOS 59.
pub(super) fn pay_for_memory_grow(io: &mut Hostio<'_, '_>, pages: u32) -> HostResult {
    let pages = pages as u16;
    if pages == 0 {
        return io.buy_ink(HOSTIO_INK);
    }
    let host = io.host();
    let before = host.api.pages();
    let after = before.with_added(pages);
    host.api.set_pages(after);
    let price = before.price(pages, host.params);
    io.buy_gas(price)?;
    if after.open > MAX_OPEN_PAGES {
        return io.exhaust();
    }
    Ok(())
}
