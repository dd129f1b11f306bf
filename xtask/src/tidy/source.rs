//! Rules for one source file: lengths, nesting of names, parameters, words.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Breach;

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;
const PARAMETERS: usize = 5;
const BANNED_MODULES: [&str; 6] = ["util", "utils", "common", "helper", "helpers", "misc"];
// Spelled in halves, so that this file keeps its own rule.
const BANNED_WORDS: [&str; 5] = [
    concat!("to", "do!("),
    concat!("unimplemented", "!("),
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("#[ig", "nore"),
];

/// Breaches in one file.
pub(super) fn check(place: &str, text: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let before_tests = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
    let is_test = place.contains("/tests/");
    if before_tests > FILE_LINES && !is_test {
        breaches.push(at(place, before_tests, format!("longer than {FILE_LINES} lines: split it")));
    }
    for (index, line) in text.lines().enumerate() {
        if let Some(word) = BANNED_WORDS.iter().find(|word| line.contains(**word)) {
            breaches.push(at(place, index + 1, format!("{word} does not belong in the tree")));
        }
    }
    if place.ends_with("/src/lib.rs") {
        breaches.extend(door(place, text));
    }
    match syn::parse_file(text) {
        Ok(file) => {
            let mut visitor = Rules { place, breaches: Vec::new(), in_tests: is_test };
            visitor.visit_file(&file);
            breaches.extend(visitor.breaches);
        }
        Err(error) => breaches.push(at(place, error.span().start().line, "does not parse".into())),
    }
    breaches
}

/// Each room opens with what it is for, what it must never know, and where to start reading.
fn door(place: &str, text: &str) -> Vec<Breach> {
    let head: String =
        text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n");
    ["**For**", "**Must never know**", "**Start reading**"]
        .iter()
        .filter(|wanted| !head.contains(**wanted))
        .map(|wanted| at(place, 1, format!("the head of the room lacks {wanted}")))
        .collect()
}

fn at(place: &str, line: usize, rule: String) -> Breach {
    Breach { place: format!("{place}:{line}"), rule }
}

struct Rules<'a> {
    place: &'a str,
    breaches: Vec<Breach>,
    in_tests: bool,
}

impl Rules<'_> {
    fn breach(&mut self, span: Span, rule: String) {
        self.breaches.push(at(self.place, span.start().line, rule));
    }

    fn function(&mut self, signature: &syn::Signature, visibility: &syn::Visibility, span: Span) {
        let lines = span.end().line - span.start().line + 1;
        if lines > FUNCTION_LINES {
            let rule = format!("{} has {lines} lines, {FUNCTION_LINES} at most", signature.ident);
            self.breach(span, rule);
        }
        let inputs = signature.inputs.iter().filter_map(|input| match input {
            syn::FnArg::Typed(typed) => Some(typed),
            syn::FnArg::Receiver(_) => None,
        });
        let types: Vec<&syn::Type> = inputs.map(|typed| &*typed.ty).collect();
        if types.len() > PARAMETERS {
            self.breach(span, format!("{} has more than {PARAMETERS} parameters", signature.ident));
        }
        let is_public = matches!(visibility, syn::Visibility::Public(_));
        if is_public && !self.in_tests && types.iter().any(|ty| is_bool(ty)) {
            self.breach(span, format!("{}: an enum instead of a bool parameter", signature.ident));
        }
    }
}

fn is_bool(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Path(path) if path.path.is_ident("bool"))
}

impl<'ast> Visit<'ast> for Rules<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.vis, item.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.vis, item.span());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let name = item.ident.to_string();
        if BANNED_MODULES.contains(&name.as_str()) {
            self.breach(item.span(), format!("module {name}: name it for what it does"));
        }
        let outer = self.in_tests;
        self.in_tests |= name == "tests";
        visit::visit_item_mod(self, item);
        self.in_tests = outer;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules_of(text: &str) -> Vec<String> {
        check("crates/x/src/y.rs", text).into_iter().map(|breach| breach.rule).collect()
    }

    #[test]
    fn each_rule_catches_its_breach() {
        let long = format!("fn f() {{\n{}}}\n", "let _ = 1;\n".repeat(80));
        let cases = [
            (long.as_str(), "lines, 70 at most"),
            ("pub fn f(on: bool) {}", "enum instead of a bool"),
            ("fn f(a: u8, b: u8, c: u8, d: u8, e: u8, g: u8) {}", "more than 5 parameters"),
            ("mod util {}", "name it for what it does"),
            ("fn (", "does not parse"),
        ];
        for (text, wanted) in cases {
            let rules = rules_of(text);
            assert!(rules.len() == 1 && rules[0].contains(wanted), "{wanted}: {rules:?}");
        }
    }

    #[test]
    fn a_private_bool_and_a_short_function_pass() {
        assert_eq!(rules_of("fn f(on: bool) -> bool { !on }"), Vec::<String>::new());
    }

    #[test]
    fn a_room_without_its_head_is_caught() {
        let breaches = check("crates/x/src/lib.rs", "//! Words.\n");
        assert_eq!(breaches.len(), 3);
    }
}
