//! A reference for metering: a little stack machine that pays by the published price table, block by
//! block, as it goes. It shares nothing with the VM.

/// Value type of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ty {
    /// i32
    I32,
    /// i64
    I64,
}

impl Ty {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        if self == Self::I32 { "i32" } else { "i64" }
    }

    fn cut(self, value: u64) -> u64 {
        if self == Self::I32 {
            u64::from(value as u32)
        } else {
            value
        }
    }

    fn pick(self, of_i32: u64, of_i64: u64) -> u64 {
        if self == Self::I32 { of_i32 } else { of_i64 }
    }
}

/// Binary instructions: name, prices of i32 and i64.
pub(crate) const BINARY: [(&str, u64, u64); 17] = [
    ("add", 70, 100),
    ("sub", 70, 100),
    ("mul", 160, 160),
    ("and", 70, 100),
    ("or", 70, 100),
    ("xor", 70, 100),
    ("shl", 70, 100),
    ("shr_u", 70, 100),
    ("rotl", 70, 100),
    ("div_u", 1_120, 1_270),
    ("rem_u", 1_120, 1_270),
    ("eq", 170, 225),
    ("ne", 170, 225),
    ("lt_u", 170, 225),
    ("gt_u", 170, 225),
    ("le_u", 170, 225),
    ("ge_u", 170, 225),
];

/// Unary instructions: name, prices of i32 and i64.
pub(crate) const UNARY: [(&str, u64, u64); 4] = [
    ("eqz", 170, 225),
    ("clz", 210, 210),
    ("ctz", 210, 210),
    ("popcnt", 2_650, 6_000),
];

/// Whether a result of [`BINARY`] is an i32 whatever the operands are.
pub(crate) fn compares(binary: usize) -> bool {
    binary >= 11
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ins {
    Const(Ty, u64),
    Get(usize),
    Set(usize),
    Tee(usize),
    GlobalGet,
    GlobalSet,
    Binary(Ty, usize),
    Unary(Ty, usize),
    Wrap,
    Extend,
    Load(Ty),
    Store(Ty),
    Fill,
    Drop,
    Select,
    MemorySize,
    Nop,
    Block,
    Loop,
    /// With the type of its result.
    If(Option<Ty>),
    Else,
    End,
    Br(usize),
    BrIf(usize),
    BrTable(Vec<usize>),
    Return,
    Call,
    CallIndirect,
}

impl Ins {
    /// The instruction in the text format. Locals 0 to 3 are i32, 4 to 7 i64.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Const(ty, value) => match ty {
                Ty::I32 => format!("i32.const {}", *value as u32),
                Ty::I64 => format!("i64.const {value}"),
            },
            Self::Get(local) => format!("local.get {local}"),
            Self::Set(local) => format!("local.set {local}"),
            Self::Tee(local) => format!("local.tee {local}"),
            Self::GlobalGet => "global.get $g".into(),
            Self::GlobalSet => "global.set $g".into(),
            Self::Binary(ty, index) => format!("{}.{}", ty.name(), BINARY[*index].0),
            Self::Unary(ty, index) => format!("{}.{}", ty.name(), UNARY[*index].0),
            Self::Wrap => "i32.wrap_i64".into(),
            Self::Extend => "i64.extend_i32_u".into(),
            Self::Load(ty) => format!("{}.load", ty.name()),
            Self::Store(ty) => format!("{}.store", ty.name()),
            Self::Fill => "memory.fill".into(),
            Self::Drop => "drop".into(),
            Self::Select => "select".into(),
            Self::MemorySize => "memory.size".into(),
            Self::Nop => "nop".into(),
            Self::Block => "block".into(),
            Self::Loop => "loop".into(),
            Self::If(None) => "if".into(),
            Self::If(Some(ty)) => format!("if (result {})", ty.name()),
            Self::Else => "else".into(),
            Self::End => "end".into(),
            Self::Br(label) => format!("br {label}"),
            Self::BrIf(label) => format!("br_if {label}"),
            Self::BrTable(labels) => {
                let labels: Vec<_> = labels.iter().map(ToString::to_string).collect();
                format!("br_table {}", labels.join(" "))
            }
            Self::Return => "return".into(),
            Self::Call => "call $helper".into(),
            Self::CallIndirect => "call_indirect (type $helper_type)".into(),
        }
    }

    /// Ink by the published table. The helper has one parameter.
    fn price(&self) -> u64 {
        match self {
            Self::Const(..)
            | Self::Nop
            | Self::Block
            | Self::Loop
            | Self::Else
            | Self::End
            | Self::Return => 1,
            Self::Get(_) | Self::Tee(_) => 75,
            Self::Set(_) => 210,
            Self::GlobalGet => 225,
            Self::GlobalSet => 575,
            Self::Binary(ty, index) => ty.pick(BINARY[*index].1, BINARY[*index].2),
            Self::Unary(ty, index) => ty.pick(UNARY[*index].1, UNARY[*index].2),
            Self::Wrap | Self::Extend => 100,
            Self::Load(ty) => ty.pick(670, 680),
            Self::Store(ty) => ty.pick(825, 950),
            Self::Fill => 950,
            Self::Drop => 9,
            Self::Select => 1_250,
            Self::MemorySize => 3_000,
            Self::If(_) | Self::Br(_) | Self::BrIf(_) => 765,
            Self::BrTable(labels) => 2_400 + 325 * (labels.len() as u64 - 1),
            Self::Call => 3_800,
            Self::CallIndirect => 13_610 + 650,
        }
    }

    fn ends_block(&self) -> bool {
        matches!(
            self,
            Self::End
                | Self::Else
                | Self::Return
                | Self::Loop
                | Self::If(_)
                | Self::Br(_)
                | Self::BrIf(_)
                | Self::BrTable(_)
                | Self::Call
                | Self::CallIndirect
        )
    }
}

