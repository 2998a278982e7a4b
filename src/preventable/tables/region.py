"""The region's own tables: `invented` draws them, `region build` reads them from official files. All public.

Coordinates are metres in one projection of the region. Polygons are WKB with integer metre vertices and tile
without gaps; a region of named areas has none. Files: `<region>/<table>.parquet`, plus `<region>/region.toml` (name,
invented flag, licence lines; of an invented one first and last month, of a built one the projection and its error,
what is left out, notes) and `<region>/mappings/<provider>.v<N>.toml`.
"""

from preventable.codes import allowed
from preventable.tables.schema import Column, Sensitivity, Table


def _public(name: str, description: str, key: tuple[str, ...], *columns: Column) -> Table:
    return Table(name, description, Sensitivity.PUBLIC, key, columns, source="The region")


SMALL_AREAS = _public(
    "small_areas", "Small areas and the areas they lie in.", ("small_area",),
    Column("small_area", "text", "Code.", nullable=False),
    Column("small_area_name", "text", "Name.", nullable=False),
    Column("middle_area", "text", "Middle area code, null where not known."),
    Column("ward", "text", "Ward code, null where not known."),
    Column("neighbourhood", "text", "Police neighbourhood code (not nested in wards), null where not known."),
    Column("district", "text", "District code.", nullable=False),
    Column("easting_m", "number", "Inner point, null for a named area without one.", unit="m"),
    Column("northing_m", "number", "Inner point, null for a named area without one.", unit="m"),
    Column("area_km2", "number", "Size, null for a named area without one.", unit="km2"),
    Column("deprivation_rank", "integer", "1 is most deprived; null where not known."),
    Column("deprivation_decile", "integer", "1 is most deprived; null where not known."),
)

AREAS = _public(
    "areas", "Every area of every level with name and polygon.", ("area_type", "area"),
    Column("area_type", "text", "Level.", allowed=allowed("area_type"), nullable=False),
    Column("area", "text", "Code.", nullable=False),
    Column("area_name", "text", "Name.", nullable=False),
    Column("district", "text", "District it lies in (null for the region)."),
    Column("polygon", "bytes", "WKB polygon or multipolygon, null for a named area without one."),
)

POPULATIONS = _public(
    "populations", "Residents at mid-year.", ("small_area", "year", "sex", "age_from"),
    Column("small_area", "text", "Code.", nullable=False),
    Column("year", "integer", "Mid-year.", nullable=False),
    Column("sex", "text", "male or female; all where the mid-year is published without sex.", allowed=("male", "female", "all"), nullable=False),
    Column("age_from", "integer", "First age of the band.", unit="years", nullable=False),
    Column("age_to", "integer", "Last age of the band, 120 for the open one.", unit="years", nullable=False),
    Column("persons", "integer", "Residents.", unit="persons", nullable=False),
    Column("basis", "text", "How persons came to this area: as published, or from the older areas of the publication.", allowed=("official", "merged", "split_by_postcodes", "split_evenly"), nullable=False),
)

STREETS = _public(
    "streets", "Streets as anchor points.", ("street",),
    Column("street", "text", "Id.", nullable=False),
    Column("street_name", "text", "Name.", nullable=False),
    Column("small_area", "text", "Small area of its middle.", nullable=False),
    Column("easting_m", "number", "Middle.", unit="m", nullable=False),
    Column("northing_m", "number", "Middle.", unit="m", nullable=False),
    Column("length_m", "number", "Length, null where not known.", unit="m"),
)

