//! ChaCha20 (RFC 8439 section 2.4), sixteen blocks at a time in the vectors of AVX-512.
//!
//! A vector holds the same word of sixteen states, so that a quarter round needs no shuffle; a transposition at the end
//! brings the words of each block together.

use std::arch::x86_64::*;

use zeroize::Zeroize;

use super::vector::{load, store};

/// Length of a block in bytes.
const BLOCK: usize = 64;
/// Blocks that are made at once.
const LANES: u32 = 16;
/// Bytes that are made at once.
const STRIDE: usize = LANES as usize * BLOCK;
/// "expand 32-byte k" (RFC 8439 section 2.3).
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// What a key stream comes from, but for the counter.
pub(super) struct Stream<'a> {
    pub(super) key: &'a [u32; 8],
    pub(super) nonce: [u32; 3],
}

impl Stream<'_> {
    /// The one-time key of Poly1305 (RFC 8439 section 2.6): the first half of block 0.
    #[target_feature(enable = "avx512f")]
    pub(super) fn one_time_key(&self) -> [u8; 32] {
        let mut block = [0; BLOCK];
        store(&mut block, self.blocks(0)[0]);
        let mut key = [0; 32];
        key.copy_from_slice(&block[..32]);
        block.zeroize();
        key
    }

    /// Adds the key stream from block 1 on, where the text of the AEAD begins. The caller keeps to the length that
    /// the counter allows.
    #[target_feature(enable = "avx512f")]
    pub(super) fn apply(&self, text: &mut [u8]) {
        let mut counter = 1;
        let (strides, rest) = text.as_chunks_mut::<STRIDE>();
        for stride in strides {
            let stream = self.blocks(counter);
            for (place, block) in stride.as_chunks_mut().0.iter_mut().zip(stream) {
                store(place, _mm512_xor_si512(load(place), block));
            }
            counter = counter.wrapping_add(LANES);
        }
        if !rest.is_empty() {
            self.apply_short(counter, rest);
        }
    }

    /// Adds the key stream to less than a stride.
    #[target_feature(enable = "avx512f")]
    fn apply_short(&self, counter: u32, text: &mut [u8]) {
        let mut stream = [0; STRIDE];
        let blocks = self.blocks(counter);
        for (place, block) in stream.as_chunks_mut().0.iter_mut().zip(blocks) {
            store(place, block);
        }
        for (byte, key) in text.iter_mut().zip(&stream) {
            *byte ^= key;
        }
        stream.zeroize();
    }

    /// Sixteen consecutive blocks.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn blocks(&self, counter: u32) -> [__m512i; 16] {
        let start = self.start(counter);
        let mut state = start;
        for _ in 0..10 {
            state = double_round(state);
        }
        for (row, first) in state.iter_mut().zip(start) {
            for (word, first) in row.iter_mut().zip(first) {
                *word = _mm512_add_epi32(*word, first);
            }
        }
        transposed(state)
    }

    /// The states that sixteen blocks are made from (RFC 8439 section 2.3).
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn start(&self, counter: u32) -> [Row; 4] {
        let word = |word: u32| _mm512_set1_epi32(word.cast_signed());
        let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let counters = _mm512_add_epi32(word(counter), lanes);
        let [k0, k1, k2, k3, k4, k5, k6, k7] = *self.key;
        let [n0, n1, n2] = self.nonce;
        [
            CONSTANTS.map(word),
            [k0, k1, k2, k3].map(word),
            [k4, k5, k6, k7].map(word),
            [counters, word(n0), word(n1), word(n2)],
        ]
    }
}

/// Four words of sixteen states: a row of the matrix in RFC 8439 section 2.3, a lane for each state.
type Row = [__m512i; 4];

/// A column round and a diagonal round (RFC 8439 section 2.3).
#[target_feature(enable = "avx512f")]
#[inline]
fn double_round(state: [Row; 4]) -> [Row; 4] {
    let [a, [b0, b1, b2, b3], [c0, c1, c2, c3], [d0, d1, d2, d3]] = quarter_rounds(state);
    let diagonals = [a, [b1, b2, b3, b0], [c2, c3, c0, c1], [d3, d0, d1, d2]];
    let [a, [b1, b2, b3, b0], [c2, c3, c0, c1], [d3, d0, d1, d2]] = quarter_rounds(diagonals);
    [a, [b0, b1, b2, b3], [c0, c1, c2, c3], [d0, d1, d2, d3]]
}

/// Four quarter rounds (RFC 8439 section 2.1) side by side, one in each column.
#[target_feature(enable = "avx512f")]
#[inline]
fn quarter_rounds([a, b, c, d]: [Row; 4]) -> [Row; 4] {
    let (a, d) = half_step::<16>(a, b, d);
    let (c, b) = half_step::<12>(c, d, b);
    let (a, d) = half_step::<8>(a, b, d);
    let (c, b) = half_step::<7>(c, d, b);
    [a, b, c, d]
}

/// `x += y; z = (z ^ x) <<< N`.
#[target_feature(enable = "avx512f")]
#[inline]
fn half_step<const N: i32>(mut x: Row, y: Row, mut z: Row) -> (Row, Row) {
    for i in 0..4 {
        x[i] = _mm512_add_epi32(x[i], y[i]);
        z[i] = _mm512_rol_epi32::<N>(_mm512_xor_si512(z[i], x[i]));
    }
    (x, z)
}

/// From the words of sixteen blocks, row by row, to one block in each vector.
#[target_feature(enable = "avx512f")]
#[inline]
fn transposed(rows: [Row; 4]) -> [__m512i; 16] {
    let [q0, q1, q2, q3] = [
        quads(rows[0]),
        quads(rows[1]),
        quads(rows[2]),
        quads(rows[3]),
    ];
    let mut blocks = [_mm512_setzero_si512(); 16];
    for j in 0..4 {
        let low = _mm512_shuffle_i32x4::<0x44>(q0[j], q1[j]);
        let high = _mm512_shuffle_i32x4::<0xee>(q0[j], q1[j]);
        let low2 = _mm512_shuffle_i32x4::<0x44>(q2[j], q3[j]);
        let high2 = _mm512_shuffle_i32x4::<0xee>(q2[j], q3[j]);
        blocks[j] = _mm512_shuffle_i32x4::<0x88>(low, low2);
        blocks[4 + j] = _mm512_shuffle_i32x4::<0xdd>(low, low2);
        blocks[8 + j] = _mm512_shuffle_i32x4::<0x88>(high, high2);
        blocks[12 + j] = _mm512_shuffle_i32x4::<0xdd>(high, high2);
    }
    blocks
}

/// From four words of sixteen blocks: vector `j` holds in its 128-bit lane `l` the four words of block `4l + j`.
#[target_feature(enable = "avx512f")]
#[inline]
fn quads([w0, w1, w2, w3]: Row) -> Row {
    let (low, high) = (_mm512_unpacklo_epi32(w0, w1), _mm512_unpackhi_epi32(w0, w1));
    let (low2, high2) = (_mm512_unpacklo_epi32(w2, w3), _mm512_unpackhi_epi32(w2, w3));
    [
        _mm512_unpacklo_epi64(low, low2),
        _mm512_unpackhi_epi64(low, low2),
        _mm512_unpacklo_epi64(high, high2),
        _mm512_unpackhi_epi64(high, high2),
    ]
}
