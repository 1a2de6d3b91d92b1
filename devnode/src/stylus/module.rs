//! A parsed wasm module: the parts of the binary that Stylus programs may have.

use wasmparser::{
    BinaryReaderError, Data, DataKind, Element, ElementItems, ElementKind, Encoding, Export,
    ExternalKind, FuncType, FunctionBody, Global, GlobalType, Import, KnownCustom, MemoryType,
    Name, NameSectionReader, Operator, Parser, Payload, TableInit, TableType, TypeRef,
    WasmFeatures,
};

use super::activate::ActivationError;

/// Wasm proposals a program may use.
///
/// Source: Nitro `crates/prover/src/binary.rs`; multi-value is on up to Stylus version 2.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::GC_TYPES)
    .union(WasmFeatures::MULTI_VALUE);

/// An imported function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImportedFunction<'a> {
    pub(crate) module: &'a str,
    pub(crate) name: &'a str,
    pub(crate) type_index: u32,
}

/// A defined global and its constant.
#[derive(Clone, Debug)]
pub(crate) struct DefinedGlobal<'a> {
    pub(crate) ty: GlobalType,
    pub(crate) init: Operator<'a>,
}

/// An element segment of function indices.
#[derive(Clone, Debug)]
pub(crate) struct ElementSegment {
    /// Offset into table 0 of an active segment.
    pub(crate) offset: Option<u32>,
    pub(crate) declared: bool,
    pub(crate) functions: Vec<u32>,
    /// Bytes of the whole segment in the binary.
    pub(crate) encoded_len: usize,
}

/// A data segment.
#[derive(Clone, Debug)]
pub(crate) struct DataSegment<'a> {
    /// Offset into memory 0 of an active segment.
    pub(crate) offset: Option<u32>,
    pub(crate) bytes: &'a [u8],
    /// Bytes of the whole segment in the binary.
    pub(crate) encoded_len: usize,
}

/// A module whose sections have been read, but not yet checked against each other.
#[derive(Debug, Default)]
pub(crate) struct Module<'a> {
    /// Bytes of the binary.
    pub(crate) wasm_len: usize,
    pub(crate) types: Vec<FuncType>,
    pub(crate) imports: Vec<ImportedFunction<'a>>,
    /// Type index of each defined function.
    pub(crate) functions: Vec<u32>,
    pub(crate) tables: Vec<TableType>,
    pub(crate) memories: Vec<MemoryType>,
    pub(crate) globals: Vec<DefinedGlobal<'a>>,
    pub(crate) exports: Vec<Export<'a>>,
    pub(crate) start: Option<u32>,
    pub(crate) elements: Vec<ElementSegment>,
    pub(crate) bodies: Vec<FunctionBody<'a>>,
    pub(crate) data: Vec<DataSegment<'a>>,
    /// Module name of the name section.
    pub(crate) name: Option<&'a str>,
}

/// An [`ActivationError::Rejected`] with a text.
pub(crate) fn rejected(text: impl Into<String>) -> ActivationError {
    ActivationError::Rejected(text.into())
}

impl From<BinaryReaderError> for ActivationError {
    fn from(error: BinaryReaderError) -> Self {
        rejected(format!("failed to parse wasm: {error}"))
    }
}

impl<'a> Module<'a> {
    /// Reads the sections of `wasm`.
    pub(crate) fn parse(wasm: &'a [u8]) -> Result<Self, ActivationError> {
        let mut module = Self {
            wasm_len: wasm.len(),
            ..Self::default()
        };
        let mut parser = Parser::new(0);
        parser.set_features(FEATURES);
        for payload in parser.parse_all(wasm) {
            module.read(payload?)?;
        }
        Ok(module)
    }

    fn read(&mut self, payload: Payload<'a>) -> Result<(), ActivationError> {
        match payload {
            Payload::Version {
                num: 1,
                encoding: Encoding::Module,
                ..
            } => {}
            Payload::Version { num, .. } => {
                return Err(rejected(format!(
                    "wasm version {num} is not supported, only 1"
                )));
            }
            Payload::FunctionSection(functions) => self.functions = collect(functions, Ok)?,
            Payload::TableSection(tables) => self.tables = collect(tables, plain_table)?,
            Payload::MemorySection(memories) => self.memories = collect(memories, Ok)?,
            Payload::GlobalSection(globals) => self.globals = collect(globals, constant_global)?,
            Payload::ExportSection(exports) => self.exports = collect(exports, Ok)?,
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(elements) => {
                self.elements = collect(elements, element_segment)?
            }
            Payload::CodeSectionStart { .. } | Payload::End(_) => {}
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::DataSection(data) => self.data = collect(data, data_segment)?,
            other => return self.read_grouped(other),
        }
        Ok(())
    }

    /// Sections whose items are not read one by one.
    fn read_grouped(&mut self, payload: Payload<'a>) -> Result<(), ActivationError> {
        match payload {
            Payload::TypeSection(types) => {
                for ty in types.into_iter_err_on_gc_types() {
                    self.types.push(ty?);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    self.imports.push(imported_function(import?)?);
                }
            }
            Payload::CustomSection(custom) => {
                if let KnownCustom::Name(names) = custom.as_known() {
                    self.read_names(names)?;
                }
            }
            other => return Err(unsupported_section(&other)),
        }
        Ok(())
    }

