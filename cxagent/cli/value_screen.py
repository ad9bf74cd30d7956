"""What `cxagent value` shows on a terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cxagent.cli import screen
from cxagent.cli.options import argument
from cxagent.value.figures import Figures, spoken, verdict

if TYPE_CHECKING:
    from rich.text import Text

    from cxagent.metrics.registry import Registry
    from cxagent.value.account import AccountReport
    from cxagent.value.people import Leaving
    from cxagent.value.portfolio import Account
    from cxagent.value.report import MetricReport, Point, Report
    from cxagent.value.what_if import WhatIf

BARS = "▁▂▃▄▅▆▇█"
MONTHS_SHOWN, ACCOUNTS_SHOWN = 24, 5
WIDE = 120
"""From so many columns on the slope is shown too, with its interval."""
STYLES = {"compounding": "green", "eroding": "bold red", "flat": "", "described": ""}
"""How a verdict is shown; what is no verdict yet is dim."""


def show(found: "Report", project: Path) -> None:
    """Print the report: what must not be missed, the four keys, the money and what has none, the accounts."""
    page = screen.page()
    where = f" of {found.segment}" if found.segment else ""
    page.print(screen.styled(f"What it is worth{where}, {found.month}", "bold"))
    for sentence in found.said:
        page.print(screen.styled(f"  {sentence}", "yellow"))
    for row in found.alarms:
        what = f"{spoken(row['metric'])} of {spoken(row['key'])}"
        page.print(screen.styled(f"  alarm since {row['opened_at'][:10]}: {what}: {row['why']}", "bold red"))
    for key, metrics in found.keys.items():
        _key(key, metrics, Figures(found.currency))
    _money(found)
    _portfolio(found)
    page.print(screen.styled(f"\nNext: cxagent value account ID{argument(project)}", "bold"))


def _key(key: str, metrics: "Sequence[MetricReport]", say: Figures) -> None:
    wide = screen.page().width >= WIDE
    columns = ("", "latest", "months", *(("slope",) if wide else ()), "verdict", "money")
    table = screen.table(*columns, title=f"{key.capitalize()}: {metrics[0].owner}")
    table.columns[1].no_wrap = table.columns[2].no_wrap = True
    for one in metrics:
        if (latest := one.latest) is None:
            continue
        table.add_row(
            screen.styled(one.title, "bold" if one.headline else ""),
            say.figure(latest.value, one.unit) + (" so far" if latest.partial else ""),
            screen.styled(sparkline(one.series, MONTHS_SHOWN if wide else MONTHS_SHOWN // 2)),
            *((say.slope(one.trend, one.unit),) if wide else ()),
            _verdict(verdict(one.trend, one.direction)),
            screen.styled(say.priced(one.money, brief=True)),
        )
    screen.page().print(table)
    if quiet := [one.title.lower() for one in metrics if one.latest is None]:
        screen.page().print(screen.styled(f"  nothing known yet: {', '.join(quiet)}", "dim"))


def _verdict(word: str) -> "Text":
    return screen.styled(word, STYLES.get(word, "dim"))


def sparkline(series: "Sequence[Point]", months: int = MONTHS_SHOWN) -> str:
    """Return the last months as bars between their least and their most; a month that is not known is a gap."""
    values = [point.value for point in series][-months:]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    steps = len(BARS) - 1
    return "".join(
        " " if value is None else BARS[round((value - low) / (high - low) * steps) if high > low else steps // 2]
        for value in values
    )


def _money(found: "Report") -> None:
    page, say = screen.page(), Figures(found.currency)
    page.print(screen.styled("\nAs money, over twelve months (never added up: some are the same dollars)", "bold"))
    page.print(
        screen.pairs(
            [(one.rule, one.label if one.amount is None else f"{say.priced(one)}\n{one.label}") for one in found.money]
        )
    )
    told = found.before_after
    if told.before is not None and told.after is not None:
        rates = f"renewed {told.before:.0%} of {told.came_before}, then {told.after:.0%} of {told.came_after}"
        page.print(screen.styled(f"  {told.label}: {rates}", "dim"))
    page.print(screen.styled(f"  {len(found.unpriced)} metrics above are unpriced, and no less true", "dim"))


def _portfolio(found: "Report") -> None:
    page, whole, say = screen.page(), found.portfolio, Figures(found.currency)
    if not whole.accounts:
        page.print("\nNo month of any account is on record yet: `cxagent value observe` looks at all accounts.")
        return
    table = screen.table(
        "segment",
        "accounts",
        "lifetime value",
        "at risk",
        "net / gross revenue kept",
        "left in a year",
        "rests on",
        title=f"Accounts in {whole.month}",
    )
    for one in whole.segments:
        kept = f"{say.figure(one.nrr, 'share')} / {say.figure(one.grr, 'share')}"
        lost = f"{one.left}, worth {say.bare(one.clv_lost)}" if one.left else "none"
        worth = (say.spread(one.clv), say.spread(one.at_risk))
        table.add_row(spoken(one.segment), f"{one.accounts:,}", *worth, kept, lost, one.basis)
    page.print(table)
    page.print(screen.styled(f"  {whole.convention}", "dim"))
    _accounts("Most at risk", whole.dearest, say)
    if whole.disengage:
        _accounts("To talk about parting from: a person decides", whole.disengage, say)
    if found.fading:
        names = ", ".join(one.account_id for one in found.fading[:ACCOUNTS_SHOWN])
        page.print(screen.styled(f"content on the surface, fading underneath: {names}", "yellow"))
    if found.backtest and (chances := found.backtest.chances) and chances.auc is not None:
        judged = f"Brier {chances.brier:.3f}, AUC {chances.auc:.2f}, {say.figure(chances.top_decile, 'share')} of the "
        judged += f"lost value in the highest tenth; {chances.renewals:,} renewals, {chances.lost:,} lost"
        page.print(screen.styled(f"chances told three months ahead: {judged}", "dim"))


def _accounts(title: str, accounts: "Sequence[Account]", say: Figures) -> None:
    table = screen.table("account", "segment", "lifetime value", "at risk", "looked after by", "why", title=title)
    for one in accounts[:ACCOUNTS_SHOWN]:
        table.add_row(
            screen.styled(one.account_id),
            spoken(one.segment),
            say.money(one.clv),
            say.money(one.at_risk),
            screen.styled(one.owner or "nobody"),
            screen.styled(one.why),
        )
    screen.page().print(table)


def show_columns(columns: Mapping[str, str]) -> None:
    """Print the columns that history may have."""
    screen.page().print(screen.pairs(columns))


def show_metrics(registry: "Registry") -> None:
    """Print the registered metrics, key by key."""
    for key, metrics in registry.keys.items():
        table = screen.table("metric", "what it says", "formula", "owner", "price", title=key.capitalize())
        for one in metrics:
            table.add_row(
                *(screen.styled(text) for text in (one.name, one.definition, one.formula, one.owner, one.price))
            )
        screen.page().print(table)


def show_account(found: "AccountReport", currency: str) -> None:
    """Print what one account is worth and how it moved."""
    page, say = screen.page(), Figures(currency)
    page.print(screen.styled(f"{found.account_id}, {spoken(found.segment)}, {found.month}", "bold"))
    rows: list[tuple[str, object]] = [("looked after by", found.owner or "nobody")]
    if found.worth is not None:
        rows += [
            ("lifetime value", say.spread(found.worth.clv)),
            ("what follows a renewal", say.spread(found.worth.future_value)),
            ("of it at risk", say.spread(found.worth.at_risk)),
        ]
    if found.chance is not None:
        rows.append(("chance of not renewing", f"{say.chance(found.chance.chance)}, {found.chance.basis}"))
        rows += [(f"  {one.feature}", f"{one.points:+.1%} of the chance") for one in found.chance.contributions]
    rows += [(one.lever.value, f"{one.worse:,.0f} or {one.better:,.0f}") for one in found.drivers]
    rows += [("not known", said) for said in found.unknown]
    rows.append(("retention rests on", found.basis))
    page.print(screen.pairs(rows))
    table = screen.table("", "latest", "months", "a month", "")
    for line in found.followed:
        known = [point.value for point in line.series if point.value is not None]
        if known:
            table.add_row(
                line.title,
                say.figure(known[-1], line.unit),
                sparkline(line.series),
                say.slope(line.trend, line.unit),
                _verdict(verdict(line.trend, line.direction)),
            )
    page.print(table)
    page.print(screen.styled(f"  {found.convention}", "dim"))


def show_person(found: "Leaving", currency: str) -> None:
    """Print what hangs on one person."""
    page, holder, say = screen.page(), found.holder, Figures(currency)
    page.print(screen.styled(f"If {holder.person} leaves", "bold"))
    page.print(
        screen.pairs(
            [
                ("accounts", f"{holder.accounts}, {holder.share:.0%} of all lifetime value that anybody holds"),
                ("revenue a year", say.money(holder.arr)),
                ("expected to renew, with them", say.spread(found.renews_with)),
                ("expected to renew, without", say.spread(found.renews_without)),
                ("that rests on", found.basis),
            ]
        )
    )
    table = screen.table("account", "segment", "revenue a year", "lifetime value", "at risk")
    for one in found.accounts:
        figures = (say.money(value) for value in (one.arr, one.clv, one.at_risk))
        table.add_row(screen.styled(one.account_id), spoken(one.segment), *figures)
    page.print(table)


def show_what_if(found: "WhatIf") -> None:
    """Print what higher retention would be worth, and what that supposes."""
    page = screen.page()
    page.print(screen.styled(f"If every renewal rate were {found.points:+g} points higher", "bold"))
    share = f", {found.share:+.1%} of {found.clv_now:,.0f}" if found.share is not None else ""
    rows: list[tuple[str, object]] = [
        ("lifetime value gained", f"{Figures(found.currency).spread(found.gain)}{share}"),
        ("accounts counted", f"{found.accounts:,}"),
        *(("supposes", said) for said in found.supposes),
        *(("published, as context alone", f"{said} ({source})") for said, source in found.context),
    ]
    page.print(screen.pairs(rows))
