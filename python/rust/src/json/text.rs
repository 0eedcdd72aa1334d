//! The escapes of JSON strings (RFC 8259 section 7).

use std::str::Chars;

/// Resolves the escapes of a string; `None` when one is not an escape or a lone surrogate.
pub(super) fn unescape(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        let meant = if character == '\\' { escape(&mut characters)? } else { character };
        out.push(meant);
    }
    Some(out)
}

/// Reads what follows a backslash.
fn escape(characters: &mut Chars<'_>) -> Option<char> {
    Some(match characters.next()? {
        itself @ ('"' | '\\' | '/') => itself,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode(characters),
        _ => return None,
    })
}

/// Reads the digits after `\u`, and the second half when they begin a surrogate pair.
fn unicode(characters: &mut Chars<'_>) -> Option<char> {
    let first = code_unit(characters)?;
    if !(0xd800..=0xdbff).contains(&first) {
        return char::from_u32(first);
    }
    if (characters.next()?, characters.next()?) != ('\\', 'u') {
        return None;
    }
    let second = code_unit(characters).filter(|unit| (0xdc00..=0xdfff).contains(unit))?;
    char::from_u32(0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff))
}

fn code_unit(characters: &mut Chars<'_>) -> Option<u32> {
    let mut unit = 0;
    for _ in 0..4 {
        unit = unit * 16 + characters.next()?.to_digit(16)?;
    }
    Some(unit)
}
