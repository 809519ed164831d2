"""Standard land parcels (标准地): records and how a table of them is read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from facts.errors import Fault
from facts.mappings import Mapping
from facts.model import Facts, Qualifier, Quality
from facts.recordfields import STATE_WORDS
from facts.recordids import number_of, record_id
from facts.recordtables import RecordReader
from facts.skippedrows import SkippedRow
from facts.tableforms import FormRow, TableForm

# In the order a parcel goes through them; as store.standard_land.STATES.
STATES: tuple[str, ...] = tuple(STATE_WORDS)


@dataclass(frozen=True, slots=True)
class StandardLandParcel:
    """One parcel, with what its buyer commits to; None and "" are unknown.

    Control indicators: the least investment (10 000 yuan per mu), yearly tax (10 000 yuan per mu),
    floor area ratio and building coefficient (%), the most energy (t of standard coal per 10 000
    yuan of output), emissions as printed. Dates are YYYY, YYYY-MM or YYYY-MM-DD. `parcel_id` is
    made of the zone and the number in it (`facts.recordids`). `area_qualifier` is that of the area
    as printed: 100余亩 is at least that.
    """

    parcel_id: str
    name: str
    place_id: str
    state: str
    area_ha: float | None
    printed_area: str
    printed_area_unit: str
    investment_wan_per_mu: float | None
    tax_wan_per_mu: float | None
    floor_area_ratio: float | None
    building_percent: float | None
    energy_tce_per_wan: float | None
    emissions: str
    use: str
    company: str
    announced_on: str
    granted_on: str
    started_on: str
    completed_on: str
    producing_on: str
    at_capacity_on: str
    source_id: str
    locator: str
    quality: Quality
    note: str
    area_qualifier: Qualifier = "exact"

    @property
    def key(self) -> tuple[str]:
        """What tells records apart: the zone and the number in it."""
        return (record_id(self.place_id, self.parcel_id),)

    @property
    def number(self) -> str:
        """The number as printed; where none was, the id that the import made."""
        return number_of(self.place_id, self.parcel_id)


@dataclass(frozen=True, slots=True)
class ParcelImport:
    """What a table of parcels gives; as FigureImport."""

    parcels: tuple[StandardLandParcel, ...]
    faults: list[Fault]
    skipped: list[SkippedRow]
    warnings: list[Fault]


def to_parcels(
    form: TableForm, mapping: Mapping, facts: Facts, *, source_id: str, row_prefix: str
) -> ParcelImport:
    """The parcels of a table; one without a number gets an id from its place in the file.

    A number that stands twice in a zone with different contents is a fault, and neither is given.
    """
    reader = RecordReader(form, mapping, facts)
    found: dict[str, StandardLandParcel] = {}
    refused: set[str] = set()
    for row, place_id in reader.rows():
        parcel = _parcel(reader, row, place_id, source_id, row_prefix)
        old = found.setdefault(parcel.parcel_id, parcel)
        if old is parcel:
            continue
        if replace(old, locator=parcel.locator) == parcel:
            reader.skipped.append(
                SkippedRow(
                    parcel.locator, parcel.number, f"与 {old.locator} 相同", f"as {old.locator}"
                )
            )
            continue
        refused.add(parcel.parcel_id)
        reader.fault(
            row, "parcel_id",
            f"编号在同一开发区已用于 {old.locator}，内容不同 / in this zone the number stands at "
            f"{old.locator} as well, with other contents",
        )  # fmt: skip
    parcels = tuple(parcel for parcel in found.values() if parcel.parcel_id not in refused)
    return ParcelImport(parcels, reader.faults, reader.skipped, reader.warnings)


def _parcel(
    reader: RecordReader, row: FormRow, place_id: str, source_id: str, prefix: str
) -> StandardLandParcel:
    area = reader.number(row, "area")
    known = area is not None and area.value is not None
    if area is not None and area.value is not None and area.value <= 0:
        reader.fault(row, "area", "面积须为正数 / an area must be a positive number")
    state = reader.stage(row, "state")
    parcel_id = reader.record_id(row, "parcel_id", place_id, prefix)
    name = reader.text(row, "name")
    if not state:
        reader.fault(row, "state", "没有写状态（储备、成交、开工等） / no state is given")
    parcel = StandardLandParcel(
        parcel_id=parcel_id,
        name=name or number_of(place_id, parcel_id),
        place_id=place_id,
        state=state,
        area_ha=float(area.value) if area is not None and area.value is not None else None,
        printed_area=area.number if area is not None else "",
        printed_area_unit=area.unit if area is not None and known else "",
        investment_wan_per_mu=reader.control(row, "investment_wan_per_mu"),
        tax_wan_per_mu=reader.control(row, "tax_wan_per_mu"),
        floor_area_ratio=reader.control(row, "floor_area_ratio"),
        building_percent=reader.control(row, "building_percent"),
        energy_tce_per_wan=reader.control(row, "energy_tce_per_wan"),
        emissions=reader.text(row, "emissions"),
        use=reader.text(row, "use"),
        company=reader.text(row, "company"),
        announced_on=reader.date(row, "announced_on"),
        granted_on=reader.date(row, "granted_on"),
        started_on=reader.date(row, "started_on"),
        completed_on=reader.date(row, "completed_on"),
        producing_on=reader.date(row, "producing_on"),
        at_capacity_on=reader.date(row, "at_capacity_on"),
        source_id=source_id,
        locator=reader.locator(row),
        quality=reader.mapping.quality,
        note=reader.text(row, "note"),
        area_qualifier=area.qualifier if area is not None else "exact",
    )
    # What the control indicators left in words comes up while they are read.
    return replace(parcel, note="；".join(filter(None, [parcel.note, *reader.notes])))
