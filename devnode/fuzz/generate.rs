//! Valid programs out of any bytes: each byte chooses an instruction that fits the operand stack.
//!
//! Random bytes are hardly ever a wasm module; these always are, so that execution and host functions
//! see as much of a stranger's malice as the parser does.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    Instruction, MemArg, MemArgTarget, MemorySection, MemoryType, Module, RefType, TableSection,
    TableType, TypeSection, ValType,
};

/// Host functions: name, parameters (`i`, `l` for 32 and 64 bits, `f`, `d` for floats) and result.
pub(crate) const HOST_FUNCTIONS: [(&str, &str, &str, &str); 51] = [
    ("vm_hooks", "read_args", "i", ""),
    ("vm_hooks", "write_result", "ii", ""),
    ("vm_hooks", "exit_early", "i", ""),
    ("vm_hooks", "storage_load_bytes32", "ii", ""),
    ("vm_hooks", "storage_cache_bytes32", "ii", ""),
    ("vm_hooks", "storage_flush_cache", "i", ""),
    ("vm_hooks", "transient_load_bytes32", "ii", ""),
    ("vm_hooks", "transient_store_bytes32", "ii", ""),
    ("vm_hooks", "call_contract", "iiiili", "i"),
    ("vm_hooks", "delegate_call_contract", "iiili", "i"),
    ("vm_hooks", "static_call_contract", "iiili", "i"),
    ("vm_hooks", "create1", "iiiii", ""),
    ("vm_hooks", "create2", "iiiiii", ""),
    ("vm_hooks", "read_return_data", "iii", "i"),
    ("vm_hooks", "return_data_size", "", "i"),
    ("vm_hooks", "emit_log", "iii", ""),
    ("vm_hooks", "account_balance", "ii", ""),
    ("vm_hooks", "account_code", "iiii", "i"),
    ("vm_hooks", "account_code_size", "i", "i"),
    ("vm_hooks", "account_codehash", "ii", ""),
    ("vm_hooks", "evm_gas_left", "", "l"),
    ("vm_hooks", "evm_ink_left", "", "l"),
    ("vm_hooks", "block_basefee", "i", ""),
    ("vm_hooks", "block_coinbase", "i", ""),
    ("vm_hooks", "block_gas_limit", "", "l"),
    ("vm_hooks", "block_number", "", "l"),
    ("vm_hooks", "block_timestamp", "", "l"),
    ("vm_hooks", "chainid", "", "l"),
    ("vm_hooks", "contract_address", "i", ""),
    ("vm_hooks", "math_div", "ii", ""),
    ("vm_hooks", "math_mod", "ii", ""),
    ("vm_hooks", "math_pow", "ii", ""),
    ("vm_hooks", "math_add_mod", "iii", ""),
    ("vm_hooks", "math_mul_mod", "iii", ""),
    ("vm_hooks", "msg_reentrant", "", "i"),
    ("vm_hooks", "msg_sender", "i", ""),
    ("vm_hooks", "msg_value", "i", ""),
    ("vm_hooks", "native_keccak256", "iii", ""),
    ("vm_hooks", "tx_gas_price", "i", ""),
    ("vm_hooks", "tx_ink_price", "", "i"),
    ("vm_hooks", "tx_origin", "i", ""),
    ("vm_hooks", "pay_for_memory_grow", "i", ""),
    ("console", "log_txt", "ii", ""),
    ("console", "log_i32", "i", ""),
    ("console", "log_i64", "l", ""),
    ("console", "log_f32", "f", ""),
    ("console", "log_f64", "d", ""),
    ("console", "tee_i32", "i", "i"),
    ("console", "tee_i64", "l", "l"),
    ("console", "tee_f32", "f", "f"),
    ("console", "tee_f64", "d", "d"),
];

/// Functions a program defines: the entry point and two of its callees, all (i32) -> (i32).
const DEFINED: u32 = 3;
/// Type index of the defined functions; those of the host functions come before.
const ENTRY_TYPE: u32 = HOST_FUNCTIONS.len() as u32;

fn types(letters: &str) -> Vec<ValType> {
    let of = |letter| match letter {
        'i' => ValType::I32,
        'l' => ValType::I64,
        'f' => ValType::F32,
        _ => ValType::F64,
    };
    letters.chars().map(of).collect()
}

/// A program that activation accepts unless it breaks a limit.
pub(crate) fn program(bytes: &[u8]) -> Vec<u8> {
    let mut source = Source { bytes };
    let (mut types_section, mut imports) = (TypeSection::new(), ImportSection::new());
    for (index, (module, name, params, results)) in (0..).zip(HOST_FUNCTIONS) {
        types_section.ty().function(types(params), types(results));
        imports.import(module, name, EntityType::Function(index));
    }
    types_section.ty().function([ValType::I32], [ValType::I32]);
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    let share = bytes.len() / DEFINED as usize + 1;
    for _ in 0..DEFINED {
        functions.function(ENTRY_TYPE);
        code.function(&Body::of(&mut source, share));
    }
    let mut module = Module::new();
    module
        .section(&types_section)
        .section(&imports)
        .section(&functions);
    module
        .section(&table())
        .section(&memory(bytes))
        .section(&globals());
    module
        .section(&exports())
        .section(&elements())
        .section(&code);
    module.finish()
}

