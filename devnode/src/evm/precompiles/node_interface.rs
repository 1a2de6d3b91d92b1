//! NodeInterface (0xc8): questions to the node, answered in `eth_call` only. There is no code on chain;
//! the chain answers what it can ([`crate::chain`]).

use alloy_primitives::{Address, address};
use alloy_sol_types::sol;

/// Where calls for it go.
pub const NODE_INTERFACE: Address = address!("0x00000000000000000000000000000000000000c8");

sol! {
    /// The methods that are answered.
    #[allow(missing_docs)]
    interface NodeInterface {
        function gasEstimateComponents(address to, bool contractCreation, bytes data) external payable returns (uint64 gasEstimate, uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFeeEstimate);
        function gasEstimateL1Component(address to, bool contractCreation, bytes data) external payable returns (uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFeeEstimate);
        function nitroGenesisBlock() external pure returns (uint256 number);
        function blockL1Num(uint64 l2BlockNum) external view returns (uint64 l1BlockNum);
    }
}
