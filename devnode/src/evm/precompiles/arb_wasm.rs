//! ArbWasm (0x71): activation of Stylus programs, and what is known about them.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolInterface, sol};
use revm::{context::ContextTr, context_interface::JournalTr};

use super::{
    super::{
        arbos::{self, Field, Inactive, ProgramRecord, hours_since_start, map_slot},
        peek,
    },
    call::{Call, Fault, Mutability, READ_GAS},
    data_pricer,
};
use crate::stylus::{
    Activated, ActivationError, ActivationParams, StylusParams, activate, cached_init_gas, code,
    init_gas, pricing,
};

sol! {
    interface ArbWasm {
        event ProgramActivated(bytes32 indexed codehash, bytes32 moduleHash, address program, uint256 dataFee, uint16 version);
        event ProgramLifetimeExtended(bytes32 indexed codehash, uint256 dataFee);

        error ProgramNotWasm();
        error ProgramNotActivated();
        error ProgramNeedsUpgrade(uint16 version, uint16 stylusVersion);
        error ProgramExpired(uint64 ageInSeconds);
        error ProgramUpToDate();
        error ProgramKeepaliveTooSoon(uint64 ageInSeconds);
        error ProgramInsufficientValue(uint256 have, uint256 want);

        function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);
        function stylusVersion() external view returns (uint16 version);
        function codehashVersion(bytes32 codehash) external view returns (uint16 version);
        function codehashKeepalive(bytes32 codehash) external payable;
        function codehashAsmSize(bytes32 codehash) external view returns (uint32 size);
        function programVersion(address program) external view returns (uint16 version);
        function programInitGas(address program) external view returns (uint64 gas, uint64 gasWhenCached);
        function programMemoryFootprint(address program) external view returns (uint16 footprint);
        function programTimeLeft(address program) external view returns (uint64 _secs);
        function inkPrice() external view returns (uint32 price);
        function maxStackDepth() external view returns (uint32 depth);
        function freePages() external view returns (uint16 pages);
        function pageGas() external view returns (uint16 gas);
        function pageRamp() external view returns (uint64 ramp);
        function pageLimit() external view returns (uint16 limit);
        function minInitGas() external view returns (uint64 gas, uint64 cached);
        function initCostScalar() external view returns (uint64 percent);
        function expiryDays() external view returns (uint16 _days);
        function keepaliveDays() external view returns (uint16 _days);
        function blockCacheSize() external view returns (uint16 count);
    }
}

use ArbWasm::ArbWasmCalls as Methods;

/// Gas of any activation, whatever the module. Source: Nitro `precompiles/ArbWasm.go`.
const ACTIVATION_GAS: u64 = 1_659_168;
/// Gas of reading all Stylus parameters.
pub(super) const PARAMS_GAS: u64 = 100;
/// Gas of looking up the code hash of an account.
pub(super) const CODE_HASH_GAS: u64 = 2_600;

pub(super) fn run(call: &mut Call<'_, '_>, input: &[u8]) -> Result<Vec<u8>, Fault> {
    call.dispatch(input, mutability, body)
}

fn mutability(method: &Methods) -> Mutability {
    match method {
        Methods::activateProgram(_) | Methods::codehashKeepalive(_) => Mutability::Payable,
        _ => Mutability::View,
    }
}

fn body(call: &mut Call<'_, '_>, method: Methods) -> Result<Vec<u8>, Fault> {
    match method {
        Methods::activateProgram(arguments) => activate_program(call, arguments.program),
        Methods::codehashKeepalive(arguments) => keep_alive(call, arguments.codehash),
        Methods::codehashVersion(arguments) => {
            let (_, record) = active(call, arguments.codehash)?;
            Ok(ArbWasm::codehashVersionCall::abi_encode_returns(
                &record.version,
            ))
        }
        Methods::codehashAsmSize(arguments) => {
            let (_, record) = active(call, arguments.codehash)?;
            Ok(ArbWasm::codehashAsmSizeCall::abi_encode_returns(
                &record.costs.asm_bytes,
            ))
        }
        other => program_value(call, &other),
    }
}

/// What is asked of a program by its address; other methods ask for parameters.
fn program_value(call: &mut Call<'_, '_>, method: &Methods) -> Result<Vec<u8>, Fault> {
    use ArbWasm::*;
    Ok(match method {
        Methods::programVersion(arguments) => {
            let (_, record) = active_at(call, arguments.program)?;
            programVersionCall::abi_encode_returns(&record.version)
        }
        Methods::programMemoryFootprint(arguments) => {
            let (_, record) = active_at(call, arguments.program)?;
            programMemoryFootprintCall::abi_encode_returns(&record.costs.footprint)
        }
        Methods::programTimeLeft(arguments) => {
            let (params, record) = active_at(call, arguments.program)?;
            programTimeLeftCall::abi_encode_returns(&record.time_left(call.now(), &params))
        }
        Methods::programInitGas(arguments) => {
            let (params, record) = active_at(call, arguments.program)?;
            let cached = cached_init_gas(&record.costs, &params);
            let gas = init_gas(&record.costs, &params) + cached;
            let answer = programInitGasReturn {
                gas,
                gasWhenCached: cached,
            };
            programInitGasCall::abi_encode_returns(&answer)
        }
        parameter => {
            let params = load_params(call)?;
            parameter_value(parameter, &params)
        }
    })
}