fn table() -> TableSection {
    let mut tables = TableSection::new();
    let element_type = RefType::FUNCREF;
    let ty = TableType {
        element_type,
        minimum: 4,
        maximum: None,
        table64: false,
        shared: false,
    };
    tables.table(ty);
    tables
}

fn memory(bytes: &[u8]) -> MemorySection {
    let minimum = u64::from(bytes.first().copied().unwrap_or_default() % 4);
    let mut memories = MemorySection::new();
    let maximum = None;
    let ty = MemoryType {
        minimum,
        maximum,
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    memories.memory(ty);
    memories
}

fn globals() -> GlobalSection {
    let mut globals = GlobalSection::new();
    let ty = |val_type| GlobalType {
        val_type,
        mutable: true,
        shared: false,
    };
    globals.global(ty(ValType::I32), &ConstExpr::i32_const(1));
    globals.global(ty(ValType::I64), &ConstExpr::i64_const(1));
    globals
}

fn exports() -> ExportSection {
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export(
        "user_entrypoint",
        ExportKind::Func,
        HOST_FUNCTIONS.len() as u32,
    );
    exports
}

fn elements() -> ElementSection {
    let mut elements = ElementSection::new();
    let first = HOST_FUNCTIONS.len() as u32;
    let callees = [first, first + 1, first + 2];
    elements.active(
        None,
        &ConstExpr::i32_const(0),
        Elements::Functions(callees[..].into()),
    );
    elements
}

/// Bytes that are used up.
struct Source<'b> {
    bytes: &'b [u8],
}

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number that is often small, a page bound or an end of the range.
    fn number(&mut self) -> i64 {
        match self.byte() % 8 {
            0..=3 => i64::from(self.byte()),
            4 => i64::from(self.byte()) * 257,
            5 => 65_536 - i64::from(self.byte() % 40),
            6 => -i64::from(self.byte()),
            _ => (0..8).fold(0, |sum, _| sum << 8 | i64::from(self.byte())),
        }
    }
}

/// A function body under construction.
struct Body {
    function: Function,
    stack: Vec<ValType>,
    /// Heights of the operand stack at the open blocks, and whether they are loops.
    open: Vec<(usize, bool)>,
}

impl Body {
    /// A body of about `share` bytes of the source.
    fn of(source: &mut Source<'_>, share: usize) -> Function {
        let locals = [(2, ValType::I32), (2, ValType::I64)];
        let mut body = Self {
            function: Function::new(locals),
            stack: Vec::new(),
            open: Vec::new(),
        };
        let end = source.bytes.len().saturating_sub(share);
        while source.bytes.len() > end {
            body.instruction(source);
        }
        while !body.open.is_empty() {
            body.close();
        }
        body.shrink(0);
        body.push(Instruction::LocalGet(1), ValType::I32);
        body.emit(Instruction::End);
        body.function
    }

    fn emit(&mut self, instruction: Instruction<'_>) {
        self.function.instruction(&instruction);
    }

    fn push(&mut self, instruction: Instruction<'_>, ty: ValType) {
        self.emit(instruction);
        self.stack.push(ty);
    }

    /// Operands of the current block.
    fn height(&self) -> usize {
        self.open.last().map_or(0, |(height, _)| *height)
    }

    fn shrink(&mut self, height: usize) {
        while self.stack.len() > height {
            self.stack.pop();
            self.emit(Instruction::Drop);
        }
    }

    fn close(&mut self) {
        let height = self.height();
        self.shrink(height);
        self.open.pop();
        self.emit(Instruction::End);
    }

    /// Puts an operand of type `ty` unless there is one.
    fn want(&mut self, ty: ValType, source: &mut Source<'_>) {
        if self.stack.len() > self.height() && self.stack.last() == Some(&ty) && source.byte() < 100
        {
            return;
        }
        self.constant(ty, source);
    }

    fn constant(&mut self, ty: ValType, source: &mut Source<'_>) {
        let value = source.number();
        let instruction = match ty {
            ValType::I32 => Instruction::I32Const(value as i32),
            ValType::I64 => Instruction::I64Const(value),
            ValType::F32 => Instruction::F32Const((value as f32).into()),
            _ => Instruction::F64Const((value as f64).into()),
        };
        self.push(instruction, ty);
    }

    /// Operands of these types, in order; the first may be on the stack already.
    fn operands(&mut self, types: &[ValType], source: &mut Source<'_>) {
        for (index, ty) in types.iter().enumerate() {
            if index == 0 {
                self.want(*ty, source)
            } else {
                self.constant(*ty, source)
            }
        }
        for _ in types {
            self.stack.pop();
        }
    }

    fn instruction(&mut self, source: &mut Source<'_>) {
        match source.byte() {
            0..=59 => self.host_call(source),
            60..=99 => self.arithmetic(source),
            100..=149 => self.memory(source),
            150..=179 => self.variable(source),
            180..=229 => self.control(source),
            _ => self.constant(ValType::I32, source),
        }
    }

