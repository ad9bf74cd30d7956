"""Published tables of trends and change points, reproduced with the plain forms of the tests."""

from statistics import fmean, median

import pytest

from value.naive_trends import (
    change_point,
    hamed_rao,
    mann_kendall,
    pettitt,
    signs,
    slopes,
    theil_sen,
    variance_of_signs,
)
from value.naive_trends import z_of as score

# Yearly flow of the Nile at Aswan, 1871 to 1970, in 10^8 cubic metres: the classic series of Cobb (1978).
# fmt: off
NILE = [float(flow) for flow in (
    1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
    1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
    831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759,
    781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890,
    744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
)]
# fmt: on


def test_theil_sen() -> None:
    """Sen's own example of 1968: slope 4, intercept 4, and 3.71 to 4.38 at 7 %."""
    found = theil_sen([1, 2, 3, 4, 10, 12, 18], [9, 15, 19, 20, 45, 55, 78], 0.07)
    assert found == pytest.approx((4, 4, 3.71, 4.38), abs=0.006)


def test_the_variance_of_mann_kendall() -> None:
    """With 45 values and S of -144 the variance is 10,450 and the score -1.3989."""
    assert variance_of_signs(45) == 10450
    assert score(-144, 10450) == pytest.approx(-1.3989, abs=0.001)


def test_mann_kendall_on_the_nile() -> None:
    """The Nile falls: S -1387, variance with ties 112,728.333, score -4.128, -2.820 with the correction of 1998."""
    assert signs(NILE) == -1387
    assert variance_of_signs(100, NILE) == pytest.approx(112728.3333, abs=0.001)
    assert mann_kendall(NILE) == pytest.approx(-4.128067, abs=1e-5)
    assert median(slopes(range(100), NILE)) == pytest.approx(-2.6)
    assert hamed_rao(NILE) == pytest.approx(-2.819979, abs=1e-5)


def test_the_change_of_the_nile() -> None:
    """The mean changes after 28 years, from 1097.75 to 849.97, and the rank statistic says the same, 1617."""
    assert change_point(NILE) == 28
    assert (fmean(NILE[:28]), fmean(NILE[28:])) == pytest.approx((1097.75, 849.97), abs=0.006)
    assert pettitt(NILE) == (28, 1617)
