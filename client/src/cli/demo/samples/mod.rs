//! Made-up documents of the kinds that a clinic has, the same for the same seed: a FHIR bundle, a letter in
//! PDF, a stack of images in DICOM. No real person is in any of them.

mod dicom;
mod fhir;
mod pdf;

pub(crate) use dicom::write_image_stack;
pub(crate) use fhir::{history, prescription};
pub(crate) use pdf::letter;

/// Who the documents are about.
pub(crate) struct Subject {
    /// Family name.
    pub(crate) family: &'static str,
    /// Given name.
    pub(crate) given: &'static str,
    /// Day of birth, ISO 8601.
    pub(crate) born: &'static str,
    /// What numbers and identifiers are drawn from.
    pub(crate) seed: u64,
}

impl Subject {
    /// A stream of numbers of its own for every use.
    fn random(&self, stream: u64) -> rand_chacha::ChaCha8Rng {
        use rand_chacha::rand_core::SeedableRng;
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(stream);
        random
    }
}

#[cfg(test)]
mod tests;