VENUES = _public(
    "venues", "Licensed and other named premises with time.", ("venue",),
    Column("venue", "text", "Id.", nullable=False),
    Column("venue_name", "text", "Name.", nullable=False),
    Column("venue_type", "text", "Type.", allowed=("pub", "bar", "nightclub", "restaurant", "takeaway", "shop", "hotel", "social_club"), nullable=False),
    Column("licence_number", "text", "Licence number, null where not known."),
    Column("capacity", "integer", "Licensed capacity, null where not known.", unit="persons"),
    Column("opening_hours", "text", "Hours by weekday, e.g. 'Mo-Th 11:00-23:00; Fr-Sa 11:00-03:00', null where not known."),
    Column("opened_on", "date", "Opened, null where not known."),
    Column("renamed_on", "date", "Has its present name since; null where it had no other or it is not known when.", optional=True),
    Column("closed_on", "date", "Closed, null while open. Premises that opened again under another licence are another venue."),
    Column("street", "text", "Street id, null where not known."),
    Column("postcode", "text", "Postcode, null where not known."),
    Column("small_area", "text", "Small area.", nullable=False),
    Column("easting_m", "number", "Door.", unit="m", nullable=False),
    Column("northing_m", "number", "Door.", unit="m", nullable=False),
)

VENUE_ALIASES = _public(
    "venue_aliases", "Other names people use: short forms, and names that premises had. Each counts as long as the premises are open, whatever they are called.", ("venue", "alias"),
    Column("venue", "text", "Venue id.", nullable=False),
    Column("alias", "text", "Name in use.", nullable=False),
    Column("used_until", "date", "Last day of a name that the premises had; null for others and where it is not known.", optional=True),
)

INSTITUTIONS = _public(
    "institutions", "Schools and GP practices.", ("institution",),
    Column("institution", "text", "Id.", nullable=False),
    Column("institution_name", "text", "Name.", nullable=False),
    Column("institution_type", "text", "Type.", allowed=("primary_school", "secondary_school", "school", "gp_practice"), nullable=False),
    Column("size", "integer", "Pupils or registered patients, null where not known.", unit="persons"),
    Column("small_area", "text", "Small area.", nullable=False),
    Column("postcode", "text", "Postcode, null where not known."),
    Column("easting_m", "number", "Door.", unit="m", nullable=False),
    Column("northing_m", "number", "Door.", unit="m", nullable=False),
)

POSTCODES = _public(
    "postcodes", "Postcodes.", ("postcode",),
    Column("postcode", "text", "With one space.", nullable=False),
    Column("small_area", "text", "Small area.", nullable=False),
    Column("easting_m", "number", "Centre.", unit="m", nullable=False),
    Column("northing_m", "number", "Centre.", unit="m", nullable=False),
)

PROVIDERS = _public(
    "providers", "Who sends what.", ("provider",),
    Column("provider", "text", "Id; the folder name under submissions/.", nullable=False),
    Column("provider_name", "text", "Name.", nullable=False),
    Column("source", "text", "Kind of source.", nullable=False),
    Column("site_code", "text", "ODS-like site code for EDs, else provider code.", nullable=False),
    Column("district", "text", "District where it stands, null for the whole region."),
    Column("easting_m", "number", "Front door, null for a force or service.", unit="m"),
    Column("northing_m", "number", "Front door, null for a force or service.", unit="m"),
)

PARTNERS = _public(
    "partners", "Who receives what.", ("partner",),
    Column("partner", "text", "Id.", nullable=False),
    Column("partner_name", "text", "Name.", nullable=False),
    Column("partner_type", "text", "Kind.", allowed=("community_safety", "licensing", "public_health"), nullable=False),
    Column("district", "text", "Its district.", nullable=False),
)

CALENDAR = _public(
    "calendar", "Bank holidays and events.", ("date", "name"),
    Column("date", "date", "Day.", nullable=False),
    Column("name", "text", "Name.", nullable=False),
    Column("day_type", "text", "Kind of day.", allowed=("bank_holiday", "bank_holiday_eve", "event", "school_holiday"), nullable=False),
    Column("district", "text", "District, null for everywhere."),
)

REGION_TABLES: tuple[Table, ...] = (
    SMALL_AREAS, AREAS, POPULATIONS, STREETS, VENUES, VENUE_ALIASES, INSTITUTIONS, POSTCODES, PROVIDERS, PARTNERS, CALENDAR,
)
