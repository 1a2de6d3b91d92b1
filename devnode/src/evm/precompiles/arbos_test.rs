//! ArbosTest (0x69): burns gas on request.

use alloy_primitives::U256;
use alloy_sol_types::sol;

use super::call::{Call, Fault, Mutability};

sol! {
    interface ArbosTest {
        function burnArbGas(uint256 gasAmount) external pure;
    }
}

use ArbosTest::ArbosTestCalls as Methods;

pub(super) fn run(call: &mut Call<'_, '_>, input: &[u8]) -> Result<Vec<u8>, Fault> {
    call.dispatch(input, |_: &Methods| Mutability::Pure, body)
}

fn body(call: &mut Call<'_, '_>, method: Methods) -> Result<Vec<u8>, Fault> {
    let Methods::burnArbGas(arguments) = method;
    if arguments.gasAmount > U256::from(u64::MAX) {
        return Err(Fault::plain());
    }
    call.burn(arguments.gasAmount.saturating_to())?;
    Ok(Vec::new())
}
