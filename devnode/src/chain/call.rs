//! `eth_call`, `eth_estimateGas` and `eth_createAccessList`.
//!
//! Source: go-ethereum `internal/ethapi/{api,transaction_args,errors}.go`,
//! `eth/gasestimator/gasestimator.go`.

use alloy_eips::{
    BlockId,
    eip2930::{AccessList, AccessListItem, AccessListResult},
};
use alloy_primitives::{Address, Bytes, KECCAK256_EMPTY, TxKind, U256};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest};
use alloy_sol_types::{Panic, Revert, SolError};
use revm::{
    context::{BlockEnv, TxEnv},
    context_interface::either::Either,
};

use super::{
    chain::{Chain, Target},
    config::Overrides,
    error::{CallError, SendError},
    node_interface,
    submit::{check_fees, check_funds, check_init_code},
    view::StateView,
};
use crate::evm::{
    Environment, ExecuteError, Execution, Message, Purpose, SEQUENCER, Status, arbos,
    on_executor_thread, precompiles,
};

/// Gas of the cheapest transaction.
const TRANSFER_GAS: u64 = 21_000;
/// Gas limit tried first when none is given.
const BLOCK_GAS: u64 = crate::evm::BLOCK_GAS_LIMIT;
/// An estimate may be too high by this share.
const ESTIMATE_ERROR: f64 = 0.015;
/// Gas that a value call hands over beside what the caller spends.
const CALL_STIPEND: u64 = 2_300;

/// A request with its prices settled.
pub(super) struct Prepared {
    tx: TxEnv,
    offered_price: U256,
    fee_cap: u128,
}

impl Prepared {
    pub(super) fn message(&self, gas_limit: u64, purpose: Purpose) -> Message {
        let tx = TxEnv {
            gas_limit,
            ..self.tx.clone()
        };
        Message {
            tx,
            offered_price: self.offered_price,
            purpose,
        }
    }
}

impl Chain {
    /// Executes a request on the state of a block, and forgets what it did.
    ///
    /// # Errors
    /// [`CallError`]: it reverted, failed, or could not begin.
    pub fn call(
        &self,
        request: &TransactionRequest,
        at: BlockId,
        overrides: &Overrides,
    ) -> Result<Bytes, CallError> {
        if let Some(answer) = node_interface::answer(self, request, at, overrides) {
            return answer;
        }
        let cap = self.config.call_gas_cap;
        let gas = request.gas.map_or(cap, |gas| gas.min(cap));
        let execution = self.prepared(request, at, overrides, |environment, view, prepared| {
            check_call_funds(view, prepared, gas)?;
            execute(environment, &prepared.message(gas, Purpose::Call))
        })?;
        outcome(execution)
    }

    /// The gas limit a request needs, by geth's search: at most 1.5 % too much.
    ///
    /// # Errors
    /// [`CallError`]: it fails whatever the limit, or needs more than is allowed or affordable.
    pub fn estimate_gas(
        &self,
        request: &TransactionRequest,
        at: BlockId,
        overrides: &Overrides,
    ) -> Result<u64, CallError> {
        let cap = self.config.call_gas_cap;
        let wanted = request
            .gas
            .filter(|gas| *gas >= TRANSFER_GAS)
            .unwrap_or(BLOCK_GAS);
        self.prepared(request, at, overrides, |environment, view, prepared| {
            let affordable = affordable_gas(view, prepared)?;
            let limit = wanted.min(affordable).min(cap);
            Search {
                environment,
                prepared,
            }
            .run(view, limit)
        })
    }

    /// The accounts and slots a request touches, and its gas with them declared in advance.
    ///
    /// # Errors
    /// [`CallError`] if the request could not begin; a failure of it is part of the answer.
    pub fn create_access_list(
        &self,
        request: &TransactionRequest,
        at: BlockId,
    ) -> Result<AccessListResult, CallError> {
        let cap = self.config.call_gas_cap;
        let gas = request.gas.map_or(cap, |gas| gas.min(cap));
        self.prepared(
            request,
            at,
            &Overrides::default(),
            |environment, view, prepared| {
                check_call_funds(view, prepared, gas)?;
                let mut message = prepared.message(gas, Purpose::Call);
                let access_list = touched(&execute(environment, &message)?, &message.tx);
                message.tx.tx_type = message.tx.tx_type.max(1);
                message.tx.access_list = access_list.clone();
                let execution = execute(environment, &message)?;
                let gas_used = U256::from(execution.gas_used);
                let error = outcome(execution).err().map(|error| error.to_string());
                Ok(AccessListResult {
                    access_list,
                    gas_used,
                    error,
                })
            },
        )
    }

