//! Poly1305 (RFC 8439 section 2.5), eight blocks at a time with the 52-bit multiplications of AVX-512.
//!
//! A number modulo p = 2^130 - 5 is `n[0] + n[1] 2^44 + n[2] 2^88`; each limb stays far below 2^52, the width that the
//! multiplication takes. 2^132 is 20 modulo p, so a product that passes the top comes back times 20.

use std::arch::x86_64::*;

use zeroize::Zeroize;

use super::vector::load;

/// Length of a block in bytes.
const BLOCK: usize = 16;
/// Blocks that are worked on at once.
const LANES: usize = 8;
const GROUP: usize = LANES * BLOCK;
const MASK44: u64 = (1 << 44) - 1;
const MASK42: u64 = (1 << 42) - 1;

/// A number modulo p in three limbs.
type Number = [u64; 3];

/// A running authenticator. Wiped on drop.
pub(super) struct Poly1305 {
    /// r^1 to r^8.
    powers: [Number; LANES],
    pad: u128,
    sum: Number,
}

impl Poly1305 {
    /// From a one-time key: r, clamped, and s.
    pub(super) fn new(key: &[u8; 32]) -> Self {
        const CLAMP: u128 = 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
        let (r, s) = key.split_at(BLOCK);
        let word = |half: &[u8]| u128::from_le_bytes(half.try_into().expect("half of 32 bytes"));
        let r = split(word(r) & CLAMP, 0);
        let mut powers = [r; LANES];
        for i in 1..LANES {
            powers[i] = product(&powers[i - 1], &r);
        }
        Self {
            powers,
            pad: word(s),
            sum: [0; 3],
        }
    }

    /// Takes in `bytes`, filled up with zeros to whole blocks.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn update_padded(&mut self, bytes: &[u8]) {
        let (groups, rest) = bytes.as_chunks::<GROUP>();
        if let Some((first, others)) = groups.split_first() {
            self.update_groups(first, others);
        }
        for block in rest.chunks(BLOCK) {
            let mut padded = [0; BLOCK];
            padded[..block.len()].copy_from_slice(block);
            self.update_block(u128::from_le_bytes(padded));
        }
    }

    /// Takes in one block.
    pub(super) fn update_block(&mut self, block: u128) {
        let sum = added(&self.sum, &split(block, 1));
        self.sum = product(&sum, &self.powers[0]);
    }

    /// The tag.
    pub(super) fn finalize(self) -> [u8; 16] {
        joined_mod_p(&self.sum).wrapping_add(self.pad).to_le_bytes()
    }

    /// The blocks at one place of every group are summed up in a lane of their own, each group times r^8 before the next;
    /// at the end a lane is worth r^8 for the first place, down to r^1 for the last.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn update_groups(&mut self, first: &[u8; GROUP], others: &[[u8; GROUP]]) {
        let before = self
            .sum
            .map(|limb| _mm512_maskz_set1_epi64(1, limb.cast_signed()));
        let mut lanes = sums(loaded(first), before);
        let step = Factor::new([self.powers[LANES - 1]; LANES]);
        for group in others {
            lanes = sums(step.times(lanes), loaded(group));
        }
        let [p1, p2, p3, p4, p5, p6, p7, p8] = self.powers;
        let last = Factor::new([p8, p4, p7, p3, p6, p2, p5, p1]);
        let total = last
            .times(lanes)
            .map(|limb| _mm512_reduce_add_epi64(limb).cast_unsigned());
        self.sum = carried(total.map(u128::from));
    }
}

impl Drop for Poly1305 {
    fn drop(&mut self) {
        self.powers.zeroize();
        self.pad.zeroize();
        self.sum.zeroize();
    }
}

/// Eight numbers to multiply with, one in each lane.
struct Factor {
    limbs: [__m512i; 3],
    /// The upper two limbs times 20.
    folded: [__m512i; 2],
}

impl Factor {
    #[target_feature(enable = "avx512f")]
    fn new(n: [Number; LANES]) -> Self {
        let limb = |i: usize, by: u64| {
            let [a, b, c, d, e, f, g, h] = n.map(|number| (number[i] * by).cast_signed());
            _mm512_setr_epi64(a, b, c, d, e, f, g, h)
        };
        Self {
            limbs: [limb(0, 1), limb(1, 1), limb(2, 1)],
            folded: [limb(1, 20), limb(2, 20)],
        }
    }