fn parameter_value(method: &Methods, params: &StylusParams) -> Vec<u8> {
    use ArbWasm::*;
    match method {
        Methods::inkPrice(_) => inkPriceCall::abi_encode_returns(&params.ink_price),
        Methods::maxStackDepth(_) => maxStackDepthCall::abi_encode_returns(&params.max_stack_depth),
        Methods::freePages(_) => freePagesCall::abi_encode_returns(&params.free_pages),
        Methods::pageGas(_) => pageGasCall::abi_encode_returns(&params.page_gas),
        Methods::pageRamp(_) => pageRampCall::abi_encode_returns(&pricing::PAGE_RAMP),
        Methods::pageLimit(_) => pageLimitCall::abi_encode_returns(&params.page_limit),
        Methods::minInitGas(_) => minInitGasCall::abi_encode_returns(&minInitGasReturn {
            gas: u64::from(params.min_init_gas) * pricing::MIN_INIT_UNIT,
            cached: u64::from(params.min_cached_init_gas) * pricing::MIN_CACHED_INIT_UNIT,
        }),
        Methods::initCostScalar(_) => {
            let percent = u64::from(params.init_cost_scalar) * pricing::COST_SCALAR_PERCENT;
            initCostScalarCall::abi_encode_returns(&percent)
        }
        Methods::expiryDays(_) => expiryDaysCall::abi_encode_returns(&params.expiry_days),
        Methods::keepaliveDays(_) => keepaliveDaysCall::abi_encode_returns(&params.keepalive_days),
        Methods::blockCacheSize(_) => {
            blockCacheSizeCall::abi_encode_returns(&params.block_cache_size)
        }
        // The methods about programs are answered before; what is left is the version.
        _ => stylusVersionCall::abi_encode_returns(&params.version),
    }
}

/// The Stylus parameters, paid for.
pub(super) fn load_params(call: &mut Call<'_, '_>) -> Result<StylusParams, Fault> {
    call.burn(PARAMS_GAS)?;
    Ok(arbos::stylus_params(call.ctx))
}

/// The record of a code hash, paid for.
pub(super) fn load_record(
    call: &mut Call<'_, '_>,
    code_hash: B256,
) -> Result<ProgramRecord, Fault> {
    call.burn(READ_GAS)?;
    Ok(ProgramRecord::load(call.ctx, code_hash))
}

/// The code hash of an account, paid for. Does not warm the account.
pub(super) fn code_hash_of(call: &mut Call<'_, '_>, program: Address) -> Result<B256, Fault> {
    call.burn(CODE_HASH_GAS)?;
    Ok(peek::account(call.ctx, program).map_or(B256::ZERO, |info| info.code_hash))
}

fn active(
    call: &mut Call<'_, '_>,
    code_hash: B256,
) -> Result<(StylusParams, ProgramRecord), Fault> {
    let params = load_params(call)?;
    let record = load_record(call, code_hash)?;
    match record.active(call.now(), &params) {
        Ok(record) => Ok((params, record)),
        Err(inactive) => Err(inactive_error(call, inactive)),
    }
}

fn active_at(
    call: &mut Call<'_, '_>,
    program: Address,
) -> Result<(StylusParams, ProgramRecord), Fault> {
    let code_hash = code_hash_of(call, program)?;
    active(call, code_hash)
}

/// The custom error that says why a program is not active.
pub(super) fn inactive_error(call: &mut Call<'_, '_>, inactive: Inactive) -> Fault {
    match inactive {
        Inactive::NotActivated => call.revert_with(&ArbWasm::ProgramNotActivated {}),
        Inactive::NeedsUpgrade {
            version,
            stylus_version,
        } => {
            let error = ArbWasm::ProgramNeedsUpgrade {
                version,
                stylusVersion: stylus_version,
            };
            call.revert_with(&error)
        }
        Inactive::Expired { age } => {
            call.revert_with(&ArbWasm::ProgramExpired { ageInSeconds: age })
        }
    }
}

/// The text Nitro shows for revert data that is one of ArbWasm's errors.
pub(super) fn error_text(data: &[u8]) -> Option<String> {
    use ArbWasm::ArbWasmErrors as Errors;
    Some(match Errors::abi_decode(data).ok()? {
        Errors::ProgramNotWasm(_) => "error ProgramNotWasm()".into(),
        Errors::ProgramNotActivated(_) => "error ProgramNotActivated()".into(),
        Errors::ProgramUpToDate(_) => "error ProgramUpToDate()".into(),
        Errors::ProgramNeedsUpgrade(e) => {
            format!(
                "error ProgramNeedsUpgrade({}, {})",
                e.version, e.stylusVersion
            )
        }
        Errors::ProgramExpired(e) => format!("error ProgramExpired({})", e.ageInSeconds),
        Errors::ProgramKeepaliveTooSoon(e) => {
            format!("error ProgramKeepaliveTooSoon({})", e.ageInSeconds)
        }
        Errors::ProgramInsufficientValue(e) => {
            format!("error ProgramInsufficientValue({}, {})", e.have, e.want)
        }
    })
}

