//! Memory pages: their prices, their counters, growing.

use chartseal_devnode::stylus::api::Pages;
use chartseal_devnode::stylus::{MAX_OPEN_PAGES, Outcome, Status, StylusParams, exponential_price};

use crate::chain::Chain;
use crate::probe::GAS;

/// The exponential part of the price of 0 to 128 pages, as Nitro's table has it.
const TABLE: [u64; 129] = [
    1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9, 11, 12, 14, 17, 19, 22, 25, 29, 33, 38,
    43, 50, 57, 65, 75, 85, 98, 112, 128, 147, 168, 193, 221, 253, 289, 331, 379, 434, 497, 569,
    651, 745, 853, 976, 1117, 1279, 1463, 1675, 1917, 2194, 2511, 2874, 3290, 3765, 4309, 4932,
    5645, 6461, 7395, 8464, 9687, 11087, 12689, 14523, 16621, 19024, 21773, 24919, 28521, 32642,
    37359, 42758, 48938, 56010, 64104, 73368, 83971, 96106, 109994, 125890, 144082, 164904, 188735,
    216010, 247226, 282953, 323844, 370643, 424206, 485509, 555672, 635973, 727880, 833067, 953456,
    1091243, 1248941, 1429429, 1636000, 1872423, 2143012, 2452704, 2807151, 3212820, 3677113,
    4208502, 4816684, 5512756, 6309419, 7221210, 8264766, 9459129, 10826093, 12390601, 14181199,
    16230562, 18576084, 21260563, 24332984, 27849408, 31873999,
];

#[test]
fn the_formula_gives_the_table() {
    for (pages, price) in (0..).zip(TABLE) {
        assert_eq!(exponential_price(pages), price, "{pages} pages");
    }
    assert_eq!(exponential_price(129), u64::MAX);
    assert_eq!(exponential_price(u16::MAX), u64::MAX);
}

#[test]
fn any_steps_to_the_limit_cost_the_same() {
    let params = StylusParams::default();
    for step in [1u16, 2, 4, 8, 16, 32, 64, 128] {
        let (mut pages, mut total) = (Pages::default(), 0);
        for _ in 0..128 / step {
            total += pages.price(step, &params);
            pages = pages.with_added(step);
        }
        assert_eq!(total, 31_999_998, "in steps of {step}");
    }
}

#[test]
fn free_pages_and_pages_given_back() {
    let params = StylusParams::default();
    assert_eq!(Pages::default().price(2, &params), 0);
    assert_eq!(Pages::default().price(3, &params), 1_000);
    let given_back = Pages { open: 1, ever: 128 };
    assert_eq!(
        given_back.price(10, &params),
        9_000,
        "only the linear part is paid again"
    );
    let beyond = Pages {
        open: 128,
        ever: 128,
    }
    .price(1, &params);
    assert_eq!(
        beyond,
        u64::MAX - TABLE[128] + 1_000,
        "past 128 pages nobody can pay"
    );
    assert_eq!(
        Pages {
            open: u16::MAX,
            ever: u16::MAX
        }
        .price(9, &params),
        0
    );
}

fn grower(memory: &str, pages: u32) -> String {
    format!(
        r#"(module
            (import "vm_hooks" "pay_for_memory_grow" (func $pay (param i32)))
            (memory (export "memory") {memory})
            (func (export "user_entrypoint") (param i32) (result i32)
                (memory.grow (i32.const {pages}))))"#
    )
}

/// Runs at one ink per gas; answers with the outcome and the ink beside the blocks of [`grower`].
fn grow(chain: &mut Chain, memory: &str, pages: u32) -> (Outcome, u64) {
    chain.params.ink_price = 1;
    let outcome = chain.run_wat(&grower(memory, pages), b"", GAS);
    let one_block = 2_450 + 1 + 8_050 + 1;
    let ink = GAS - outcome.gas_left - one_block;
    (outcome, ink)
}

