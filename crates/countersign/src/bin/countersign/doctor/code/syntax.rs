//! A Python file as a flat list of nodes.
//!
//! The parser is tree-sitter's: it does not recurse, so no nesting overflows a stack, and it goes on
//! behind a syntax error, so a file with one is checked all the same. Its tree is copied into a list
//! in source order, each node with its parent and the end of its subtree; what stands deeper than
//! [`DEEPEST`] is left out, and walks over the list are bounded by it.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use tree_sitter::{ParseOptions, ParseState, Parser, TreeCursor};

use super::node::Node;
use crate::doctor::Place;

/// CPython itself gives up at about this depth.
const DEEPEST: u32 = 200;
/// Characters are counted from the last of these, so that one endless line costs no more than many.
const BLOCK: usize = 1_024;
/// What follows in a comment is the ids of the rules that are broken there on purpose.
const ALLOW: &str = "countersign: allow ";
/// No program of people takes so long; what does is made to.
const LONGEST: Duration = Duration::from_secs(20);

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Syntax {
    name: String,
    text: String,
    entries: Vec<Entry>,
    /// Where each line begins.
    lines: Vec<usize>,
    /// How many characters stand before each [`BLOCK`] of bytes.
    characters: Vec<usize>,
    /// What the remarks of a line allow.
    remarks: HashMap<usize, String>,
    error: Option<usize>,
    cut: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: &'static str,
    pub(super) field: Option<&'static str>,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) parent: usize,
    /// The index behind its subtree.
    pub(super) after: usize,
}

