"""The columns of each file in data/facts/, in the order they are written."""

SOURCE_COLUMNS = (
    "source_id", "title", "publisher", "published_on", "kind", "verification", "url", "document",
    "licence", "note",
)  # fmt: skip
PLACE_COLUMNS = (
    "place_id", "name_zh", "name_en", "aliases", "parent_id", "level", "zone_type", "tier",
    "tier_quality", "official_code", "host_city_ids", "host_county_ids", "host_basis",
    "host_quality", "status", "scope", "members", "drawn_on", "leading_industries", "source_id",
    "note_zh", "note_en",
)  # fmt: skip
AREA_COLUMNS = (
    "area_id", "place_id", "area_km2", "qualifier", "basis_zh", "basis_en", "as_of", "source_id",
    "chosen", "note",
)  # fmt: skip
INDICATOR_COLUMNS = (
    "indicator_id", "name_zh", "name_en", "theme", "unit", "polarity", "aggregation", "ratio_of",
    "definition_zh", "definition_en", "source_id",
)  # fmt: skip
THEME_COLUMNS = ("theme", "name_zh", "name_en", "order")
OBSERVATION_COLUMNS = (
    "row_id", "place_id", "indicator_id", "value", "qualifier", "unit", "period_label",
    "period_start", "period_end", "as_of", "kind", "numerator", "denominator", "basis",
    "population", "source_id", "locator", "quality", "missing_reason", "unplaced_reason",
    "printed_subject", "printed_indicator", "note_zh", "note_en",
)  # fmt: skip
EVENT_COLUMNS = (
    "event_id", "place_ids", "event_zh", "event_en", "date_label", "start", "end", "source_id",
    "locator", "kind",
)  # fmt: skip
EXTENT_COLUMNS = ("place_id", "text_zh", "text_en", "source_id", "quality")
CHECK_COLUMNS = (
    "check_id", "kind", "title_zh", "title_en", "total", "parts", "tolerance", "expect",
    "note_zh", "note_en",
)  # fmt: skip
REJECTED_COLUMNS = ("source", "why_zh", "why_en")
