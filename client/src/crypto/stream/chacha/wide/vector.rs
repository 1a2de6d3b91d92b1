//! Vectors of 64 bytes in memory.

use std::arch::x86_64::{__m512i, _mm512_loadu_si512, _mm512_storeu_si512};

/// The bytes as a vector.
#[target_feature(enable = "avx512f")]
#[inline]
#[expect(unsafe_code, reason = "the instruction takes a pointer")]
pub(super) fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: it reads exactly the 64 bytes of the array, whatever their alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

/// The vector as bytes.
#[target_feature(enable = "avx512f")]
#[inline]
#[expect(unsafe_code, reason = "the instruction takes a pointer")]
pub(super) fn store(bytes: &mut [u8; 64], vector: __m512i) {
    // SAFETY: it writes exactly the 64 bytes of the array, whatever their alignment.
    unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), vector) }
}
