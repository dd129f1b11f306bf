"""Writes the compact table of exchange calendars from PyPI `exchange_calendars`.

Run by `cargo xtask gen calendars`, which compares its output with the committed table.
A line is one fact:
  calendar CODE ZONE OPEN CLOSE FIRST LAST   local times of a regular session, days covered
  week DIGITS                                weekdays with a session, Monday 0
  offset DAY MINUTES                         UTC offset of the sessions from that day on
  regular DAY OPEN CLOSE                     regular local times changed on that day
  closed DAY ...                             weekdays without a session
  special DAY OPEN CLOSE                     a session with other local times
"""

import datetime as dt
import sys

import exchange_calendars as ec

CALENDARS = {"XNYS": "1962-01-02", "XETR": "1990-01-02", "XLON": "1990-01-02"}
LAST = "2027-12-31"


def minutes(moment, day):
    local_midnight = dt.datetime.combine(day, dt.time())
    return int((moment.replace(tzinfo=None) - local_midnight).total_seconds() // 60)


def clock(value):
    return f"{value // 60:02}:{value % 60:02}"


def write(code, first, out):
    calendar = ec.get_calendar(code, start=first, end=LAST)
    schedule = calendar.schedule
    sessions = [stamp.date() for stamp in schedule.index]
    opens = [stamp.tz_convert(calendar.tz) for stamp in schedule["open"]]
    closes = [stamp.tz_convert(calendar.tz) for stamp in schedule["close"]]
    times = [(minutes(o, d), minutes(c, d)) for o, c, d in zip(opens, closes, sessions)]
    week = sorted({day.weekday() for day in sessions[-1000:]})

    def usual(start):
        start = min(start, len(times) - 60)
        window = times[start : start + 60]
        return max(sorted(set(window)), key=window.count)

    current = usual(0)
    print(f"calendar {code} {calendar.tz} {clock(current[0])} {clock(current[1])} "
          f"{sessions[0]} {sessions[-1]}", file=out)
    print("week " + "".join(map(str, week)), file=out)
    offset = None
    for day, opened in zip(sessions, opens):
        found = int(opened.utcoffset().total_seconds() // 60)
        if found != offset:
            print(f"offset {day} {found}", file=out)
            offset = found
    known = set(sessions)
    day, closed = sessions[0], []
    while day <= sessions[-1]:
        if day.weekday() in week and day not in known:
            closed.append(str(day))
        day += dt.timedelta(days=1)
    for start in range(0, len(closed), 8):
        print("closed " + " ".join(closed[start : start + 8]), file=out)
    for index, (day, pair) in enumerate(zip(sessions, times)):
        if pair == current:
            continue
        if usual(index) == pair:
            current = pair
            print(f"regular {day} {clock(pair[0])} {clock(pair[1])}", file=out)
        else:
            print(f"special {day} {clock(pair[0])} {clock(pair[1])}", file=out)


def main():
    out = sys.stdout
    print(f"# exchange_calendars {ec.__version__}, Apache-2.0; made by xtask/scripts/calendars.py", file=out)
    for code, first in CALENDARS.items():
        write(code, first, out)


main()