    /// Resolves a request against a block, and does `work` with it on an executor thread.
    pub(super) fn prepared<T: Send>(
        &self,
        request: &TransactionRequest,
        at: BlockId,
        overrides: &Overrides,
        work: impl FnOnce(&Environment<'_>, &StateView<'_>, &Prepared) -> Result<T, CallError> + Send,
    ) -> Result<T, CallError> {
        let target = self.target(at)?;
        let mut view = self.view(target);
        if let Some(changes) = &overrides.state {
            view.override_with(changes)?;
        }
        let mut environment = self.environment(&view, target);
        if let Some(changes) = &overrides.block {
            override_block(&mut environment.block, changes)?;
        }
        let prepared = prepare(request, &mut environment.block, self.config.chain_id)?;
        on_executor_thread(|| work(&environment, &view, &prepared))
            .map_err(|error| CallError::Failed(format!("no thread to execute on: {error}")))?
    }

    /// The base fee of the block that a call at `at` sees.
    pub(super) fn base_fee_at(&self, at: BlockId) -> Result<u64, CallError> {
        let target: Target = self.target(at)?;
        Ok(self.block_env(target).basefee)
    }
}

fn override_block(block: &mut BlockEnv, changes: &BlockOverrides) -> Result<(), CallError> {
    block.number = changes.number.unwrap_or(block.number);
    block.difficulty = changes.difficulty.unwrap_or(block.difficulty);
    block.gas_limit = changes.gas_limit.unwrap_or(block.gas_limit);
    block.beneficiary = changes.coinbase.unwrap_or(block.beneficiary);
    block.prevrandao = changes.random.or(block.prevrandao);
    if let Some(time) = changes.time {
        block.timestamp = U256::from(time);
    }
    if let Some(fee) = changes.base_fee {
        let text = || CallError::InvalidParams("baseFeePerGas does not fit 64 bits".into());
        block.basefee = u64::try_from(fee).map_err(|_| text())?;
    }
    Ok(())
}

/// Fills in what the request leaves out, and settles prices: without a price the base fee is 0.
fn prepare(
    request: &TransactionRequest,
    block: &mut BlockEnv,
    chain_id: u64,
) -> Result<Prepared, CallError> {
    let caller = request.from.unwrap_or_default();
    let (fee_cap, tip) = prices(request)?;
    let offered_price = settle_price(fee_cap, tip, block, caller)?;
    let data = input(request)?;
    let kind = request.to.unwrap_or(TxKind::Create);
    check_init_code(kind, data.len())?;
    let authorizations = request.authorization_list.clone().unwrap_or_default();
    let tx = TxEnv {
        tx_type: tx_type(request),
        caller,
        gas_limit: 0,
        gas_price: block.basefee.into(),
        kind,
        value: request.value.unwrap_or_default(),
        data,
        nonce: request.nonce.unwrap_or_default(),
        chain_id: Some(chain_id),
        access_list: request.access_list.clone().unwrap_or_default(),
        gas_priority_fee: None,
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: authorizations.into_iter().map(Either::Left).collect(),
    };
    Ok(Prepared {
        tx,
        offered_price,
        fee_cap,
    })
}

/// Fee cap and tip; both 0 when no price is given.
fn prices(request: &TransactionRequest) -> Result<(u128, Option<u128>), CallError> {
    let (cap, tip) = (request.max_fee_per_gas, request.max_priority_fee_per_gas);
    match request.gas_price {
        Some(_) if cap.is_some() || tip.is_some() => Err(CallError::Failed(
            "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified".into(),
        )),
        Some(price) => Ok((price, None)),
        None => Ok((cap.unwrap_or_default(), tip)),
    }
}

fn settle_price(
    fee_cap: u128,
    tip: Option<u128>,
    block: &mut BlockEnv,
    caller: Address,
) -> Result<U256, CallError> {
    if fee_cap == 0 && tip.unwrap_or_default() == 0 {
        block.basefee = 0;
        return Ok(U256::ZERO);
    }
    let base_fee = u128::from(block.basefee);
    check_fees(fee_cap, tip, base_fee, caller)?;
    let offered = tip.map_or(fee_cap, |tip| fee_cap.min(base_fee.saturating_add(tip)));
    Ok(U256::from(offered))
}

fn input(request: &TransactionRequest) -> Result<Bytes, CallError> {
    match (&request.input.input, &request.input.data) {
        (Some(input), Some(data)) if input != data => Err(CallError::Failed(
            "both \"data\" and \"input\" are set and not equal. Please use \"input\" to pass \
             transaction call data"
                .into(),
        )),
        (Some(input), _) => Ok(input.clone()),
        (None, data) => Ok(data.clone().unwrap_or_default()),
    }
}

/// The EIP-2718 type that carries what the request has.
fn tx_type(request: &TransactionRequest) -> u8 {
    if request
        .authorization_list
        .as_ref()
        .is_some_and(|list| !list.is_empty())
    {
        return 4;
    }
    if request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some() {
        return 2;
    }
    u8::from(request.access_list.is_some())
}

pub(super) fn check_call_funds(
    view: &StateView<'_>,
    prepared: &Prepared,
    gas: u64,
) -> Result<(), CallError> {
    let Prepared { tx, fee_cap, .. } = prepared;
    let have = view.record(tx.caller).unwrap_or_default().balance;
    Ok(check_funds(have, gas, *fee_cap, tx.value, tx.caller)?)
}