    fn host_call(&mut self, source: &mut Source<'_>) {
        let index = usize::from(source.byte()) % HOST_FUNCTIONS.len();
        let (_, _, params, results) = HOST_FUNCTIONS[index];
        self.operands(&types(params), source);
        self.emit(Instruction::Call(index as u32));
        self.stack.extend(types(results));
    }

    fn arithmetic(&mut self, source: &mut Source<'_>) {
        use Instruction::*;
        let narrow = [
            I32Add, I32Sub, I32Mul, I32DivS, I32RemS, I32DivU, I32Rotl, I32LtS, I32Xor,
        ];
        let wide = [
            I64Add, I64Sub, I64Mul, I64DivS, I64RemS, I64DivU, I64Rotl, I64ShrS, I64Or,
        ];
        let choice = usize::from(source.byte());
        if choice.is_multiple_of(2) {
            self.operands(&[ValType::I32; 2], source);
            self.push(narrow[choice / 2 % narrow.len()].clone(), ValType::I32);
        } else {
            self.operands(&[ValType::I64; 2], source);
            self.push(wide[choice / 2 % wide.len()].clone(), ValType::I64);
        }
    }

    fn memory(&mut self, source: &mut Source<'_>) {
        let arg = MemArg {
            offset: source.number() as u32 as u64,
            align: 0,
            target: MemArgTarget::Memory(0),
            ordering: None,
        };
        let (i32, i64) = (ValType::I32, ValType::I64);
        match source.byte() % 8 {
            0 => {
                self.operands(&[i32], source);
                self.push(Instruction::I32Load(arg), i32);
            }
            1 => {
                self.operands(&[i32], source);
                self.push(Instruction::I64Load16S(arg), i64);
            }
            2 => {
                self.operands(&[i32, i32], source);
                self.emit(Instruction::I32Store(arg));
            }
            3 => {
                self.operands(&[i32, i64], source);
                self.emit(Instruction::I64Store8(arg));
            }
            4 => {
                self.operands(&[i32; 3], source);
                self.emit(Instruction::MemoryFill(0));
            }
            5 => {
                self.operands(&[i32; 3], source);
                self.emit(Instruction::MemoryCopy {
                    src_mem: 0,
                    dst_mem: 0,
                });
            }
            6 => {
                self.operands(&[i32], source);
                self.push(Instruction::MemoryGrow(0), i32);
            }
            _ => self.push(Instruction::MemorySize(0), i32),
        }
    }

    fn variable(&mut self, source: &mut Source<'_>) {
        let choice = source.byte();
        let index = u32::from(choice / 8 % 2);
        let (ty, local) = match choice % 2 {
            0 => (ValType::I32, 1 + index),
            _ => (ValType::I64, 3 + index),
        };
        let global = u32::from(choice % 2);
        match choice / 2 % 4 {
            0 => self.push(Instruction::LocalGet(local), ty),
            1 => {
                self.operands(&[ty], source);
                self.emit(Instruction::LocalSet(local));
            }
            2 => self.push(Instruction::GlobalGet(global), ty),
            _ => {
                self.operands(&[ty], source);
                self.emit(Instruction::GlobalSet(global));
            }
        }
    }

    fn control(&mut self, source: &mut Source<'_>) {
        match source.byte() % 8 {
            0 => self.enter(Instruction::Block(BlockType::Empty), false),
            1 => self.enter(Instruction::Loop(BlockType::Empty), true),
            2 => {
                self.operands(&[ValType::I32], source);
                self.enter(Instruction::If(BlockType::Empty), false);
            }
            3 if !self.open.is_empty() => self.close(),
            4 if !self.open.is_empty() => {
                let label = u32::from(source.byte()) % self.open.len() as u32;
                self.operands(&[ValType::I32], source);
                self.emit(Instruction::BrIf(label));
            }
            5 if !self.open.is_empty() => {
                let deepest = self.open.len() as u32;
                let labels: Vec<_> = (0..3).map(|_| u32::from(source.byte()) % deepest).collect();
                self.enter(Instruction::Block(BlockType::Empty), false);
                self.operands(&[ValType::I32], source);
                let inner: Vec<_> = labels.iter().map(|label| label + 1).collect();
                self.emit(Instruction::BrTable(inner[..].into(), 0));
                self.open.pop();
                self.emit(Instruction::End);
            }
            6 => {
                self.operands(&[ValType::I32, ValType::I32], source);
                let (type_index, table_index) = (ENTRY_TYPE, 0);
                self.push(
                    Instruction::CallIndirect {
                        type_index,
                        table_index,
                    },
                    ValType::I32,
                );
            }
            _ => {
                let callee = HOST_FUNCTIONS.len() as u32 + u32::from(source.byte()) % DEFINED;
                self.operands(&[ValType::I32], source);
                self.push(Instruction::Call(callee), ValType::I32);
            }
        }
    }

    fn enter(&mut self, instruction: Instruction<'_>, is_loop: bool) {
        self.emit(instruction);
        self.open.push((self.stack.len(), is_loop));
    }
}
