"""Daily boardings as they might be: the embedded default of `chicago_ridership`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FIRST_DAY, LAST_DAY = "2001-01-01", "2021-11-30"

# Boardings on an average day of each type, near the real means of 2012–2019.
LEVELS = {
    "rail": {"W": 740_000, "A": 455_000, "U": 335_000},
    "bus": {"W": 860_000, "A": 535_000, "U": 385_000},
}
# The slow trend: year -> level relative to the one above, straight lines in between.
TRENDS = {
    "rail": {2001: 0.79, 2005: 0.81, 2011: 0.96, 2015: 1.05, 2022: 0.92},
    "bus": {2001: 1.08, 2008: 1.16, 2012: 1.12, 2022: 0.80},
}
# The year in two sine waves, (amplitude, day of the year of the peak), in log units; the second
# has two peaks. Trains fill up in late summer, at weekends far more; buses when schools are open.
WEEKDAY_SEASONS = {"rail": ((0.07, 245), (0.03, 105)), "bus": ((0.03, 270), (0.05, 95))}
WEEKEND_SEASONS = {"rail": ((0.16, 215), (0.03, 105)), "bus": ((0.09, 220), (0.02, 95))}
# Fewer travel to work on Mondays.
MONDAY = 0.94

# What is left of an ordinary weekday's boardings around holidays; keys are month and day, 1224,
# or days after Thanksgiving.
NEAR_HOLIDAYS = {
    102: 0.80, 103: 0.88, 703: 0.92, 705: 0.86, 1223: 0.80, 1224: 0.48, 1226: 0.58, 1227: 0.64,
    1228: 0.66, 1229: 0.68, 1230: 0.68, 1231: 0.55,
}  # fmt: skip
NEAR_THANKSGIVING = {-1: 0.86, 1: 0.54}
# What is left of a Sunday's boardings on the quietest holidays.
QUIET_HOLIDAYS = {101: 0.85, 1225: 0.50}
THANKSGIVING = 0.68

# Weather and events: a day's deviation in log units, half of which is still there the day after.
SHARED_NOISE, OWN_NOISE, PERSISTENCE = 0.040, 0.012, 0.5


def simulate_ridership(seed: int = 0) -> pd.DataFrame:
    """Simulates daily boardings from 2001-01-01 to 2021-11-30.

    In them are week and year, holidays and the dips around them, a slow trend, and autocorrelated
    noise that trains and buses share. Left out are the collapse of 2020, snowstorms, strikes and
    parades, so errors on these data are smaller than on the real ones.

    Args:
        seed: Of the noise; the calendar is the same for all seeds.

    Returns:
        Frame of shape (7639, 3), index `date` (daily), columns `rail`, `bus` (float, whole
        boardings) and `day_type` ("W", "A" Saturday, "U" Sunday or holiday).
    """
    import pandas as pd

    index = pd.date_range(FIRST_DAY, LAST_DAY, freq="D", name="date")
    day_type = _day_types(index)
    calendar = _calendar_effects(index, day_type)
    rng = np.random.default_rng(seed)
    shared = _autocorrelated(rng, len(index), SHARED_NOISE)
    boardings = {}
    for mode in ("rail", "bus"):
        level = np.array([LEVELS[mode][kind] for kind in day_type])
        noise = shared + _autocorrelated(rng, len(index), OWN_NOISE)
        season = np.where(
            day_type == "W",
            _season(index, WEEKDAY_SEASONS[mode]),
            _season(index, WEEKEND_SEASONS[mode]),
        )
        expected = level * _trend(index, TRENDS[mode]) * np.exp(season) * calendar
        boardings[mode] = np.round(expected * np.exp(noise))
    return pd.DataFrame({**boardings, "day_type": day_type.tolist()}, index=index)


def _day_types(index: pd.DatetimeIndex) -> np.ndarray:
    """W, A or U for each day; the six holidays of the timetable are U, moved off Sundays."""
    from pandas.tseries import holiday

    class Timetable(holiday.AbstractHolidayCalendar):
        rules = [  # noqa: RUF012  (pandas' own way of declaring them)
            holiday.Holiday("New Year", month=1, day=1, observance=holiday.sunday_to_monday),
            holiday.USMemorialDay,
            holiday.Holiday("Independence", month=7, day=4, observance=holiday.nearest_workday),
            holiday.USLaborDay,
            holiday.USThanksgivingDay,
            holiday.Holiday("Christmas", month=12, day=25, observance=holiday.sunday_to_monday),
        ]

    is_holiday = index.isin(Timetable().holidays(index[0], index[-1]))
    day = index.day_of_week
    return np.select([is_holiday | (day == 6), day == 5], ["U", "A"], default="W")


def _calendar_effects(index: pd.DatetimeIndex, day_type: np.ndarray) -> np.ndarray:
    """The part of the usual boardings of its type that each day keeps, 1 for ordinary days."""
    import pandas as pd
    from pandas.tseries.holiday import USThanksgivingDay

    month_day = index.month * 100 + index.day
    thanksgiving = USThanksgivingDay.dates(index[0], index[-1])
    weekday = day_type == "W"
    part = np.where(weekday & (index.day_of_week == 0), MONDAY, 1.0)
    for key, factor in NEAR_HOLIDAYS.items():
        part[weekday & (month_day == key)] = factor
    for days, factor in NEAR_THANKSGIVING.items():
        part[index.isin(thanksgiving + pd.Timedelta(days=days))] = factor
    for key, factor in QUIET_HOLIDAYS.items():
        part[(day_type == "U") & (month_day == key)] = factor
    part[index.isin(thanksgiving)] = THANKSGIVING
    return part


def _trend(index: pd.DatetimeIndex, years: dict[int, float]) -> np.ndarray:
    """The level of each day: straight lines between the first days of the given years."""
    day = index.year + (index.day_of_year - 1) / 365.25
    return np.interp(day, list(years), list(years.values()))


def _season(index: pd.DatetimeIndex, waves: tuple[tuple[float, float], ...]) -> np.ndarray:
    """The course of the year in log units: waves with one peak a year, two peaks, ..."""
    total = np.zeros(len(index))
    for peaks, (amplitude, peak_day) in enumerate(waves, start=1):
        phase = (index.day_of_year - peak_day) * (2 * np.pi * peaks / 365.25)
        total += amplitude * np.cos(phase)
    return total


def _autocorrelated(rng: np.random.Generator, n: int, stddev: float) -> np.ndarray:
    """Noise of shape (n,) in which `PERSISTENCE` of a day's deviation is left the day after."""
    shocks = rng.normal(0.0, stddev * np.sqrt(1 - PERSISTENCE**2), n)
    noise = np.empty(n)
    noise[0] = rng.normal(0.0, stddev)
    for day in range(1, n):
        noise[day] = PERSISTENCE * noise[day - 1] + shocks[day]
    return noise
