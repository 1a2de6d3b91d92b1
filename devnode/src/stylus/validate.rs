//! What a module must be to become a program, beside being valid wasm.
//!
//! Source: Nitro `crates/prover/src/{binary,machine}.rs` and `programs/mod.rs`.

use std::collections::{HashMap, HashSet};

use wasmparser::{ExternalKind, FuncType, RefType, ValType};

use super::activate::ActivationError;
use super::host;
use super::module::{Module, rejected};
use super::pricing::{
    MAX_DATA_SEGMENTS, MAX_ELEMENT_BYTES, MAX_ELEMENT_SEGMENTS, MAX_EXPORTS, MAX_FUNCTIONS,
    MAX_GLOBALS, MAX_IMPORTS, MAX_NAME_BYTES, MAX_TABLE_ENTRIES,
};

/// Export name of the function that runs a program.
pub(crate) const ENTRY_POINT: &str = "user_entrypoint";
/// Export name of the memory.
pub(crate) const MEMORY: &str = "memory";
/// Names that begin like this belong to the instrumentation.
const RESERVED: &str = "stylus";
/// Bytes of a memory page.
const PAGE_BYTES: u64 = 65_536;

type Result<T = ()> = std::result::Result<T, ActivationError>;

/// Checks `module`, which is valid wasm, against every rule that does not depend on instrumentation.
pub(crate) fn check(module: &Module<'_>, debug: bool, page_limit: u16) -> Result {
    check_imports(module, debug)?;
    check_exports(module)?;
    check_memory(module, page_limit)?;
    check_entry_point(module)?;
    check_tables(module)?;
    check_segments(module)?;
    check_names(module)?;
    at_most("imports", module.imports.len(), MAX_IMPORTS)?;
    at_most("functions", module.functions.len(), MAX_FUNCTIONS)?;
    if module.functions.is_empty() {
        return Err(rejected("a program must define at least one function"));
    }
    Ok(())
}

/// Checks the counts that include what instrumentation adds.
pub(crate) fn check_instrumented(exports: usize, globals: usize) -> Result {
    at_most("exports", exports, MAX_EXPORTS)?;
    at_most("globals", globals, MAX_GLOBALS)
}

fn at_most(what: &str, found: usize, limit: usize) -> Result {
    if found > limit {
        return Err(rejected(format!(
            "a program may have at most {limit} {what}, not {found}"
        )));
    }
    Ok(())
}

fn check_imports(module: &Module<'_>, debug: bool) -> Result {
    let mut types = HashMap::new();
    for import in &module.imports {
        let (space, name) = (import.module, import.name);
        if name.starts_with(RESERVED) {
            return Err(rejected(format!(
                "import name {name} begins with the reserved {RESERVED}"
            )));
        }
        let known = host::signature(space, name).filter(|_| debug || space != host::CONSOLE);
        let Some(signature) = known else {
            return Err(rejected(format!("no such host function: {space}.{name}")));
        };
        let found = module.types.get(import.type_index as usize);
        if !found.is_some_and(|ty| signature.matches(ty)) {
            return Err(rejected(format!(
                "import {space}.{name} has the wrong type: it must be {signature}"
            )));
        }
        let first = *types.entry((space, name)).or_insert(import.type_index);
        if first != import.type_index {
            return Err(rejected(format!(
                "import {space}.{name} appears with different types"
            )));
        }
    }
    Ok(())
}

fn check_exports(module: &Module<'_>) -> Result {
    let imported: HashSet<&str> = module.imports.iter().map(|import| import.name).collect();
    for export in &module.exports {
        let name = export.name.rsplit("__").next().unwrap_or_default();
        if imported.contains(name) {
            return Err(rejected(format!(
                "export {} has the name of an import",
                export.name
            )));
        }
        if name.starts_with(RESERVED) {
            return Err(rejected(format!(
                "export {} begins with the reserved {RESERVED}",
                export.name
            )));
        }
    }
    Ok(())
}

fn check_memory(module: &Module<'_>, page_limit: u16) -> Result {
    let memory = module.memory()?;
    if module
        .export(MEMORY, ExternalKind::Memory)
        .is_none_or(|export| export.index != 0)
    {
        return Err(rejected("a program must export its memory as \"memory\""));
    }
    if memory.initial > u64::from(page_limit) {
        return Err(rejected(format!(
            "a memory of {} pages exceeds the limit of {page_limit}",
            memory.initial
        )));
    }
    if !module.memory_is_fixed()?
        && module
            .import_index(host::VM_HOOKS, host::PAY_FOR_MEMORY_GROW)
            .is_none()
    {
        return Err(rejected(format!(
            "missing import {}.{}: a program whose memory can grow must import it; the SDK's \
             #[entrypoint] does",
            host::VM_HOOKS,
            host::PAY_FOR_MEMORY_GROW
        )));
    }
    Ok(())
}

fn check_entry_point(module: &Module<'_>) -> Result {
    let Some(export) = module.export(ENTRY_POINT, ExternalKind::Func) else {
        return Err(rejected(format!(
            "missing export {ENTRY_POINT}: a program must define it"
        )));
    };
    let wanted = FuncType::new([ValType::I32], [ValType::I32]);
    let defined = export.index >= module.imported_functions();
    if !defined || module.function_type(export.index) != Some(&wanted) {
        return Err(rejected(format!(
            "{ENTRY_POINT} must be a function of the program with type (i32) -> (i32)"
        )));
    }
    Ok(())
}

fn check_tables(module: &Module<'_>) -> Result {
    if module
        .tables
        .iter()
        .any(|table| table.element_type != RefType::FUNCREF)
    {
        return Err(rejected("a table must hold functions"));
    }
    let entries = table_entries(module);
    if entries > MAX_TABLE_ENTRIES {
        return Err(rejected(format!(
            "a program may have at most {MAX_TABLE_ENTRIES} table entries, not {entries}"
        )));
    }
    Ok(())
}

fn table_entries(module: &Module<'_>) -> u64 {
    module
        .tables
        .iter()
        .fold(0, |sum, table| sum.saturating_add(table.initial))
}

fn check_segments(module: &Module<'_>) -> Result {
    at_most(
        "element segments",
        module.elements.len(),
        MAX_ELEMENT_SEGMENTS,
    )?;
    at_most("data segments", module.data.len(), MAX_DATA_SEGMENTS)?;
    let bytes = module
        .elements
        .iter()
        .map(|segment| segment.encoded_len)
        .sum();
    at_most("bytes of element segments", bytes, MAX_ELEMENT_BYTES)?;
    let entries = table_entries(module);
    for segment in &module.elements {
        fits("element", segment.offset, segment.functions.len(), entries)?;
    }
    let memory = module.memory()?.initial * PAGE_BYTES;
    for segment in &module.data {
        fits("data", segment.offset, segment.bytes.len(), memory)?;
    }
    Ok(())
}

fn fits(what: &str, offset: Option<u32>, len: usize, limit: u64) -> Result {
    let end = u64::from(offset.unwrap_or_default()) + len as u64;
    if offset.is_some() && end > limit {
        return Err(rejected(format!(
            "{what} segment ends at {end}, out of bounds ({limit})"
        )));
    }
    Ok(())
}

fn check_names(module: &Module<'_>) -> Result {
    let exports = module.exports.iter().map(|export| export.name);
    for name in exports.chain(module.name) {
        if name.len() > MAX_NAME_BYTES {
            return Err(rejected(format!(
                "a name has {} bytes: {MAX_NAME_BYTES} at most",
                name.len()
            )));
        }
    }
    Ok(())
}
