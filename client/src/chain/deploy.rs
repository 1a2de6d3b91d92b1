//! Putting the registry on a chain: compress, create, activate, check.

use alloy::primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::{SolCall, SolEvent};
use brotli::enc::BrotliEncoderParams;

use super::abi::{IArbWasm, IArbWasm::IArbWasmErrors, IArbWasmCache};
use super::account::Account;
use super::error::{ChainError, Result};
use super::journal::{EntryId, Journal};
use super::node::Node;
use super::outbox::{Action, Outbox, Outcome, Policy};
use super::registry::Deployment;
use super::revert::ProgramFault;

/// The precompile that activates programs (OffchainLabs/nitro-precompile-interfaces, `ArbWasm.sol`).
pub const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");

/// The precompile that keeps started programs at hand (`ArbWasmCache.sol`).
pub const ARB_WASM_CACHE: Address = address!("0000000000000000000000000000000000000072");

/// First bytes of a Stylus program on chain, then its dictionary: none (Nitro's `core/state/statedb_arbitrum.go`).
const PREFIX: [u8; 4] = [0xef, 0xf0, 0x00, 0x00];

/// Bytes of code at most (EIP-170), prefix included.
const MAX_CODE: usize = 24_576;

/// Bytes of WASM at most before compression (Nitro's `arbos/programs/params.go`).
const MAX_WASM: usize = 131_072;

/// What a module begins with: magic and version (WebAssembly core specification, 5.5.16).
const WASM: [u8; 8] = *b"\0asm\x01\0\0\0";

/// Brotli quality and window that cargo-stylus uses, too.
const QUALITY: i32 = 11;
const WINDOW: i32 = 22;

/// Percent of the activation's fee that is sent: it moves between the question and the transaction. The chain returns
/// what is too much.
const FEE_PERCENT: u64 = 120;

/// A program in the form it has on chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program(Bytes);

impl Program {
    /// Compresses a WASM module.
    ///
    /// # Errors
    ///
    /// [`ChainError::BadProgram`] for what is no module, or does not fit.
    pub fn from_wasm(wasm: &[u8]) -> Result<Self> {
        if !wasm.starts_with(&WASM) {
            return Err(ChainError::BadProgram(
                "it is no WebAssembly module of version 1".into(),
            ));
        }
        bound("the module", wasm.len(), MAX_WASM)?;
        let mut code = PREFIX.to_vec();
        let parameters = BrotliEncoderParams {
            quality: QUALITY,
            lgwin: WINDOW,
            size_hint: wasm.len(),
            ..BrotliEncoderParams::default()
        };
        brotli::BrotliCompress(&mut &wasm[..], &mut code, &parameters)
            .map_err(|e| ChainError::BadProgram(format!("compression failed: {e}")))?;
        bound("its compressed form", code.len(), MAX_CODE)?;
        Ok(Self(code.into()))
    }

    /// The code.
    pub fn code(&self) -> &Bytes {
        &self.0
    }

    /// Its hash, by which Stylus knows the program and profiles know the contract.
    pub fn code_hash(&self) -> B256 {
        keccak256(&self.0)
    }

    /// Init code that leaves exactly this code: PUSH32 length, DUP1, PUSH1 43, PUSH1 0, CODECOPY, PUSH1 0, RETURN, a
    /// version byte 0, then the code. The 43 bytes are those that cargo-stylus writes (stylus-tools,
    /// `core/deployment/prelude.rs`).
    fn init_code(&self) -> Bytes {
        let mut init = vec![0x7f];
        init.extend_from_slice(&U256::from(self.0.len()).to_be_bytes::<32>());
        init.extend_from_slice(&[0x80, 0x60, 0x2b, 0x60, 0x00, 0x39, 0x60, 0x00, 0xf3, 0x00]);
        init.extend_from_slice(&self.0);
        init.into()
    }
}

fn bound(what: &str, size: usize, limit: usize) -> Result<()> {
    if size <= limit {
        return Ok(());
    }
    Err(ChainError::BadProgram(format!(
        "{what} has {size} bytes, the chain takes {limit}"
    )))
}

/// Whether the chain keeps the started program at hand, which makes every call cheaper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// It does.
    Cached,
    /// It does not, and the account may not ask for it: on public chains, one bids for a place through the chain's
    /// CacheManager contract (`cargo stylus cache bid`).
    NotAllowed,
    /// It was not asked for.
    NotAsked,
}

