//! From the parts of a page to its HTML.

use crate::chart::Chart;
use crate::html::{anchor, escape, script_json};
use crate::provenance::{Origin, Provenance};

use super::{Outcome, Page, Part, Section, Verdict};

const ECHARTS: &str = include_str!("../../vendor/echarts.min.js");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

pub(super) fn page(page: &Page) -> String {
    let banner = match page.provenance.origin {
        Origin::Synthetic => {
            "<div class=\"banner\" role=\"note\">SYNTHETIC DATA · made by a program, \
             no market ever traded like this</div>"
        }
        Origin::Recorded | Origin::Given => "",
    };
    let data = serde_json::to_value(page).map_or_else(|_| "null".to_owned(), |v| script_json(&v));
    let body: String = page.sections.iter().map(section).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
         <style>{STYLE}</style></head><body>{banner}<header><h1>{title}</h1>\
         <p class=\"subtitle\">{subtitle}</p>{rests}</header>{contents}<main>{verdicts}{body}</main>\
         <script type=\"application/json\" id=\"data\">{data}</script>\
         <script>{ECHARTS}</script><script>{SCRIPT}</script></body></html>\n",
        title = escape(&page.title),
        subtitle = escape(&page.subtitle),
        rests = rests(&page.provenance),
        contents = contents(&page.sections),
        verdicts = verdicts(&page.verdicts),
    )
}

fn rests(provenance: &Provenance) -> String {
    format!("<p class=\"rests\">{}</p>", provenance.line())
}

fn contents(sections: &[Section]) -> String {
    let links: String = sections
        .iter()
        .map(|s| format!("<a href=\"#{}\">{}</a>", anchor(&s.title), escape(&s.title)))
        .collect();
    format!("<nav aria-label=\"Contents\">{links}</nav>")
}

fn verdicts(verdicts: &[Verdict]) -> String {
    let boxes: String = verdicts
        .iter()
        .map(|verdict| {
            let (class, word) = match verdict.outcome {
                Outcome::Passed => ("passed", "passed"),
                Outcome::Refused => ("refused", "refused"),
                Outcome::Noted => ("noted", "note"),
            };
            format!(
                "<section class=\"verdict {class}\"><span class=\"word\">{word}</span>\
                 <h2>{}</h2><p>{}</p></section>",
                escape(&verdict.title),
                escape(&verdict.reason)
            )
        })
        .collect();
    format!("<div class=\"verdicts\">{boxes}</div>")
}

fn section(section: &Section) -> String {
    let parts: String = section.parts.iter().map(part).collect();
    let title = escape(&section.title);
    format!("<section id=\"{}\"><h2>{title}</h2>{parts}</section>", anchor(&section.title))
}

fn part(content: &Part) -> String {
    match content {
        Part::Text(text) => format!("<p>{}</p>", escape(text)),
        Part::List(items) => {
            let items: String =
                items.iter().map(|item| format!("<li>{}</li>", escape(item))).collect();
            format!("<ul>{items}</ul>")
        }
        Part::Table { title, table, provenance } => format!(
            "<figure><figcaption><h3>{}</h3></figcaption>{}{}</figure>",
            escape(title),
            table.html(),
            rests(provenance)
        ),
        Part::Chart(chart) => figure(chart),
        Part::Beside(parts) => {
            let parts: String = parts.iter().map(part).collect();
            format!("<div class=\"beside\">{parts}</div>")
        }
    }
}

fn figure(chart: &Chart) -> String {
    format!(
        "<figure><figcaption><h3>{}</h3><p>{}</p></figcaption>\
         <div class=\"chart\" role=\"img\" aria-label=\"{}\" style=\"height:{}px\">\
         <script type=\"application/json\">{}</script></div>{}</figure>",
        escape(&chart.title),
        escape(&chart.caption),
        escape(&chart.caption),
        chart.height_px,
        script_json(&chart.options),
        rests(&chart.provenance)
    )
}