    /// The products, with limbs below 2^44, 2^44 + 2^9 and 2^42 again.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    fn times(&self, n: [__m512i; 3]) -> [__m512i; 3] {
        let [r0, r1, r2] = self.limbs;
        let [s1, s2] = self.folded;
        let (low0, high0) = dot(n, [r0, s2, s1]);
        let (low1, high1) = dot(n, [r1, r0, s2]);
        let (low2, high2) = dot(n, [r2, r1, r0]);
        let mask44 = _mm512_set1_epi64(MASK44.cast_signed());
        let mask42 = _mm512_set1_epi64(MASK42.cast_signed());
        let sum = |a, b| _mm512_add_epi64(a, b);
        let carry = sum(_mm512_srli_epi64::<44>(low0), _mm512_slli_epi64::<8>(high0));
        let low1 = sum(low1, carry);
        let carry = sum(_mm512_srli_epi64::<44>(low1), _mm512_slli_epi64::<8>(high1));
        let low2 = sum(low2, carry);
        let carry = sum(
            _mm512_srli_epi64::<42>(low2),
            _mm512_slli_epi64::<10>(high2),
        );
        let five = sum(carry, _mm512_slli_epi64::<2>(carry));
        let low0 = sum(_mm512_and_si512(low0, mask44), five);
        let carry = _mm512_srli_epi64::<44>(low0);
        [
            _mm512_and_si512(low0, mask44),
            sum(_mm512_and_si512(low1, mask44), carry),
            _mm512_and_si512(low2, mask42),
        ]
    }
}

/// Sums of eight numbers and eight others, limb by limb.
#[target_feature(enable = "avx512f")]
#[inline]
fn sums(a: [__m512i; 3], b: [__m512i; 3]) -> [__m512i; 3] {
    [
        _mm512_add_epi64(a[0], b[0]),
        _mm512_add_epi64(a[1], b[1]),
        _mm512_add_epi64(a[2], b[2]),
    ]
}

/// `a[0] b[0] + a[1] b[1] + a[2] b[2]`: the lower 52 bits of each product added up, and the upper ones.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn dot(a: [__m512i; 3], b: [__m512i; 3]) -> (__m512i, __m512i) {
    let zero = _mm512_setzero_si512();
    let (mut low, mut high) = (zero, zero);
    for i in 0..3 {
        low = _mm512_madd52lo_epu64(low, a[i], b[i]);
        high = _mm512_madd52hi_epu64(high, a[i], b[i]);
    }
    (low, high)
}

/// Eight blocks with the bit that marks their length, in the order 0, 4, 1, 5, 2, 6, 3, 7.
#[target_feature(enable = "avx512f")]
#[inline]
fn loaded(group: &[u8; GROUP]) -> [__m512i; 3] {
    let (halves, _) = group.as_chunks::<64>();
    let (a, b) = (load(&halves[0]), load(&halves[1]));
    let (low, high) = (_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    let mask44 = _mm512_set1_epi64(MASK44.cast_signed());
    let middle = _mm512_or_si512(_mm512_srli_epi64::<44>(low), _mm512_slli_epi64::<20>(high));
    let end = _mm512_set1_epi64(1 << 40);
    [
        _mm512_and_si512(low, mask44),
        _mm512_and_si512(middle, mask44),
        _mm512_or_si512(_mm512_srli_epi64::<24>(high), end),
    ]
}

/// `low + 2^128 high` in limbs.
fn split(low: u128, high: u64) -> Number {
    let limb = |shift: u32, mask: u64| (low >> shift) as u64 & mask;
    [
        limb(0, MASK44),
        limb(44, MASK44),
        limb(88, MASK42) | high << 40,
    ]
}

fn added(a: &Number, b: &Number) -> Number {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn product(a: &Number, b: &Number) -> Number {
    let [a0, a1, a2] = a.map(u128::from);
    let [b0, b1, b2] = b.map(u128::from);
    carried([
        a0 * b0 + 20 * (a1 * b2 + a2 * b1),
        a0 * b1 + a1 * b0 + 20 * a2 * b2,
        a0 * b2 + a1 * b1 + a2 * b0,
    ])
}

/// The same number with limbs of 44, 44 (or little more) and 42 bits.
fn carried(n: [u128; 3]) -> Number {
    let [n0, n1, n2] = n;
    let n1 = n1 + (n0 >> 44);
    let n2 = n2 + (n1 >> 44);
    let n0 = (n0 & u128::from(MASK44)) + 5 * (n2 >> 42);
    let n1 = (n1 & u128::from(MASK44)) + (n0 >> 44);
    [n0 as u64 & MASK44, n1 as u64, n2 as u64 & MASK42]
}

/// The number below p, modulo 2^128.
fn joined_mod_p(n: &Number) -> u128 {
    // Twice: the first carry can leave a limb one bit too long.
    let n = carried(carried(n.map(u128::from)).map(u128::from));
    // n + 5 reaches 2^130 exactly if n is p or more.
    let plus5 = [n[0] + 5, n[1], n[2]];
    let top = plus5[2] + ((plus5[1] + (plus5[0] >> 44)) >> 44);
    let mask = 0_u64.wrapping_sub(top >> 42);
    let n = [n[0] + (5 & mask), n[1], n[2]];
    u128::from(n[0])
        .wrapping_add(u128::from(n[1]) << 44)
        .wrapping_add(u128::from(n[2]) << 88)
}