/// How to deploy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How transactions are made and awaited.
    pub policy: Policy,
    /// Highest fee for the activation, wei.
    pub max_activation_fee: Option<U256>,
    /// Ask for a place in the cache where the account may.
    pub cache: bool,
}

/// A registry that is ready for use.
#[derive(Debug)]
pub struct Deployed {
    /// Where it is.
    pub deployment: Deployment,
    /// The transactions, in order: creation, activation unless this code was active before, caching if it took place.
    pub outcomes: Vec<Outcome>,
    /// What the activation cost besides gas, wei; zero if none was needed.
    pub activation_fee: U256,
    /// Whether it is cached.
    pub caching: Caching,
}

/// Deploys programs to one chain. Every step is journalled: [`Deployer::deploy`] with the same entry goes on where an
/// earlier run was cut off.
#[derive(Debug)]
pub struct Deployer<'a> {
    node: &'a Node,
    outbox: Outbox<'a>,
    account: &'a Account,
    chain: u64,
    options: Options,
}

impl<'a> Deployer<'a> {
    /// A deployer for the chain that `node` serves.
    ///
    /// # Errors
    ///
    /// What [`ChainError`] lists for nodes.
    pub async fn new(
        node: &'a Node,
        journal: &'a Journal,
        account: &'a Account,
        options: Options,
    ) -> Result<Self> {
        let chain = node.chain_id().await?;
        let outbox = Outbox::new(node, journal, account, chain, options.policy);
        Ok(Self {
            node,
            outbox,
            account,
            chain,
            options,
        })
    }

    /// Begins or resumes the deployment of journal entry `entry`, which was begun with the scope of
    /// [`Outbox::scope`] and is this deployment's alone.
    ///
    /// # Errors
    ///
    /// [`ChainError::Program`] when the chain rejects the program, [`ChainError::DeployedOther`],
    /// [`ChainError::ActivationTooExpensive`], and those of [`Outbox::execute`].
    pub async fn deploy(&self, entry: EntryId, program: &Program) -> Result<Deployed> {
        let create = Action {
            what: "create".into(),
            to: None,
            value: U256::ZERO,
            data: program.init_code(),
        };
        let created = self.step(entry, create).await?;
        let outcome = created
            .first()
            .ok_or_else(|| ChainError::malformed("a creation without a receipt"))?;
        let (address, block) = match outcome.created {
            Some(address) => (address, outcome.block.number),
            None => return Err(ChainError::Failed(outcome.hash)),
        };
        if self.node.code(address).await? != *program.code() {
            return Err(ChainError::DeployedOther(address));
        }
        if !self.is_active(program).await? {
            let activate = self.activation(address).await?;
            self.step(entry, activate).await?;
        }
        let caching = self.cache(entry, address, program).await?;
        let outcomes = self.outbox.settle(entry).await?;
        let deployment = Deployment {
            chain: self.chain,
            registry: address,
            code_hash: program.code_hash(),
            block,
        };
        let activation_fee = outcomes
            .iter()
            .find_map(paid_for_activation)
            .unwrap_or_default();
        Ok(Deployed {
            deployment,
            outcomes,
            activation_fee,
            caching,
        })
    }

