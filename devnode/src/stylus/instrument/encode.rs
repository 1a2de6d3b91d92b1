//! Writing an instrumented module.

use std::borrow::Cow;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, ImportSection, MemorySection,
    TableSection, TypeSection,
};
use wasmparser::{ExternalKind, Operator, ValType};

use crate::stylus::activate::ActivationError;
use crate::stylus::module::{Module, rejected};

type Result<T> = std::result::Result<T, ActivationError>;

/// The binary of `module` with the instrumented `code`. Custom sections are left out.
pub(super) fn encode(module: &Module<'_>, code: &CodeSection) -> Result<Vec<u8>> {
    let mut binary = wasm_encoder::Module::new();
    binary.section(&types(module)?);
    binary.section(&imports(module));
    binary.section(&functions(module));
    binary.section(&tables(module)?);
    binary.section(&memories(module)?);
    binary.section(&globals(module)?);
    binary.section(&exports(module)?);
    binary.section(&elements(module));
    binary.section(code);
    binary.section(&data(module));
    Ok(binary.finish())
}

/// A function of the code section.
pub(super) fn function(locals: &[(u32, ValType)], body: Vec<Operator<'_>>) -> Result<Function> {
    let mut encoded = Vec::with_capacity(locals.len());
    for (count, ty) in locals {
        encoded.push((
            *count,
            RoundtripReencoder.val_type(*ty).map_err(unencodable)?,
        ));
    }
    let mut function = Function::new(encoded);
    for operator in body {
        function.instruction(
            &RoundtripReencoder
                .instruction(operator)
                .map_err(unencodable)?,
        );
    }
    Ok(function)
}

fn unencodable(error: wasm_encoder::reencode::Error) -> ActivationError {
    rejected(format!("the module cannot be instrumented: {error}"))
}

fn types(module: &Module<'_>) -> Result<TypeSection> {
    let mut section = TypeSection::new();
    for ty in &module.types {
        let ty = RoundtripReencoder
            .func_type(ty.clone())
            .map_err(unencodable)?;
        section.ty().func_type(&ty);
    }
    Ok(section)
}

fn imports(module: &Module<'_>) -> ImportSection {
    let mut section = ImportSection::new();
    for import in &module.imports {
        section.import(
            import.module,
            import.name,
            EntityType::Function(import.type_index),
        );
    }
    section
}

fn functions(module: &Module<'_>) -> FunctionSection {
    let mut section = FunctionSection::new();
    for type_index in &module.functions {
        section.function(*type_index);
    }
    section
}

fn tables(module: &Module<'_>) -> Result<TableSection> {
    let mut section = TableSection::new();
    for table in &module.tables {
        section.table(RoundtripReencoder.table_type(*table).map_err(unencodable)?);
    }
    Ok(section)
}

fn memories(module: &Module<'_>) -> Result<MemorySection> {
    let mut section = MemorySection::new();
    for memory in &module.memories {
        section.memory(
            RoundtripReencoder
                .memory_type(*memory)
                .map_err(unencodable)?,
        );
    }
    Ok(section)
}

fn globals(module: &Module<'_>) -> Result<GlobalSection> {
    let mut section = GlobalSection::new();
    for global in &module.globals {
        let init = match global.init {
            Operator::I32Const { value } => ConstExpr::i32_const(value),
            Operator::I64Const { value } => ConstExpr::i64_const(value),
            Operator::F32Const { value } => {
                ConstExpr::f32_const(RoundtripReencoder.ieee32_arg(value).map_err(unencodable)?)
            }
            Operator::F64Const { value } => {
                ConstExpr::f64_const(RoundtripReencoder.ieee64_arg(value).map_err(unencodable)?)
            }
            _ => return Err(rejected("an initialiser must be a single constant")),
        };
        section.global(
            RoundtripReencoder
                .global_type(global.ty)
                .map_err(unencodable)?,
            &init,
        );
    }
    Ok(section)
}

fn exports(module: &Module<'_>) -> Result<ExportSection> {
    let mut section = ExportSection::new();
    for export in &module.exports {
        section.export(export.name, export_kind(export.kind)?, export.index);
    }
    Ok(section)
}

fn export_kind(kind: ExternalKind) -> Result<ExportKind> {
    Ok(match kind {
        ExternalKind::Func => ExportKind::Func,
        ExternalKind::Table => ExportKind::Table,
        ExternalKind::Memory => ExportKind::Memory,
        ExternalKind::Global => ExportKind::Global,
        other => return Err(rejected(format!("unsupported kind of export: {other:?}"))),
    })
}

fn elements(module: &Module<'_>) -> ElementSection {
    let mut section = ElementSection::new();
    for segment in &module.elements {
        let items = Elements::Functions(Cow::Borrowed(&segment.functions));
        match segment.offset {
            Some(offset) => section.active(None, &ConstExpr::i32_const(offset as i32), items),
            None if segment.declared => section.declared(items),
            None => section.passive(items),
        };
    }
    section
}

fn data(module: &Module<'_>) -> DataSection {
    let mut section = DataSection::new();
    for segment in &module.data {
        let bytes = segment.bytes.iter().copied();
        match segment.offset {
            Some(offset) => section.active(0, &ConstExpr::i32_const(offset as i32), bytes),
            None => section.passive(bytes),
        };
    }
    section
}