#[test]
fn growing_is_paid_for() {
    let mut chain = Chain::new();
    chain.pages = Pages { open: 1, ever: 1 };
    let (outcome, ink) = grow(&mut chain, "1 200", 100);
    assert_eq!(ink, 932_066);
    // The program returns the old size, 1, which is a revert.
    assert_eq!(outcome.status, Status::Revert);
    assert_eq!(
        chain.pages,
        Pages {
            open: 101,
            ever: 101
        }
    );
}

#[test]
fn growing_by_nothing_costs_a_host_function() {
    let (outcome, ink) = grow(&mut Chain::new(), "0", 0);
    assert_eq!((outcome.status, ink), (Status::Success, 8_400));
}

#[test]
fn a_failed_growth_is_paid_for_too() {
    let mut chain = Chain::new();
    let (outcome, ink) = grow(&mut chain, "0 4", 5);
    assert_eq!(outcome.status, Status::Revert, "memory.grow gives -1");
    assert_eq!(
        ink,
        3_000 + 1 - 1,
        "three pages past the free ones, E[5] - E[0]"
    );
    assert_eq!(chain.pages, Pages { open: 5, ever: 5 });
}

#[test]
fn fixed_memory_grows_for_nothing() {
    let (outcome, ink) = grow(&mut Chain::new(), "1 1", 3);
    assert_eq!((outcome.status, ink), (Status::Revert, 0));
    let (_, ink) = grow(&mut Chain::new(), "1 1", 0);
    assert_eq!(ink, 0);
}

#[test]
fn past_the_limit_there_is_no_price() {
    let mut chain = Chain::new();
    let (outcome, _) = grow(&mut chain, "0", 129);
    assert_eq!((outcome.status, outcome.gas_left), (Status::OutOfInk, 0));
    assert_eq!(
        chain.pages.ever, 129,
        "what was opened counts although the frame died"
    );
}

/// 65536 pages are counted as none. Nitro's engine may then hand out 4 GiB; here the growth fails.
#[test]
fn a_count_past_sixteen_bits_is_cut() {
    let (outcome, ink) = grow(&mut Chain::new(), "0", 65_536);
    assert_eq!((outcome.status, ink), (Status::Revert, 8_400));
    let (_, ink) = grow(&mut Chain::new(), "0", 65_539);
    assert_eq!(ink, 1_000, "counted as three pages");
}

/// A frame that died may leave `ever` so high that further pages cost only the linear part.
#[test]
fn a_transaction_cannot_exhaust_memory() {
    let mut chain = Chain::new();
    chain.pages = Pages {
        open: 0,
        ever: u16::MAX,
    };
    let most = u32::from(MAX_OPEN_PAGES);
    let (outcome, ink) = grow(&mut chain, "0", most);
    assert_eq!(
        (outcome.status, ink),
        (Status::Success, 1_000 * u64::from(most - 2))
    );
    chain.pages = Pages {
        open: 0,
        ever: u16::MAX,
    };
    let (outcome, _) = grow(&mut chain, "0", most + 1);
    assert_eq!(outcome.status, Status::OutOfInk);
}

#[test]
fn the_largest_memory_is_usable_and_zero() {
    let wat = r#"(module
        (memory (export "memory") 128 128)
        (func (export "user_entrypoint") (param i32) (result i32)
            (i64.store (i32.const 8388600) (i64.const -1))
            (i32.or
                (i32.load (i32.const 4194304))
                (i32.ne (i32.load (i32.const 8388604)) (i32.const -1)))))"#;
    assert_eq!(Chain::new().run_wat(wat, b"", GAS).status, Status::Success);
}

/// A word at `at`; the program's memory has one page.
fn touch(at: u32) -> Status {
    let wat = format!(
        r#"(module (memory (export "memory") 1 1)
            (func (export "user_entrypoint") (param i32) (result i32)
                (i64.load (i32.const {at})) drop i32.const 0))"#
    );
    Chain::new().run_wat(&wat, b"", GAS).status
}

#[test]
fn memory_ends_where_it_ends() {
    assert_eq!(touch(65_528), Status::Success);
    assert_eq!(touch(65_529), Status::Failure);
    assert_eq!(touch(u32::MAX), Status::Failure);
}
