"""How people say when: times, weekdays, parts of the session; the notation is ``phrase_table``'s.

``minutes_since_open`` counts to a bar's open and ``minutes_to_close`` from its close, so *first 30 minutes* and *last hour* are the bars that lie
wholly in them, while *within 15 minutes of the close* speaks of the moment of the decision, which is the bar's close.
"""

from __future__ import annotations

_IN = "in|during|within"
_WHOLE = "trading|regular"

CLOCK = (
    # time of day
    ("after|past|from|since <time>", "time >= <time>", 0.02),
    ("before|until|till <time>", "time < <time>", 0.02),
    ("no|not later|after than? <time>", "time <= <time>", 0.02),
    ("no|not earlier|before than? <time>", "time >= <time>", 0.02),
    ("at <time>", "time == <time>", 0.05),
    ("time is? after", "time >=", 0.01),
    ("time is? before", "time <", 0.01),
    ("time is? at", "time ==", 0.01),
    ("between <time>", "time between <time>", 0.02),
    ("from <time> to|until|till|through <time>", "time between <time> and <time>", 0.02),
    ("<time> - <time>", "time between <time> and <time>", 0.02),
    ("<time> to|until|till <time>", "time between <time> and <time>", 0.02),
    ("time <time> - <time>", "time between <time> and <time>", 0.02),
    ("not between <time> and <time>", "not time between <time> and <time>", 0.02),
    ("in morning", "time < 12:00", 0.05),
    ("in afternoon", "time >= 12:00", 0.05),
    # weekdays
    ("on <day>", "day_of_week == <day>", 0.02),
    ("it? is <day>", "day_of_week == <day>", 0.02),
    ("not|never|except|avoid|excluding on <day>", "day_of_week != <day>", 0.02),
    ("never|except|avoid|excluding <day>", "day_of_week != <day>", 0.02),
    ("not|never|except|excluding|avoid on <day> or|and|, on? <day>", "not ( day_of_week == <day> or day_of_week == <day> )", 0.02),
    ("on <day> or|and|, <day>", "( day_of_week == <day> or day_of_week == <day> )", 0.02),
    ("on <day> , <day> ,? or|and <day>", "( day_of_week == <day> or day_of_week == <day> or day_of_week == <day> )", 0.02),
    ("on? <day> to|through|until|- <day>", "day_of_week between <day> and <day>", 0.02),
    ("from <day> to|through|until <day>", "day_of_week between <day> and <day>", 0.02),
    ("between <day> and <day>", "day_of_week between <day> and <day>", 0.02),
    # the session's beginning and end
    (f"{_IN}? first|opening <duration> {_WHOLE}? session|day?", "minutes_since_open < <duration>", 0.02),
    (f"{_IN}? last|final|closing <duration> {_WHOLE}? session|day", "minutes_to_close < <duration>", 0.02),
    ("in|during? last|final|closing <duration>", "minutes_to_close < <duration>", 0.05),
    ("within last|past? <duration>", "within <stretch>", 0.0),
    (f"not|outside|avoid|exclude|skip {_IN}? first|opening <duration> {_WHOLE}? session|day?", "minutes_since_open >= <duration>", 0.02),
    (f"not|outside|avoid|exclude|skip {_IN}? last|final|closing <duration> {_WHOLE}? session|day?", "minutes_to_close >= <duration>", 0.02),
    ("after first|opening <duration> session|day?", "minutes_since_open >= <duration>", 0.02),
    ("before last|final|closing <duration> session|day?", "minutes_to_close >= <duration>", 0.02),
    ("within <duration> open|opening", "minutes_since_open < <duration>", 0.02),
    ("within <duration> close|end|closing session|day?", "minutes_to_close <= <duration>", 0.02),
    ("at? least|more than? <duration> after|since|from open|opening", "minutes_since_open >= <duration>", 0.02),
    ("at? least|more than? <duration> before|until|to|from close|end|closing session|day?", "minutes_to_close >= <duration>", 0.02),
    ("less|fewer than <duration> before|until|to|from close|end session|day?", "minutes_to_close < <duration>", 0.02),
    ("less|fewer than <duration> after|since|from open", "minutes_since_open < <duration>", 0.02),
    ("<duration> after|into|past open|opening|session", "minutes_since_open >= <duration>", 0.05),
    ("<duration> before|until|to close|end|closing session|day?", "minutes_to_close <= <duration>", 0.05),
    ("at|on open|opening", "session_bar == 0", 0.05),
    ("at|on close|closing|end session|day?", "minutes_to_close == 0", 0.05),
    ("at? end day|session", "minutes_to_close == 0", 0.05),
    ("eod", "minutes_to_close == 0", 0.05),
    (f"{_IN}? on? first bar|candle|minute session|day?", "session_bar == 0", 0.02),
    ("on? last|final bar|candle session|day", "minutes_to_close == 0", 0.02),
    (f"{_IN} first <number> bars|candles session|day?", "session_bar < <number>", 0.02),
    ("first <number> bars|candles session|day", "session_bar < <number>", 0.02),
    ("after first <number> bars|candles session|day?", "session_bar >= <number>", 0.02),
    ("minutes since|after open", "minutes_since_open", 0.01),
    ("minutes to|until|before close", "minutes_to_close", 0.01),
)
