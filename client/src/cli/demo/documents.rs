//! The documents that are shared.

use std::fs;

use super::samples::{self, Subject};
use super::stage::Stage;
use crate::cli::failure::{Failure, Outcome};

/// Bytes of pixels in the image stack.
const IMAGE_BYTES: u64 = 64 << 20;

const ADA: Subject = Subject {
    family: "Lovelace",
    given: "Ada",
    born: "1985-12-10",
    seed: 20_260_302,
};

/// Writes them into the stage's folder.
pub(super) fn write(stage: &Stage) -> Outcome {
    stage.scene(
        "Documents: a FHIR bundle, a letter in PDF, and 64 MiB of images in DICOM, all made up",
    );
    let write = |name: &str, bytes: Vec<u8>| {
        let path = stage.path(name);
        fs::write(&path, bytes).map_err(Failure::file(&path))
    };
    write("history.json", samples::history(&ADA, 3))?;
    write("history-2.json", samples::history(&ADA, 4))?;
    write("prescription.json", samples::prescription(&ADA))?;
    let lines = [
        "Dear colleague,",
        "thank you for taking over the care of Ada Lovelace, born 10 December 1985.",
        "She was with us for three days. The CT of the chest is without findings.",
        "Please check her glucose in four weeks.",
    ];
    write("letter.pdf", samples::letter("Discharge letter", &lines))?;
    let path = stage.path("images.dcm");
    let file = fs::File::create(&path).map_err(Failure::file(&path))?;
    samples::write_image_stack(&ADA, IMAGE_BYTES, &mut std::io::BufWriter::new(file))
        .map_err(Failure::file(&path))
}
