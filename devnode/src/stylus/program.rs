//! Programs ready to run.

use std::sync::Arc;

use wasmi::{Config, Engine};
use wasmparser::Validator;

use super::activate::{ActivationError, ModuleSize};
use super::instrument::{ADDED_GLOBALS, check_depths, instrument};
use super::module::{FEATURES, Module, rejected};
use super::pricing::PAGE_LIMIT;
use super::validate;

/// Nested wasm calls that the engine allows. The virtual stack of the instrumentation ends long before:
/// its smallest frame is six words.
const ENGINE_CALL_DEPTH: usize = 1 << 20;
/// Bytes of engine stack of one frame. The virtual stack bounds operands and locals to 22,000 words, and
/// parameters are operands of the caller too: 352,000 bytes at most. Blocks with parameters make the
/// simulated depth smaller than the real one; this keeps programs that abuse it from taking gigabytes
/// over many nested frames. They end as if the virtual stack had overflowed.
const ENGINE_STACK_BYTES: usize = 1 << 20;

/// An instrumented, compiled program. Cheap to clone; may be shared between threads.
#[derive(Clone)]
pub struct Program {
    inner: Arc<Compiled>,
}

struct Compiled {
    module: wasmi::Module,
    /// Imports of the module, each once.
    imports: Vec<Import>,
    /// For each import of the module its place in `imports`.
    import_order: Vec<usize>,
    /// Bytes of the instrumented wasm.
    size: usize,
}

/// Module and name of an imported function.
pub(crate) type Import = (String, String);

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").finish_non_exhaustive()
    }
}

impl Program {
    /// Checks and instruments the module `wasm` (decompressed) as activation does, without charging:
    /// for a program that is active on chain but not in the cache.
    ///
    /// # Errors
    /// [`ActivationError::Rejected`] when the module is not acceptable.
    pub fn compile(wasm: &[u8], debug: bool) -> Result<Self, ActivationError> {
        prepare(wasm, debug, PAGE_LIMIT)?.compile()
    }

    /// The compiled module.
    pub(crate) fn module(&self) -> &wasmi::Module {
        &self.inner.module
    }

    /// Bytes of the instrumented wasm.
    pub(crate) fn size(&self) -> usize {
        self.inner.size
    }

    /// The functions the module imports, each once: it may list one hundreds of times.
    pub(crate) fn imports(&self) -> &[Import] {
        &self.inner.imports
    }

    /// What the module imports, in order, as places in [`Self::imports`].
    pub(crate) fn import_order(&self) -> &[usize] {
        &self.inner.import_order
    }
}

/// A checked and instrumented module.
pub(crate) struct Prepared {
    pub(crate) size: ModuleSize,
    wasm: Vec<u8>,
}

/// Checks and instruments `wasm`, whose memory may start with `page_limit` pages.
pub(crate) fn prepare(
    wasm: &[u8],
    debug: bool,
    page_limit: u16,
) -> Result<Prepared, ActivationError> {
    let module = Module::parse(wasm)?;
    check_depths(&module)?;
    Validator::new_with_features(FEATURES).validate_all(wasm)?;
    validate::check(&module, debug, page_limit)?;
    let size = ModuleSize::measure(&module)?;
    let globals = module.globals.len() + ADDED_GLOBALS as usize;
    let instrumented = instrument(module, debug)?;
    validate::check_instrumented(instrumented.exports, globals)?;
    let size = size.instrumented(instrumented.instructions, u64::from(ADDED_GLOBALS));
    Ok(Prepared {
        size,
        wasm: instrumented.wasm,
    })
}

impl Prepared {
    /// Compiles the instrumented module.
    pub(crate) fn compile(self) -> Result<Program, ActivationError> {
        // One engine per program: dropping the program frees its code.
        let engine = Engine::new(&engine_config());
        let module = wasmi::Module::new(&engine, &self.wasm)
            .map_err(|error| rejected(format!("failed to compile the program: {error}")))?;
        let (imports, import_order) = distinct_imports(&module);
        let size = self.wasm.len();
        let compiled = Compiled {
            module,
            imports,
            import_order,
            size,
        };
        Ok(Program {
            inner: Arc::new(compiled),
        })
    }
}

fn distinct_imports(module: &wasmi::Module) -> (Vec<Import>, Vec<usize>) {
    let mut imports = Vec::new();
    let mut order = Vec::new();
    for import in module.imports() {
        let import = (import.module().to_owned(), import.name().to_owned());
        let place = imports
            .iter()
            .position(|known| *known == import)
            .unwrap_or_else(|| {
                imports.push(import);
                imports.len() - 1
            });
        order.push(place);
    }
    (imports, order)
}

fn engine_config() -> Config {
    let mut config = Config::default();
    config
        .set_max_recursion_depth(ENGINE_CALL_DEPTH)
        .set_max_stack_height(ENGINE_STACK_BYTES)
        .ignore_custom_sections(true);
    config
}