impl Syntax {
    /// Parses a file. `None` when it takes too long.
    pub(crate) fn parse(name: &str, text: String) -> Option<Self> {
        let mut parser = Parser::new();
        // The grammar is compiled in, of the version that the parser was made for.
        parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok()?;
        let bytes = text.as_bytes();
        let started = Instant::now();
        let mut patience = |_: &ParseState| {
            if started.elapsed() < LONGEST {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        let tree = parser.parse_with_options(
            &mut |offset, _| bytes.get(offset..).unwrap_or_default(),
            None,
            Some(ParseOptions::new().progress_callback(&mut patience)),
        )?;
        let mut list = List { entries: Vec::new(), error: None, cut: None };
        list.fill(&mut tree.walk());
        let breaks = text.match_indices('\n').map(|(offset, _)| offset + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        let List { entries, error, cut } = list;
        let characters = counted(&text);
        let remarks = HashMap::new();
        let name = name.to_owned();
        let mut syntax = Self { name, text, entries, lines, characters, remarks, error, cut };
        syntax.remarks = syntax.find_remarks();
        Some(syntax)
    }

    /// A comment speaks for its line; one that has a line of its own speaks for the next, too.
    fn find_remarks(&self) -> HashMap<usize, String> {
        let mut remarks: HashMap<usize, String> = HashMap::new();
        for comment in self.entries.iter().filter(|entry| entry.kind == "comment") {
            let Some((_, ids)) = self.slice(comment.start, comment.end).split_once(ALLOW) else {
                continue;
            };
            let ids = ids.split_once("--").map_or(ids, |(ids, _)| ids);
            let line = self.line_of(comment.start);
            let begins = self.lines.get(line).copied().unwrap_or_default();
            let alone = self.slice(begins, comment.start).trim().is_empty();
            for line in line..=line + usize::from(alone) {
                let known = remarks.entry(line).or_default();
                known.push(' ');
                known.push_str(ids);
            }
        }
        remarks
    }

    /// Whether a remark says that this rule is broken on purpose in the line of this offset.
    pub(super) fn allows(&self, id: &str, offset: usize) -> bool {
        let remark = self.remarks.get(&self.line_of(offset));
        remark.is_some_and(|ids| ids.split([',', ' ']).any(|allowed| allowed == id))
    }

    /// Every node in source order.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.entries.len()).map(|index| Node::new(self, index))
    }

    /// The first place that is no Python.
    pub(crate) fn error(&self) -> Option<Place> {
        self.error.map(|offset| self.place(offset, offset))
    }

    /// The first place that is nested too deeply to be looked at.
    pub(crate) fn cut(&self) -> Option<Place> {
        self.cut.map(|offset| self.place(offset, offset))
    }

    /// The source from `start` to `end`.
    pub(super) fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn entry(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    /// The line that holds this offset, from 0.
    fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// How many characters stand before an offset.
    fn characters_before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        let counted = self.characters.get(block).copied().unwrap_or_default();
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        counted + rest.iter().filter(|byte| begins_character(**byte)).count()
    }

    /// Lines and columns of offsets.
    pub(super) fn place(&self, start: usize, end: usize) -> Place {
        let position = |offset: usize| {
            let line = self.line_of(offset);
            let begins = self.lines.get(line).copied().unwrap_or_default();
            let column = self.characters_before(offset) - self.characters_before(begins) + 1;
            (small(line + 1), small(column))
        };
        let ((line, column), (end_line, end_column)) = (position(start), position(end));
        Place { file: self.name.clone(), line, column, end_line, end_column }
    }
}

fn counted(text: &str) -> Vec<usize> {
    let blocks = text.as_bytes().chunks(BLOCK);
    let counts = blocks.scan(0, |before, block| {
        let here = *before;
        *before += block.iter().filter(|byte| begins_character(**byte)).count();
        Some(here)
    });
    counts.collect()
}

/// In UTF-8 every other byte of a character is `10xxxxxx`.
fn begins_character(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

struct List {
    entries: Vec<Entry>,
    error: Option<usize>,
    cut: Option<usize>,
}

impl List {
    fn fill(&mut self, cursor: &mut TreeCursor<'_>) {
        // The indices of the nodes that are open, the innermost last.
        let mut open: Vec<usize> = Vec::new();
        let mut depth = 0_u32;
        loop {
            let kept = self.take(cursor, &open, depth);
            if let Some(index) = kept
                && cursor.goto_first_child()
            {
                open.push(index);
                depth += 1;
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                depth -= 1;
                self.close(open.pop());
            }
        }
    }

    /// Takes the node under the cursor. `None` when its children shall not be looked at.
    fn take(&mut self, cursor: &TreeCursor<'_>, open: &[usize], depth: u32) -> Option<usize> {
        let node = cursor.node();
        let start = node.start_byte();
        if node.is_error() || node.is_missing() {
            self.error.get_or_insert(start);
        }
        // Brackets, commas and keywords say nothing that the fields do not say.
        if !node.is_named() && cursor.field_name().is_none() {
            return None;
        }
        if depth >= DEEPEST {
            self.cut.get_or_insert(start);
            return None;
        }
        let index = self.entries.len();
        self.entries.push(Entry {
            kind: node.kind(),
            field: cursor.field_name(),
            start,
            end: node.end_byte(),
            parent: open.last().copied().unwrap_or_default(),
            after: index + 1,
        });
        Some(index)
    }

    fn close(&mut self, index: Option<usize>) {
        let after = self.entries.len();
        if let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) {
            entry.after = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Syntax {
        Syntax::parse("a.py", text.to_owned()).unwrap()
    }

    #[test]
    fn places_count_characters_from_one() {
        let syntax = parse("x = 'ä☃'; y = 2\r\nz = 3\n");
        let name = |name| syntax.nodes().find(|node| node.text() == name).unwrap().place();
        assert_eq!(name("y").to_string(), "a.py:1:11");
        assert_eq!(name("z").to_string(), "a.py:2:1");
        assert_eq!((name("z").end_line, name("z").end_column), (2, 2));
    }

    #[test]
    fn columns_are_right_behind_many_blocks() {
        let long = format!("y = 0\nx = '{}'; z = 1\n", "ä".repeat(5_000));
        let syntax = parse(&long);
        let place = syntax.nodes().find(|node| node.text() == "z").unwrap().place();
        assert_eq!((place.line, place.column), (2, 5_009));
    }

    #[test]
    fn remarks_speak_for_their_line_or_the_next() {
        let text = "a = 1  # countersign: allow S1, S2 -- why\n# countersign: allow S3\nb = '# countersign: allow S4'\n";
        let syntax = parse(text);
        let allowed = |id, name: &str| syntax.allows(id, text.find(name).unwrap());
        assert!(allowed("S1", "a =") && allowed("S2", "a =") && !allowed("why", "a ="));
        assert!(allowed("S3", "b =") && !allowed("S1", "b =") && !allowed("S4", "b ="));
    }

    #[test]
    fn a_subtree_ends_where_its_node_ends() {
        let syntax = parse("def f(a, b=g(1)):\n    return a + 1\n\nx = f(2)\n");
        for node in syntax.nodes() {
            let inside = syntax.nodes().filter(|other| other.ancestors().any(|up| up == node));
            assert_eq!(node.descendants().count(), inside.count(), "{}", node.text());
        }
    }

    #[test]
    fn nothing_overflows_and_nothing_is_lost_silently() {
        let many = 100_000;
        for text in [
            format!("x = {}{}\n", "(".repeat(many), ")".repeat(many)),
            format!("x = a{}\n", ".b".repeat(many)),
            format!("x = 1{}\n", " + 1".repeat(many)),
            format!("x = {}1\n", "not ".repeat(many)),
            format!("x = {}1\n", "lambda: ".repeat(many)),
        ] {
            let syntax = parse(&text);
            assert!(syntax.cut().is_some() && syntax.error().is_none());
            assert!(syntax.nodes().count() < 10_000);
        }
        for text in [format!("x = {}", "[".repeat(many)), "\u{0}\u{1}((('".repeat(1_000)] {
            assert!(parse(&text).error().is_some());
        }
    }
}