fn activate_program(call: &mut Call<'_, '_>, program: Address) -> Result<Vec<u8>, Fault> {
    call.burn(ACTIVATION_GAS)?;
    if peek::is_destroyed(call.ctx, program) {
        return Err(Fault::plain());
    }
    let params = load_params(call)?;
    let (code_hash, code) = peek::code(call.ctx, program);
    let before = load_record(call, code_hash)?;
    if before.version == params.version && !before.is_expired(call.now(), &params) {
        return Err(call.revert_with(&ArbWasm::ProgramUpToDate {}));
    }
    if code.is_empty() {
        return Err(call.revert_with(&ArbWasm::ProgramNotWasm {}));
    }
    let wasm = code::decompress(&code.original_bytes(), params.max_wasm_size)
        .map_err(|_| Fault::plain())?;
    let activated = check_module(call, &wasm, params)?;
    if before.cached {
        call.burn(READ_GAS)?;
    }
    let module_hash = keccak256(&wasm);
    call.write(map_slot("module", code_hash.as_slice()), module_hash.into())?;
    let data_fee = data_pricer::charge(call, activated.costs.asm_bytes)?;
    let record = ProgramRecord {
        version: params.version,
        costs: activated.costs,
        activated_hours: hours_since_start(call.now()),
        cached: before.cached,
    };
    store(call, code_hash, &record)?;
    pay_data_fee(call, data_fee)?;
    call.ctx.chain.programs.insert(code_hash, activated.program);
    announce(
        call,
        program,
        code_hash,
        module_hash,
        data_fee,
        params.version,
    )
}

/// Emits the event of an activation and gives its result.
fn announce(
    call: &mut Call<'_, '_>,
    program: Address,
    codehash: B256,
    module_hash: B256,
    data_fee: U256,
    version: u16,
) -> Result<Vec<u8>, Fault> {
    call.emit(&ArbWasm::ProgramActivated {
        codehash,
        moduleHash: module_hash,
        program,
        dataFee: data_fee,
        version,
    })?;
    let answer = ArbWasm::activateProgramReturn {
        version,
        dataFee: data_fee,
    };
    Ok(ArbWasm::activateProgramCall::abi_encode_returns(&answer))
}

/// Validates and instruments the module. A module that is refused takes all gas.
fn check_module(
    call: &mut Call<'_, '_>,
    wasm: &[u8],
    stylus: StylusParams,
) -> Result<Activated, Fault> {
    let open_pages = call.ctx.chain.pages.open;
    let params = ActivationParams {
        stylus,
        debug: true,
        open_pages,
        gas: call.gas_left(),
    };
    match activate(wasm, &params) {
        Ok(activated) => {
            call.burn(activated.gas_used)?;
            Ok(activated)
        }
        Err(ActivationError::OutOfGas) => Err(call.burn_out()),
        Err(ActivationError::Rejected(text)) => {
            Err(Fault::Fatal(format!("program activation failed: {text}")))
        }
    }
}

/// Writes a record, paid for.
pub(super) fn store(
    call: &mut Call<'_, '_>,
    code_hash: B256,
    record: &ProgramRecord,
) -> Result<(), Fault> {
    call.burn_write(U256::ONE)?;
    record.store(call.ctx, code_hash);
    Ok(())
}

/// Moves the fee to the network and the rest of the value back to the caller.
fn pay_data_fee(call: &mut Call<'_, '_>, want: U256) -> Result<(), Fault> {
    let network = arbos::word_to_address(call.read(Field::NetworkFeeAccount.slot())?);
    let have = call.value;
    if have < want {
        return Err(call.revert_with(&ArbWasm::ProgramInsufficientValue { have, want }));
    }
    let (address, caller) = (call.address, call.caller);
    move_value(call, address, network, want)?;
    move_value(call, address, caller, have - want)
}

fn move_value(
    call: &mut Call<'_, '_>,
    from: Address,
    to: Address,
    value: U256,
) -> Result<(), Fault> {
    let Ok(problem) = call.ctx.journal_mut().transfer(from, to, value);
    problem.map_or(Ok(()), |_| Err(Fault::plain()))
}

fn keep_alive(call: &mut Call<'_, '_>, code_hash: B256) -> Result<Vec<u8>, Fault> {
    let (params, record) = active(call, code_hash)?;
    let now = call.now();
    if !record.may_keep_alive(now, &params) {
        let age = record.age(now);
        return Err(call.revert_with(&ArbWasm::ProgramKeepaliveTooSoon { ageInSeconds: age }));
    }
    let data_fee = data_pricer::charge(call, record.costs.asm_bytes)?;
    let renewed = ProgramRecord {
        activated_hours: hours_since_start(now),
        ..record
    };
    store(call, code_hash, &renewed)?;
    pay_data_fee(call, data_fee)?;
    call.emit(&ArbWasm::ProgramLifetimeExtended {
        codehash: code_hash,
        dataFee: data_fee,
    })?;
    Ok(Vec::new())
}
