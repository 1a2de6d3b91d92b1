//! What each word of a calldata is, from the function's signature alone.

/// A word of the ABI encoding (<https://docs.soliditylang.org/en/latest/abi-spec.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Every value is good: `bytes32`.
    Any,
    /// A value in the last bytes, zeros before: `address` and `uint8` to `uint64`.
    Low(usize),
    /// 0 or 1.
    Bool,
    /// A value in the first bytes, zeros after: `bytes16`, `bytes28`, and the last word of `bytes`.
    High(usize),
    /// The offset of a dynamic argument.
    Offset,
    /// The length of `bytes`, or the count of an array.
    Length,
}

impl Word {
    fn of(kind: &str) -> Self {
        match kind {
            "bytes32" => Self::Any,
            "bytes16" => Self::High(16),
            "bytes28" => Self::High(28),
            "address" => Self::Low(20),
            "bool" => Self::Bool,
            "bytes" => Self::Offset,
            _ if kind.ends_with("[]") => Self::Offset,
            uint => {
                let bits = uint
                    .strip_prefix("uint")
                    .and_then(|bits| bits.parse::<usize>().ok());
                Self::Low(bits.expect("a type of the interface") / 8)
            }
        }
    }

    /// The bytes of the word that must be zero.
    pub(crate) fn padding(self) -> std::ops::Range<usize> {
        match self {
            Self::Any => 0..0,
            Self::Low(bytes) => 0..32 - bytes,
            Self::Bool => 0..31,
            Self::High(bytes) => bytes..32,
            // No calldata is so long that more than the last four bytes count.
            Self::Offset | Self::Length => 0..28,
        }
    }
}

/// The types between the outer parentheses, those of nested tuples in their place; arrays of tuples stay whole.
fn types(signature: &str) -> Vec<String> {
    let open = signature.find('(').expect("a signature");
    split(&signature[open + 1..signature.len() - 1])
        .into_iter()
        .flat_map(|kind| match kind.strip_suffix(')') {
            Some(_) => types(&kind),
            None => vec![kind],
        })
        .collect()
}

/// The parts between the commas that stand in no parentheses.
fn split(list: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for character in list.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        match character {
            ',' if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().expect("begins with one").push(character),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn number(word: &[u8]) -> usize {
    word[24..]
        .iter()
        .fold(0, |high, byte| high << 8 | usize::from(*byte))
}

/// The words of a well-formed calldata with their byte positions.
pub(crate) fn words(signature: &str, data: &[u8]) -> Vec<(usize, Word)> {
    let mut words = Vec::new();
    for (index, kind) in types(signature).iter().enumerate() {
        let at = 4 + index * 32;
        words.push((at, Word::of(kind)));
        if Word::of(kind) == Word::Offset {
            let length = 4 + number(&data[at..at + 32]);
            words.push((length, Word::Length));
            let count = number(&data[length..length + 32]);
            words.extend(tail(kind, length + 32, count));
        }
    }
    words
}

/// The words after a length.
fn tail(kind: &str, start: usize, count: usize) -> Vec<(usize, Word)> {
    let Some(item) = kind.strip_suffix("[]") else {
        let (last, used) = (start + count / 32 * 32, count % 32);
        return if used == 0 {
            vec![]
        } else {
            vec![(last, Word::High(used))]
        };
    };
    let item = if item.ends_with(')') {
        types(item)
    } else {
        vec![item.to_string()]
    };
    let kinds = item.iter().map(|kind| Word::of(kind)).collect::<Vec<_>>();
    let all = kinds.iter().cycle().take(kinds.len() * count);
    all.enumerate()
        .map(|(index, word)| (start + index * 32, *word))
        .collect()
}

#[test]
fn signatures_are_read() {
    use Word::*;
    let words = |signature, data: &[u8]| {
        words(signature, data)
            .into_iter()
            .map(|(_, word)| word)
            .collect::<Vec<_>>()
    };
    assert_eq!(words("f()", &[]), []);
    let flat = "f(bytes32,(uint8,(address,bool)),bytes16)";
    assert_eq!(
        words(flat, &[0; 164]),
        [Any, Low(1), Low(20), Bool, High(16)]
    );
    let mut data = vec![0; 4 + 32 * 6];
    data[4 + 31] = 32;
    data[4 + 32 + 31] = 2;
    assert_eq!(
        words("f((bytes32,uint64)[])", &data),
        [Offset, Length, Any, Low(8), Any, Low(8)]
    );
    assert_eq!(words("f(bytes)", &data), [Offset, Length, High(2)]);
}
