"""The monthly report as one page that stands by itself: it loads nothing, runs nothing, and prints on A4."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from cxagent.lifetime.spread import Spread
from cxagent.value.figures import MARKS, Figures, spoken, verdict
from cxagent.value.money import Money
from cxagent.value.month_charts import SPARK_MONTHS, Course, MonthRow, course_of, spark
from cxagent.value.monthly import (
    ACCOUNTS_SHOWN,
    BRACKETS,
    NEVER_ADDED,
    NO_LESS_TRUE,
    Monthly,
    OfKey,
    ahead,
    before_after,
    change,
    gone,
    latest,
    unpriced,
)
from cxagent.value.months import later
from cxagent.value.portfolio import Account, OfSegment
from cxagent.value.report import MetricReport

STYLE = Path(__file__).with_name("monthly.css")
NOTHING_REMOTE = "default-src 'none'; style-src 'unsafe-inline'"
QUIET = "Nothing that a sensor, or the comparison of the keys, saw this month."
MONTHS = 24
"""The months that a chart, and the table beside it, go back."""


def html(told: Monthly, name: str) -> str:
    """Return a month as a whole page; `name` says whose it is."""
    worth = told.worth
    title = f"What it is worth: {told.title}"
    about = f"{name}, as known on {told.made:%d %B %Y}; money in {worth.currency}"
    counted = f"<p>Lifetime value: {escape(worth.portfolio.convention)}.</p>" if worth.portfolio.accounts else ""
    parts = (
        f'<header><p class="kicker">What it is worth</p><h1>{escape(told.title)}</h1>'
        f'<p class="soft">{escape(about)}</p></header>',
        f'<section class="keys" aria-label="The four keys">{"".join(_card(of, told) for of in told.keys)}</section>',
        _heed(told.not_to_miss),
        _money(told),
        _accounts(told),
        *(_key(of, told) for of in told.keys),
        f'<footer class="small soft"><p>{escape(BRACKETS)}</p>{counted}</footer>',
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING_REMOTE}">'
        f"<style>{STYLE.read_text(encoding='utf-8')}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _verdict(one: MetricReport) -> str:
    word = verdict(one.trend, one.direction)
    mark = f'<span aria-hidden="true">{MARKS[word]}</span> ' if word in MARKS else ""
    return f'<span class="word {word.partition(" ")[0]}">{mark}{escape(word)}</span>'


def _slope(one: MetricReport, say: Figures) -> str:
    """Return slope and interval alone, for where the verdict stands beside them."""
    if one.trend.slope is None:
        return ""
    moved, _, ends = say.slope(one.trend, one.unit).partition(" [")
    return escape(moved) + (f' <span class="ends">[{escape(ends)}</span>' if ends else "")


def _spread(one: Spread, say: Figures) -> str:
    """Return a figure without its currency, with its interval below it."""
    return f"{say.bare(one.median)} <small>({say.bare(one.low)} to {say.bare(one.high)})</small>"


def _card(of: OfKey, told: Monthly) -> str:
    """Return one key with its headline metrics: figure, verdict, slope with interval, money or that it has none."""
    inner = ""
    for one in of.headlines:
        known = latest(one, told)
        none = "" if one.latest is not None else " none"
        label = f": {escape(one.money.label)}" if isinstance(one.money, Money) and one.money.amount is not None else ""
        inner += (
            f'<h3>{escape(one.title)}</h3><p class="big{none}">{escape(known)}</p><p>{_verdict(one)}</p>'
            f'<p class="small soft">{_slope(one, told.say)}</p>'
            f'<p class="foot small">{escape(told.say.priced(one.money, brief=True))}{label}</p>'
        )
    return f'<div class="card"><p class="kicker">{escape(of.key)}</p>{inner}</div>'


def _heed(sentences: Sequence[str]) -> str:
    rows = "".join(f"<li>{escape(one)}</li>" for one in sentences)
    said = f'<ul class="heed">{rows}</ul>' if rows else f"<p>{QUIET}</p>"
    return f"<section><h2>Not to be missed</h2>{said}</section>"


# ---- one key --------------------------------------------------------------------------------------------------------


def _key(of: OfKey, told: Monthly) -> str:
    owners = ", ".join(dict.fromkeys(one.owner for one in (*of.headlines, *of.others, *of.unknown)))
    unknown = ", ".join(f"{one.title} ({told.say.priced(one.money)})" for one in of.unknown)
    said = f'<p class="small soft">Nothing known yet: {escape(unknown)}</p>' if of.unknown else ""
    return (
        f'<section><h2>{escape(of.key.capitalize())}</h2><p class="small soft">Owned by {escape(owners)}</p>'
        f"{''.join(_headline(one, told) for one in of.headlines)}"
        f'<div class="paper">{_metrics(of.others, told) if of.others else ""}{said}</div></section>'
    )


def _headline(one: MetricReport, told: Monthly) -> str:
    about = f'<h3>{escape(one.title)} {_verdict(one)}</h3><p class="small soft">{escape(one.definition)}</p>'
    course = course_of(one, told.say, since=later(told.month, 1 - MONTHS))
    if course is None:
        price = escape(told.say.priced(one.money))
        return f'<div class="paper whole">{about}<p>Not known: none of {MONTHS} months tells of it. {price}.</p></div>'
    going = f'<p class="small soft">{escape(going)}</p>' if (going := ahead(one, told.say)) else ""
    return (
        f'<div class="paper whole">{about}<div class="beside"><figure>{course.picture}{_legend(course)}{going}</figure>'
        f"{_months(course.rows, one.unit, told.say)}</div></div>"
    )


def _legend(course: Course) -> str:
    lines = (f'<span class="key-line {kind}">{said}</span> ' for kind, said in course.legend.items())
    return f"<figcaption>{''.join(lines)}</figcaption>"


def _months(rows: Sequence[MonthRow], unit: str, say: Figures) -> str:
    """Return the months of a chart as a table, the earlier half beside the later one."""
    half = -(-len(rows) // 2)
    columns = 2 if len(rows) > 1 else 1
    head = '<th scope="col">month</th><th scope="col" class="n">figure</th>'
    head += head.replace('scope="col">', 'scope="col" class="second">', 1) if columns == 2 else ""
    cells = ""
    for index in range(half):
        cells += f"<tr>{_month(rows[index], unit, say, '')}"
        if index + half < len(rows):
            cells += _month(rows[index + half], unit, say, ' class="second"')
        elif columns == 2:
            cells += '<td class="second"></td><td></td>'
        cells += "</tr>"
    return f'<table class="months"><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>'


def _month(row: MonthRow, unit: str, say: Figures, kind: str) -> str:
    said = say.exact(row.value, unit) if row.ahead is None else f"{say.exact(row.ahead, unit)} expected"
    return f'<th scope="row"{kind}>{row.month}</th><td class="n">{escape(said)}</td>'


def _metrics(metrics: Iterable[MetricReport], told: Monthly) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(one.title)}</th>'
        f'<td class="n">{escape(latest(one, told))}</td><td>{spark(one.series, f"{one.title}, its last months")}</td>'
        f'<td class="small said">{_slope(one, told.say)}</td><td>{_verdict(one)}</td>'
        f'<td class="n small">{escape(told.say.priced(one.money, brief=True))}</td></tr>'
        for one in metrics
    )
    head = _head("metric", "figure", f"{SPARK_MONTHS} months", "a month", "verdict", "money", right=(1, 5))
    return f'<table class="metrics stack">{head}<tbody>{rows}</tbody></table>'


def _head(*names: str, right: Iterable[int] = ()) -> str:
    cells = (
        f'<th scope="col"{" class=n" if index in right else ""}>{escape(name)}</th>' for index, name in enumerate(names)
    )
    return f"<thead><tr>{''.join(cells)}</tr></thead>"


# ---- money, and what has none ---------------------------------------------------------------------------------------


def _money(told: Monthly) -> str:
    rates = before_after(told.worth)
    also = f'<p class="small">Before and after: {escape(rates)}.</p>' if rates else ""
    tags = "".join(f"<li>{escape(one)}</li>" for one in unpriced(told.worth))
    return (
        f'<section><h2>As money, over twelve months</h2><p class="small soft">{NEVER_ADDED.capitalize()}.</p>'
        f'<div class="three">{"".join(_priced(one, told.say) for one in told.worth.money)}</div>{also}'
        f'<div class="paper whole"><h3>Unpriced</h3><p class="small soft">{NO_LESS_TRUE}</p>'
        f'<ul class="tags">{tags}</ul></div></section>'
    )


def _priced(one: Money, say: Figures) -> str:
    inputs = ", ".join(f"{name} {value:,.4g}" for name, value in one.inputs.items() if value is not None)
    return (
        f'<div class="card"><p class="kicker">{escape(one.rule)}</p><p class="amount">{escape(say.priced(one))}</p>'
        f'<p class="small">{escape(one.label)}</p>'
        f'<p class="foot small soft">{escape(one.formula)}<br>With {escape(inputs or "nothing known")}</p></div>'
    )


# ---- accounts -------------------------------------------------------------------------------------------------------


def _accounts(told: Monthly) -> str:
    whole, say = told.worth.portfolio, told.say
    if not whole.accounts:
        return "<section><h2>What accounts are worth</h2><p>No month of any account is on record.</p></section>"
    head = _head(
        *("segment", "accounts", "net kept", "gross kept", f"lifetime value, {say.currency}", "in a year", "at risk"),
        "left in a year",
        right=(1, 2, 3, 4, 5, 6),
    )
    cells = (
        *(_cell(f"{whole.accounts:,}", "accounts"), _cell(say.figure(whole.nrr, "share"), "net kept"), "<td></td>"),
        *(_cell(_spread(whole.clv, say), "lifetime value"), "<td></td>", _cell(_spread(whole.at_risk, say), "at risk")),
    )
    all_ = f'<tr><th scope="row">all</th>{"".join(cells)}<td></td></tr>'
    rows = "".join(_segment(one, say) for one in whole.segments)
    return (
        f'<section><h2>What accounts are worth, beside net revenue retention</h2><p class="small soft">'
        f"In {whole.month}. Net revenue may grow while accounts leave; their lifetime value says so.</p>"
        f'<div class="paper whole"><table class="stack segments">{head}<tbody>{rows}{all_}</tbody></table></div>'
        f"{_named('Most at risk', whole.dearest, say)}"
        f"{_named('To talk about parting from: a person decides', whole.disengage, say)}</section>"
    )


def _cell(inner: str, of: str, kind: str = "n") -> str:
    """Return a cell of markup with what it is of, which a narrow screen says beside it."""
    return f'<td class="{kind}" data-of="{of}">{inner}</td>'


def _segment(one: OfSegment, say: Figures) -> str:
    cells = (
        *(_cell(f"{one.accounts:,}", "accounts"), _cell(say.figure(one.nrr, "share"), "net kept")),
        *(
            _cell(say.figure(one.grr, "share"), "gross kept"),
            _cell(_spread(one.clv, say), "lifetime value"),
            _cell(escape(change(one)), "lifetime value"),
        ),
        *(_cell(_spread(one.at_risk, say), "at risk"), _cell(escape(gone(one, say)), "within a year", "")),
    )
    name = f"{escape(spoken(one.segment))} <small>{escape(one.basis)}</small>"
    return f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>'


def _named(title: str, accounts: Sequence[Account], say: Figures) -> str:
    if not accounts:
        return ""
    rows = "".join(_account(one, say) for one in accounts[:ACCOUNTS_SHOWN])
    head = _head("account", "segment", "lifetime value", "at risk", "looked after by", "why", right=(2, 3))
    table = f'<table class="stack named">{head}<tbody>{rows}</tbody></table>'
    return f'<div class="paper whole"><h3>{escape(title)}</h3>{table}</div>'


def _account(one: Account, say: Figures) -> str:
    clv, risk = (escape(say.money(value)) for value in (one.clv, one.at_risk))
    return (
        f'<tr><th scope="row">{escape(one.account_id)}</th><td>{escape(spoken(one.segment))}</td>'
        f"{_cell(clv, 'lifetime value')}{_cell(risk, 'at risk')}"
        f"{_cell(escape(one.owner or 'nobody'), 'looked after by', '')}"
        f'<td class="said">{escape(one.why)}</td></tr>'
    )
