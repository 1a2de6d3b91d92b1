//! Running one frame of a program.

use super::api::EvmApi;
use super::outcome::{Frame, Outcome};
use super::params::StylusParams;
use super::program::Program;

/// Runs `program` with all of the frame's gas turned into ink, and the rest turned back.
///
/// Start costs, pages and the floor for return data are not charged here but by
/// [`super::call_program`].
pub fn run(
    program: &Program,
    frame: &Frame,
    params: &StylusParams,
    api: &mut dyn EvmApi,
) -> Outcome {
    let _ = (program, frame, params, api);
    unimplemented!("transitional: follows in the next commits of this branch")
}