    /// The scope of the deployer's journal entries.
    pub fn outbox(&self) -> &Outbox<'a> {
        &self.outbox
    }

    /// Does one step unless the entry has its transaction already.
    async fn step(&self, entry: EntryId, action: Action) -> Result<Vec<Outcome>> {
        let left = if self.outbox.has(entry, &action.what)? {
            &[]
        } else {
            std::slice::from_ref(&action)
        };
        self.outbox.execute(entry, left).await
    }

    /// Whether this very code was activated before, here or at another address.
    async fn is_active(&self, program: &Program) -> Result<bool> {
        let call = IArbWasm::codehashVersionCall {
            codehash: program.code_hash(),
        };
        match self.ask(ARB_WASM, call, U256::ZERO).await {
            Ok(_) => Ok(true),
            Err(ChainError::Program(ProgramFault::ArbWasm(
                IArbWasmErrors::ProgramNotActivated(_)
                | IArbWasmErrors::ProgramNeedsUpgrade(_)
                | IArbWasmErrors::ProgramExpired(_),
            ))) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The activation with its fee, which the chain names when it is sent nothing.
    async fn activation(&self, program: Address) -> Result<Action> {
        let call = IArbWasm::activateProgramCall { program };
        let data = call.abi_encode().into();
        let fee = match self.ask(ARB_WASM, call, U256::ZERO).await {
            Ok(_) => U256::ZERO,
            Err(ChainError::Program(ProgramFault::ArbWasm(
                IArbWasmErrors::ProgramInsufficientValue(e),
            ))) => e.want,
            Err(error) => return Err(error),
        };
        let value = fee.saturating_mul(U256::from(FEE_PERCENT)) / U256::from(100);
        if let Some(limit) = self.options.max_activation_fee.filter(|limit| fee > *limit) {
            return Err(ChainError::ActivationTooExpensive { fee, limit });
        }
        Ok(Action {
            what: "activateProgram".into(),
            to: Some(ARB_WASM),
            value,
            data,
        })
    }

    async fn cache(&self, entry: EntryId, program: Address, code: &Program) -> Result<Caching> {
        let codehash = code.code_hash();
        if self
            .ask(
                ARB_WASM_CACHE,
                IArbWasmCache::codehashIsCachedCall { codehash },
                U256::ZERO,
            )
            .await?
        {
            return Ok(Caching::Cached);
        }
        if !self.options.cache {
            return Ok(Caching::NotAsked);
        }
        let manager = self.account.address();
        if !self
            .ask(
                ARB_WASM_CACHE,
                IArbWasmCache::isCacheManagerCall { manager },
                U256::ZERO,
            )
            .await?
        {
            return Ok(Caching::NotAllowed);
        }
        let data = IArbWasmCache::cacheProgramCall { program }
            .abi_encode()
            .into();
        let action = Action {
            what: "cacheProgram".into(),
            to: Some(ARB_WASM_CACHE),
            value: U256::ZERO,
            data,
        };
        self.step(entry, action).await?;
        Ok(Caching::Cached)
    }

    async fn ask<C: SolCall>(&self, to: Address, call: C, value: U256) -> Result<C::Return> {
        let mut request = TransactionRequest::default()
            .to(to)
            .value(value)
            .input(call.abi_encode().into());
        request.from = Some(self.account.address());
        let answer = self
            .node
            .call(request, alloy::eips::BlockId::latest())
            .await?;
        C::abi_decode_returns_validate(&answer)
            .map_err(|_| ChainError::malformed(format!("the answer to {}", C::SIGNATURE)))
    }
}

fn paid_for_activation(outcome: &Outcome) -> Option<U256> {
    let decode =
        |log: &alloy::rpc::types::Log| IArbWasm::ProgramActivated::decode_log(&log.inner).ok();
    let own = outcome.logs.iter().filter(|log| log.address() == ARB_WASM);
    own.filter_map(decode).map(|event| event.dataFee).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest module, followed by a custom section of `size` bytes that do not compress.
    fn module(size: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        WASM.into_iter().chain(noise.take(size)).collect()
    }

    #[test]
    fn code_is_prefix_and_stream_of_the_module() {
        let wasm = module(1_000);
        let program = Program::from_wasm(&wasm).unwrap();
        assert_eq!(program.code()[..4], PREFIX);
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut &program.code()[4..], &mut back).unwrap();
        assert_eq!(back, wasm);
        assert_eq!(program.code_hash(), keccak256(program.code()));
    }

    #[test]
    fn init_code_is_a_prelude_of_43_bytes_and_the_code() {
        let program = Program::from_wasm(&module(300)).unwrap();
        let init = program.init_code();
        assert_eq!(init[43..], program.code()[..]);
        assert_eq!(
            U256::from_be_slice(&init[1..33]),
            U256::from(program.code().len())
        );
        assert_eq!(init[0], 0x7f);
        assert_eq!(
            init[33..43],
            [0x80, 0x60, 0x2b, 0x60, 0, 0x39, 0x60, 0, 0xf3, 0]
        );
    }

    #[test]
    fn what_is_no_module_or_too_large_is_refused() {
        for (wasm, says) in [
            (b"".to_vec(), "no WebAssembly module"),
            (b"\0asm\x02\0\0\0".to_vec(), "no WebAssembly module"),
            (module(30_000), "its compressed form has"),
            (
                [WASM.as_slice(), &vec![0; MAX_WASM]].concat(),
                "the module has 131080 bytes",
            ),
        ] {
            let error = Program::from_wasm(&wasm).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