fn execute(environment: &Environment<'_>, message: &Message) -> Result<Execution, CallError> {
    environment.execute(message).map_err(refused)
}

pub(super) fn refused(error: ExecuteError) -> CallError {
    CallError::Refused(error.into())
}

/// The result of an execution as a client gets it.
fn outcome(execution: Execution) -> Result<Bytes, CallError> {
    match execution.status {
        Status::Success => Ok(execution.output),
        Status::Failed(text) => Err(CallError::Failed(text)),
        Status::Reverted => Err(CallError::Reverted {
            message: revert_text(&execution.output),
            data: execution.output,
        }),
    }
}

/// `execution reverted`, with the reason if the data is one the chain knows.
fn revert_text(data: &[u8]) -> String {
    const TEXT: &str = "execution reverted";
    if let Ok(revert) = Revert::abi_decode(data) {
        return format!("{TEXT}: {}", revert.reason);
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return format!("{TEXT}: {panic}");
    }
    match precompiles::error_text(data) {
        Some(text) => format!("{TEXT}: {text}"),
        None => TEXT.into(),
    }
}

/// The gas that the sender's balance pays for; no bound without a price.
fn affordable_gas(view: &StateView<'_>, prepared: &Prepared) -> Result<u64, CallError> {
    let Prepared { tx, fee_cap, .. } = prepared;
    let (address, want) = (tx.caller, tx.value);
    let have = view.record(address).unwrap_or_default().balance;
    let Some(spare) = have.checked_sub(want) else {
        return Err(SendError::InsufficientFunds {
            address,
            have,
            want,
        }
        .into());
    };
    let gas = spare.checked_div(U256::from(*fee_cap));
    Ok(gas.map_or(u64::MAX, |gas| gas.saturating_to()))
}

/// The search for the least sufficient gas limit.
struct Search<'s, 'e> {
    environment: &'s Environment<'e>,
    prepared: &'s Prepared,
}

impl Search<'_, '_> {
    fn run(&self, view: &StateView<'_>, limit: u64) -> Result<u64, CallError> {
        if self.is_transfer(view) && limit >= TRANSFER_GAS && self.suffices(TRANSFER_GAS)? {
            return Ok(TRANSFER_GAS);
        }
        let Some(execution) = self.execute(limit)? else {
            return Err(CallError::Allowance(limit));
        };
        if execution.status == Status::Failed("out of gas".into()) {
            return Err(CallError::Allowance(limit));
        }
        let (used, peak) = (execution.gas_used, execution.gas_peak);
        outcome(execution)?;
        self.bisect(
            used.saturating_sub(1),
            limit,
            (peak + CALL_STIPEND) * 64 / 63,
        )
    }

    /// Searches between a limit that does not suffice and one that does; `guess` is tried first.
    fn bisect(&self, mut low: u64, mut high: u64, guess: u64) -> Result<u64, CallError> {
        if guess < high {
            if self.suffices(guess)? {
                high = guess;
            } else {
                low = guess;
            }
        }
        while low + 1 < high && (high - low) as f64 / high as f64 >= ESTIMATE_ERROR {
            // Most requests need little more than they use: do not look far above it.
            let middle = low.midpoint(high).min(low.saturating_mul(2));
            if self.suffices(middle)? {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(high)
    }

    fn suffices(&self, gas: u64) -> Result<bool, CallError> {
        Ok(self
            .execute(gas)?
            .is_some_and(|execution| execution.status == Status::Success))
    }

    /// `None` if the gas does not even cover the intrinsic part.
    fn execute(&self, gas: u64) -> Result<Option<Execution>, CallError> {
        match self
            .environment
            .execute(&self.prepared.message(gas, Purpose::Estimate))
        {
            Ok(execution) => Ok(Some(execution)),
            Err(ExecuteError::IntrinsicGas { .. }) => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }

    fn is_transfer(&self, view: &StateView<'_>) -> bool {
        let tx = &self.prepared.tx;
        let TxKind::Call(to) = tx.kind else {
            return false;
        };
        tx.data.is_empty() && view.record(to).unwrap_or_default().code_hash == KECCAK256_EMPTY
    }
}

/// What an execution touched, less what is warm anyway.
fn touched(execution: &Execution, tx: &TxEnv) -> AccessList {
    let target = tx.kind.to().copied();
    let free = |address: &Address| {
        *address == tx.caller
            || *address == arbos::ARBOS_STATE
            || *address == SEQUENCER
            || Some(*address) == execution.created
            || precompiles::is_precompile(address)
    };
    let mut items: Vec<_> = execution
        .state
        .iter()
        .filter(|(address, _)| !free(address))
        .map(|(address, account)| {
            let mut storage_keys: Vec<_> =
                account.storage.keys().map(|slot| (*slot).into()).collect();
            storage_keys.sort_unstable();
            AccessListItem {
                address: *address,
                storage_keys,
            }
        })
        .filter(|item| Some(item.address) != target || !item.storage_keys.is_empty())
        .collect();
    items.sort_unstable_by_key(|item| item.address);
    AccessList(items)
}
