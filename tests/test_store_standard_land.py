"""The aggregates of 标准地: numbers and areas side by side, nothing made up, nothing mixed."""

from datetime import date

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from facts.model import Facts, Observation, Period, Place
from store.standard_land import COLUMNS, INDICATORS, STATES, aggregates

SHAPE = shapely.box(112, 37, 113, 38)
BOUNDARIES = gpd.GeoDataFrame({"place_id": ["zone-a", "140700"]}, geometry=[SHAPE] * 2, crs=4490)
H1 = Period(start=date(2023, 1, 1), end=date(2023, 6, 30), as_of=None, label="2023-H1")


def place(place_id: str, drawn_on: str | None = None) -> Place:
    return Place(
        place_id=place_id, name_zh=f"名{place_id}", name_en="", aliases=(), parent_id=None,
        level="zone", zone_type="", tier="", tier_quality="", official_code="", host_city_ids=(),
        host_county_ids=(), host_basis="", host_quality="", status="", scope="", members=(),
        drawn_on=drawn_on, leading_industries="", source_id=None, note_zh="", note_en="",
    )  # fmt: skip


def figure(row_id: str, indicator: str, printed: str, unit: str, **changed: object) -> Observation:
    fields: dict[str, object] = {
        "row_id": row_id, "place_id": "zone-a", "indicator_id": indicator, "period": H1,
        "kind": "cumulative", "value": float(printed) if printed else None, "unit": unit,
        "printed_value": printed, "printed_unit": unit, "qualifier": "exact", "numerator": None,
        "denominator": None, "basis": "", "population": "", "source_id": "src-a", "locator": "",
        "quality": "reported", "missing_reason": "" if printed else "缺", "note_zh": "",
        "note_en": "", "printed_subject": "", "printed_indicator": "",
    }  # fmt: skip
    return Observation(**{**fields, **changed})  # type: ignore[arg-type]


def made(*figures: Observation) -> gpd.GeoDataFrame:
    places = (place("zone-a"), place("group-b", "140700"), place("zone-without-outline"))
    return aggregates(Facts(places=places, observations=figures), BOUNDARIES)


def test_a_number_and_its_area_become_one_record() -> None:
    frame = made(
        figure("d1", "standard_land_parcels", "2", "宗"),
        figure("d2", "standard_land_area", "846.61", "亩"),
    )
    (row,) = frame.to_dict("records")
    assert (row["record"], row["state"], row["parcels"]) == ("aggregate", "granted", 2)
    assert row["area_mu"] == 846.61
    assert row["area_ha"] == pytest.approx(846.61 / 15, abs=1e-6)
    assert (row["row_ids"], row["name_zh"], row["period_key"]) == ("d1|d2", "名zone-a", "2023-H1")
    assert row["geometry"] == SHAPE


def test_what_is_not_reported_stays_null() -> None:
    frame = made(
        figure("d1", "standard_land_parcels", "318", "宗"),
        figure("d2", "standard_land_reserve", "340", "万平方米", kind="target"),
    )
    assert frame["area_ha"].isna().tolist() == [True, False]
    assert frame["area_mu"].isna().tolist() == [True, False]
    assert frame["parcels"].isna().tolist() == [False, True]
    assert frame["area_mu"].iloc[1] == 5100.0


@pytest.mark.parametrize(
    "other",
    [{"kind": "target"}, {"quality": "derived"}, {"source_id": "src-b"}, {"qualifier": "approx"},
     {"place_id": "group-b"}, {"period": Period(None, None, date(2023, 6, 30), "6月底")}],
)  # fmt: skip
def test_figures_that_speak_of_different_things_are_not_joined(other: dict[str, object]) -> None:
    frame = made(
        figure("d1", "standard_land_parcels", "2", "宗"),
        figure("d2", "standard_land_area", "846.61", "亩", **other),
    )
    assert len(frame) == 2
    assert frame["standard_land_id"].is_unique
    assert frame["parcels"].isna().sum() == frame["area_mu"].isna().sum() == 1


def test_growth_shares_and_lost_figures_are_no_records() -> None:
    frame = made(
        figure("d1", "standard_land_area", "12", "%", kind="yoy"),
        figure("d2", "standard_land_parcels", "12", "%", kind="share"),
        figure("d3", "standard_land_parcels", "", "宗"),
        figure("d4", "tax_per_mu", "12", "万元/亩"),
    )
    assert len(frame) == 0
    assert list(frame.columns) == [*COLUMNS, "geometry"]
    assert {name: str(frame[name].dtype) for name in COLUMNS} == dict(COLUMNS)
    assert frame.crs.to_epsg() == 4490


def test_a_group_is_drawn_on_its_city_and_a_place_without_outline_nowhere() -> None:
    frame = made(
        figure("d1", "standard_land_parcels", "11", "宗", place_id="group-b"),
        figure("d2", "standard_land_parcels", "3", "宗", place_id="zone-without-outline"),
    )
    assert frame.geometry.isna().tolist() == [False, True]


def test_every_indicator_has_a_state_with_a_name() -> None:
    assert {state for state, _ in INDICATORS.values()} <= set(STATES)


@given(st.decimals(min_value="0.01", max_value="99999", places=2))
def test_the_printed_area_is_kept_to_the_last_digit(printed: object) -> None:
    frame = made(figure("d1", "standard_land_area", str(printed), "亩"))
    assert frame["area_mu"].iloc[0] == float(str(printed))
