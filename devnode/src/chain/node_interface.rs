//! Answers of NodeInterface (0xc8), which exists in calls only.

use alloy_eips::BlockId;
use alloy_primitives::{Bytes, TxKind, U256};
use alloy_rpc_types_eth::{TransactionInput, TransactionRequest};
use alloy_sol_types::{SolCall, SolInterface};

use super::{chain::Chain, config::Overrides, error::CallError};
use crate::evm::precompiles::node_interface::{
    NODE_INTERFACE,
    NodeInterface::{self, NodeInterfaceCalls},
};

/// The answer to a request, if it is for NodeInterface.
pub(super) fn answer(
    chain: &Chain,
    request: &TransactionRequest,
    at: BlockId,
    overrides: &Overrides,
) -> Option<Result<Bytes, CallError>> {
    if request.to != Some(TxKind::Call(NODE_INTERFACE)) {
        return None;
    }
    let input = request.input.input().cloned().unwrap_or_default();
    let result = match NodeInterfaceCalls::abi_decode(&input) {
        Ok(method) => run(chain, request, at, overrides, method),
        Err(_) => Err(CallError::Reverted {
            message: "execution reverted".into(),
            data: Bytes::new(),
        }),
    };
    Some(result.map(Into::into))
}

/// Nothing is charged for L1, so every L1 part is 0.
fn run(
    chain: &Chain,
    request: &TransactionRequest,
    at: BlockId,
    overrides: &Overrides,
    method: NodeInterfaceCalls,
) -> Result<Vec<u8>, CallError> {
    use NodeInterface::*;
    Ok(match method {
        NodeInterfaceCalls::gasEstimateComponents(question) => {
            let inner = described(question, request);
            let answer = gasEstimateComponentsReturn {
                gasEstimate: chain.estimate_gas(&inner, at, overrides)?,
                gasEstimateForL1: 0,
                baseFee: U256::from(chain.base_fee_at(at)?),
                l1BaseFeeEstimate: U256::ZERO,
            };
            gasEstimateComponentsCall::abi_encode_returns(&answer)
        }
        NodeInterfaceCalls::gasEstimateL1Component(_) => {
            let answer = gasEstimateL1ComponentReturn {
                gasEstimateForL1: 0,
                baseFee: U256::from(chain.base_fee_at(at)?),
                l1BaseFeeEstimate: U256::ZERO,
            };
            gasEstimateL1ComponentCall::abi_encode_returns(&answer)
        }
        NodeInterfaceCalls::nitroGenesisBlock(_) => {
            nitroGenesisBlockCall::abi_encode_returns(&U256::ZERO)
        }
        NodeInterfaceCalls::blockL1Num(question) => {
            chain.target(question.l2BlockNum.into())?;
            blockL1NumCall::abi_encode_returns(&0)
        }
    })
}

/// The transaction that a question is about, sent as the question is.
fn described(
    question: NodeInterface::gasEstimateComponentsCall,
    request: &TransactionRequest,
) -> TransactionRequest {
    let to = if question.contractCreation {
        TxKind::Create
    } else {
        TxKind::Call(question.to)
    };
    TransactionRequest {
        to: Some(to),
        input: TransactionInput::new(question.data),
        ..request.clone()
    }
}