/// Instructions that instrumentation makes of a body, by formula (growth is not generated).
pub(crate) fn instrumented_length(body: &[Ins]) -> u64 {
    let count = |test: fn(&Ins) -> bool| body.iter().filter(|ins| test(ins)).count() as u64;
    let blocks = count(Ins::ends_block);
    let fills = count(|ins| *ins == Ins::Fill);
    let returns = count(|ins| *ins == Ins::Return);
    body.len() as u64 + 12 * blocks + 17 * fills + 12 + 4 * (returns + 1) + 1
}

/// Bytes of memory the machine has.
pub(crate) const MEMORY: usize = 65_536;

/// The machine: a program of an entry point and a helper, and what running it used.
pub(crate) struct Machine<'p> {
    pub(crate) helper: &'p [Ins],
    pub(crate) memory: Vec<u8>,
    pub(crate) global: u64,
    pub(crate) ink: u64,
}

/// A program divided by zero.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trap;

impl Machine<'_> {
    /// Runs `body` and gives its result.
    pub(crate) fn run(&mut self, body: &[Ins], argument: u64) -> Result<u64, Trap> {
        let mut locals = [0u64; 8];
        locals[0] = argument;
        let mut stack = Vec::new();
        // Positions of the open blocks' first instructions.
        let mut labels: Vec<usize> = Vec::new();
        let mut at = 0;
        loop {
            if at == 0 || body[at - 1].ends_block() {
                self.ink += block_price(&body[at..]);
            }
            let ins = &body[at];
            at += 1;
            match ins {
                Ins::Block | Ins::Loop => labels.push(at - 1),
                Ins::If(_) => {
                    let taken = pop(&mut stack) != 0;
                    let (otherwise, end) = arms(body, at - 1);
                    if taken || otherwise.is_some() {
                        labels.push(at - 1);
                    }
                    if !taken {
                        at = otherwise.unwrap_or(end) + 1;
                    }
                }
                Ins::Else => {
                    let open = labels.pop().expect("else is in an if");
                    at = arms(body, open).1 + 1;
                }
                Ins::End => {
                    if labels.pop().is_none() {
                        return Ok(pop(&mut stack));
                    }
                }
                Ins::Return => return Ok(pop(&mut stack)),
                Ins::Br(label) => at = branch(body, &mut labels, *label),
                Ins::BrIf(label) => {
                    if pop(&mut stack) != 0 {
                        at = branch(body, &mut labels, *label);
                    }
                }
                Ins::BrTable(table) => {
                    let index = (pop(&mut stack) as usize).min(table.len() - 1);
                    at = branch(body, &mut labels, table[index]);
                }
                Ins::Call | Ins::CallIndirect => {
                    if *ins == Ins::CallIndirect {
                        pop(&mut stack);
                    }
                    let argument = pop(&mut stack);
                    let helper = self.helper;
                    stack.push(self.run(helper, argument)?);
                }
                other => self.step(other, &mut stack, &mut locals)?,
            }
        }
    }

    fn step(&mut self, ins: &Ins, stack: &mut Vec<u64>, locals: &mut [u64; 8]) -> Result<(), Trap> {
        match ins {
            Ins::Const(ty, value) => stack.push(ty.cut(*value)),
            Ins::Get(local) => stack.push(locals[*local]),
            Ins::Set(local) => locals[*local] = pop(stack),
            Ins::Tee(local) => locals[*local] = *stack.last().expect("an operand"),
            Ins::GlobalGet => stack.push(self.global),
            Ins::GlobalSet => self.global = pop(stack),
            Ins::Binary(ty, index) => {
                let (right, left) = (pop(stack), pop(stack));
                stack.push(binary(*ty, BINARY[*index].0, left, right)?);
            }
            Ins::Unary(ty, index) => {
                let operand = pop(stack);
                stack.push(unary(*ty, UNARY[*index].0, operand));
            }
            Ins::Wrap => {
                let value = pop(stack);
                stack.push(Ty::I32.cut(value));
            }
            Ins::Load(ty) => {
                let at = pop(stack) as usize;
                let mut bytes = [0; 8];
                let width = ty.pick(4, 8) as usize;
                bytes[..width].copy_from_slice(&self.memory[at..at + width]);
                stack.push(u64::from_le_bytes(bytes));
            }
            Ins::Store(ty) => {
                let (value, at) = (pop(stack), pop(stack) as usize);
                let width = ty.pick(4, 8) as usize;
                self.memory[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
            }
            Ins::Fill => {
                let (length, value, at) = (pop(stack) as usize, pop(stack), pop(stack) as usize);
                self.ink += 100 * length as u64;
                self.memory[at..at + length].fill(value as u8);
            }
            Ins::Drop => {
                pop(stack);
            }
            Ins::Select => {
                let (condition, second, first) = (pop(stack), pop(stack), pop(stack));
                stack.push(if condition != 0 { first } else { second });
            }
            Ins::MemorySize => stack.push(1),
            _ => {}
        }
        Ok(())
    }
}