    /// The module and function names must parse; nothing else of custom sections matters.
    fn read_names(&mut self, names: NameSectionReader<'a>) -> Result<(), ActivationError> {
        for subsection in names {
            match subsection? {
                Name::Module { name, .. } => self.name = Some(name),
                Name::Function(functions) => {
                    for naming in functions {
                        naming?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Number of functions that are imported.
    pub(crate) fn imported_functions(&self) -> u32 {
        self.imports.len() as u32
    }

    /// Type of function `index` of the whole index space.
    pub(crate) fn function_type(&self, index: u32) -> Option<&FuncType> {
        let index = index as usize;
        let type_index = match self.imports.get(index) {
            Some(import) => import.type_index,
            None => *self.functions.get(index - self.imports.len())?,
        };
        self.types.get(type_index as usize)
    }

    /// The one memory; every checked module has it.
    pub(crate) fn memory(&self) -> Result<MemoryType, ActivationError> {
        match self.memories.as_slice() {
            [memory] => Ok(*memory),
            found => Err(rejected(format!(
                "a program must have exactly one memory, but this has {}",
                found.len()
            ))),
        }
    }

    /// Whether memory can never grow, so that growing needs no payment.
    pub(crate) fn memory_is_fixed(&self) -> Result<bool, ActivationError> {
        let memory = self.memory()?;
        Ok(memory.maximum == Some(memory.initial))
    }

    /// Index of the imported function `module`.`name`.
    pub(crate) fn import_index(&self, module: &str, name: &str) -> Option<u32> {
        let found = self
            .imports
            .iter()
            .position(|i| i.module == module && i.name == name)?;
        Some(found as u32)
    }

    /// The export called `name`.
    pub(crate) fn export(&self, name: &str, kind: ExternalKind) -> Option<&Export<'a>> {
        self.exports
            .iter()
            .find(|export| export.name == name && export.kind == kind)
    }
}

/// Reads every item of a section. A section that appears twice does not get past wasmparser.
fn collect<'a, T: wasmparser::FromReader<'a>, U>(
    section: wasmparser::SectionLimited<'a, T>,
    convert: impl Fn(T) -> Result<U, ActivationError>,
) -> Result<Vec<U>, ActivationError> {
    let mut items = Vec::new();
    for item in section {
        items.push(convert(item?)?);
    }
    Ok(items)
}

fn imported_function(import: Import<'_>) -> Result<ImportedFunction<'_>, ActivationError> {
    let Import { module, name, ty } = import;
    match ty {
        TypeRef::Func(type_index) => Ok(ImportedFunction {
            module,
            name,
            type_index,
        }),
        _ => Err(rejected(format!(
            "import {module}.{name} is no function: import functions only"
        ))),
    }
}

fn plain_table(table: wasmparser::Table<'_>) -> Result<TableType, ActivationError> {
    match table.init {
        TableInit::RefNull => Ok(table.ty),
        TableInit::Expr(_) => Err(rejected("a table must not have an initialiser")),
    }
}

/// The single instruction of a constant expression.
fn constant<'a>(expr: &wasmparser::ConstExpr<'a>) -> Result<Operator<'a>, ActivationError> {
    let mut operators = expr.get_operators_reader();
    let value = operators.read()?;
    let end = operators.read()?;
    match (&value, end) {
        (
            Operator::I32Const { .. }
            | Operator::I64Const { .. }
            | Operator::F32Const { .. }
            | Operator::F64Const { .. },
            Operator::End,
        ) if operators.eof() => Ok(value),
        _ => Err(rejected("an initialiser must be a single constant")),
    }
}

fn constant_global(global: Global<'_>) -> Result<DefinedGlobal<'_>, ActivationError> {
    Ok(DefinedGlobal {
        ty: global.ty,
        init: constant(&global.init_expr)?,
    })
}

fn constant_offset(expr: &wasmparser::ConstExpr<'_>) -> Result<u32, ActivationError> {
    match constant(expr)? {
        Operator::I32Const { value } => Ok(value as u32),
        _ => Err(rejected("the offset of a segment must be an i32 constant")),
    }
}

fn element_segment(element: Element<'_>) -> Result<ElementSegment, ActivationError> {
    let ElementItems::Functions(items) = element.items else {
        return Err(rejected(
            "an element segment must list functions, not expressions",
        ));
    };
    let functions = collect(items, Ok)?;
    let offset = match &element.kind {
        ElementKind::Active { offset_expr, .. } => Some(constant_offset(offset_expr)?),
        ElementKind::Passive | ElementKind::Declared => None,
    };
    let encoded_len = (element.range.end - element.range.start) as usize;
    let declared = matches!(element.kind, ElementKind::Declared);
    Ok(ElementSegment {
        offset,
        declared,
        functions,
        encoded_len,
    })
}

fn data_segment(data: Data<'_>) -> Result<DataSegment<'_>, ActivationError> {
    let offset = match &data.kind {
        DataKind::Active { offset_expr, .. } => Some(constant_offset(offset_expr)?),
        DataKind::Passive => None,
    };
    let encoded_len = (data.range.end - data.range.start) as usize;
    Ok(DataSegment {
        offset,
        bytes: data.data,
        encoded_len,
    })
}

fn unsupported_section(payload: &Payload<'_>) -> ActivationError {
    let what = match payload {
        Payload::DataCountSection { .. } => "data count section".to_owned(),
        Payload::TagSection(_) => "tag section".to_owned(),
        Payload::UnknownSection { id, .. } => format!("section id {id}"),
        _ => "component section".to_owned(),
    };
    rejected(format!("unsupported section type: {what}"))
}
