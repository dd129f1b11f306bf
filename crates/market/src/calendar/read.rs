//! Reads the generated table. The table is part of the program, so a fault in it is a fault in
//! the program: these functions panic, and the tests of this room read every line.

use base::{Day, Span};

use super::{Calendar, Session};

#[derive(Clone, Copy)]
struct Hours {
    open: Span,
    close: Span,
}

#[derive(Default)]
struct Draft {
    code: &'static str,
    week: &'static str,
    first: Day,
    last: Day,
    offsets: Vec<(Day, Span)>,
    regular: Vec<(Day, Hours)>,
    closed: Vec<Day>,
    special: Vec<(Day, Hours)>,
}

/// All calendars of the table's text.
pub(super) fn table(text: &'static str) -> Vec<Calendar> {
    let mut drafts: Vec<Draft> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let word = words.next().unwrap_or_default();
        let rest: Vec<&'static str> = words.collect();
        if word == "calendar" {
            drafts.push(begin(&rest));
            continue;
        }
        let draft = drafts.last_mut().expect("the table opens with a calendar");
        match word {
            "week" => draft.week = rest[0],
            "offset" => {
                let offset = rest[1].parse().expect("minutes of an offset");
                draft.offsets.push((day(rest[0]), Span::from_minutes(offset)));
            }
            "closed" => draft.closed.extend(rest.iter().map(|text| day(text))),
            "regular" => draft.regular.push((day(rest[0]), hours(rest[1], rest[2]))),
            "special" => draft.special.push((day(rest[0]), hours(rest[1], rest[2]))),
            other => panic!("unknown word {other:?} in the table of calendars"),
        }
    }
    drafts.into_iter().map(finish).collect()
}

fn begin(words: &[&'static str]) -> Draft {
    let first = day(words[4]);
    Draft {
        code: words[0],
        first,
        last: day(words[5]),
        regular: vec![(first, hours(words[2], words[3]))],
        ..Draft::default()
    }
}

fn finish(draft: Draft) -> Calendar {
    let mut sessions = Vec::new();
    for number in draft.first.number()..=draft.last.number() {
        let day = Day::from_number(number);
        let weekday = char::from(b'0' + day.weekday() as u8);
        if !draft.week.contains(weekday) || draft.closed.binary_search(&day).is_ok() {
            continue;
        }
        let regular = in_force(&draft.regular, day);
        let special = draft.special.binary_search_by_key(&day, |(special, _)| *special);
        let hours = special.map_or(regular, |index| draft.special[index].1);
        let midnight = day.start() - in_force(&draft.offsets, day);
        sessions.push(Session {
            day,
            open: midnight + hours.open,
            close: midnight + hours.close,
            half_day: hours.close < regular.close,
        });
    }
    Calendar { code: draft.code, sessions }
}

fn in_force<T: Copy>(changes: &[(Day, T)], day: Day) -> T {
    changes[changes.partition_point(|(from, _)| *from <= day) - 1].1
}

fn day(text: &str) -> Day {
    text.parse().expect("a day in the table of calendars")
}

fn hours(open: &str, close: &str) -> Hours {
    Hours { open: clock(open), close: clock(close) }
}

fn clock(text: &str) -> Span {
    let (hour, minute) = text.split_once(':').expect("a time in the table of calendars");
    let number = |text: &str| text.parse::<i64>().expect("a time in the table of calendars");
    Span::from_minutes(60 * number(hour) + number(minute))
}