fn pop(stack: &mut Vec<u64>) -> u64 {
    stack.pop().expect("generated programs are well typed")
}

fn block_price(rest: &[Ins]) -> u64 {
    let last = rest
        .iter()
        .position(Ins::ends_block)
        .expect("a body ends with end");
    2_450 + rest[..=last].iter().map(Ins::price).sum::<u64>()
}

/// Positions of the `else`, if any, and the `end` of the block opened at `open`.
fn arms(body: &[Ins], open: usize) -> (Option<usize>, usize) {
    let (mut depth, mut otherwise) = (0, None);
    for (at, ins) in body.iter().enumerate().skip(open) {
        match ins {
            Ins::Block | Ins::Loop | Ins::If(_) => depth += 1,
            Ins::Else if depth == 1 => otherwise = Some(at),
            Ins::End if depth == 1 => return (otherwise, at),
            Ins::End => depth -= 1,
            _ => {}
        }
    }
    panic!("every block has an end")
}

/// Where a branch to `label` goes on. Generated branches carry no values.
fn branch(body: &[Ins], labels: &mut Vec<usize>, label: usize) -> usize {
    let target = labels[labels.len() - 1 - label];
    labels.truncate(labels.len() - label);
    if body[target] == Ins::Loop {
        return target + 1;
    }
    labels.pop();
    arms(body, target).1 + 1
}

fn binary(ty: Ty, name: &str, left: u64, right: u64) -> Result<u64, Trap> {
    let bits = ty.pick(32, 64) as u32;
    let shift = right as u32 % bits;
    Ok(ty.cut(match name {
        "add" => left.wrapping_add(right),
        "sub" => left.wrapping_sub(right),
        "mul" => left.wrapping_mul(right),
        "and" => left & right,
        "or" => left | right,
        "xor" => left ^ right,
        "shl" => left << shift,
        "shr_u" => left >> shift,
        "rotl" if ty == Ty::I32 => u64::from((left as u32).rotate_left(shift)),
        "rotl" => left.rotate_left(shift),
        "div_u" => left.checked_div(right).ok_or(Trap)?,
        "rem_u" => left.checked_rem(right).ok_or(Trap)?,
        "eq" => u64::from(left == right),
        "ne" => u64::from(left != right),
        "lt_u" => u64::from(left < right),
        "gt_u" => u64::from(left > right),
        "le_u" => u64::from(left <= right),
        _ => u64::from(left >= right),
    }))
}

fn unary(ty: Ty, name: &str, operand: u64) -> u64 {
    let bits = ty.pick(32, 64);
    match name {
        "eqz" => u64::from(operand == 0),
        "clz" => u64::from(operand.leading_zeros()) - (64 - bits),
        "ctz" => u64::from(operand.trailing_zeros()).min(bits),
        _ => u64::from(operand.count_ones()),
    }
}
