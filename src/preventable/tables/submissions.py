"""What a supplier sent, row by row, in our columns. Identifiable.

Free text never stands here: it is screened at the door and kept apart in `place_texts` (own retention).
Codes are mapped to canonical words; what could not be read is null and stands in `intake_problems`.
"""

from preventable.codes import allowed
from preventable.tables.schema import Column, Sensitivity, Table

SUBMISSIONS = Table(
    name="submissions",
    description="Every row of every submission that was read, all versions, in canonical columns.",
    sensitivity=Sensitivity.IDENTIFIABLE,
    key=("submission_id", "row_number"),
    partition=("provider", "month"),
    source="Suppliers' files through their mapping",
    columns=(
        Column("submission_id", "text", "sha256 of provider, source and the sorted cells of the file; the same content sent again has the same id.", nullable=False),
        Column("edition", "integer", "Highest record version in the submission: orders editions of one month.", nullable=False),
        Column("provider", "text", "Provider as the region names it.", nullable=False),
        Column("month", "text", "Period of the file, YYYY-MM.", nullable=False),
        Column("source", "text", "Kind of source.", nullable=False),
        Column("row_number", "integer", "Line of the row in the file, the header being 1.", nullable=False, hashed=False),
        Column("content_hash", "text", "sha256 of the row's own cells.", nullable=False),
        Column("source_record_id", "text", "The supplier's own number of the record."),
        Column("record_version", "integer", "Version of the record; the higher wins."),
        Column("record_status", "text", "Withdrawn by its supplier, or live.", allowed=allowed("record_status"), nullable=False),
        Column("site_code", "text", "Site of treatment, station or force."),
        Column("contact_local", "timestamp", "Arrival (ED, admissions), call (ambulance) or report (police), local clock."),
        Column("contact_utc", "timestamp", "The same in UTC."),
        Column("injury_start_local", "timestamp", "Earliest time of the injury, local clock."),
        Column("injury_end_local", "timestamp", "Latest time of the injury, local clock."),
        Column("injury_start_utc", "timestamp", "Earliest time of the injury, UTC."),
        Column("injury_end_utc", "timestamp", "Latest time of the injury, UTC."),
        Column("time_precision", "text", "How exactly the injury time was stated.", allowed=allowed("time_precision")),
        Column("time_basis", "text", "What the injury time rests on.", allowed=allowed("time_basis")),
        Column("age_years", "integer", "Age at contact.", unit="years"),
        Column("age_from", "integer", "Lower end of the age (equal to age_years where years are sent, of the band where bands are).", unit="years"),
        Column("age_to", "integer", "Upper end of the age, inclusive.", unit="years"),
        Column("sex", "text", "Sex as recorded.", allowed=allowed("sex")),
        Column("nhs_number", "text", "NHS number, ten digits; the 999 range in invented data."),
        Column("method", "text", "Means of assault.", allowed=allowed("method")),
        Column("place_type", "text", "Type of place.", allowed=allowed("place_type")),
        Column("place_text_id", "text", "Key of the screened place text in place_texts.", hashed=False),
        Column("place_text_words", "integer", "Words in the place text as sent.", unit="words"),
        Column("postcode", "text", "Postcode of the place."),
        Column("easting_m", "number", "Place, metres east in the region's grid.", unit="m"),
        Column("northing_m", "number", "Place, metres north in the region's grid.", unit="m"),
        Column("point_sd_m", "number", "Stated accuracy of the point.", unit="m"),
        Column("residence_small_area", "text", "Small area of residence, where a supplier sends it."),
        Column("offence_code", "text", "Home Office offence code (police)."),
        Column("domestic_flag", "text", "Domestic abuse flag.", allowed=allowed("yes_no")),
        Column("police_informed", "text", "Whether the patient said the police know.", allowed=allowed("yes_no")),
        Column("determinant", "text", "Dispatch determinant, scheme and code (ambulance)."),
        Column("conveyed_site", "text", "Site conveyed to (ambulance)."),
        Column("icd10_external_cause", "text", "ICD-10 external cause (admissions)."),
        Column("admission_method", "text", "Method of admission (admissions)."),
        Column("record_category", "text", "The supplier's own kind of the record, as one of the words that its source declares (policy/sources)."),
        Column("place_area", "text", "Area of the place as the supplier names it: the code of a small area, or of an area that it names."),
        Column("severity", "text", "Three classes from acuity, determinant or offence.", allowed=allowed("severity")),
        Column("subject_name", "text", "Lists only: the thing listed (premises, school)."),
        Column("subject_code", "text", "Lists only: its number (licence, school)."),
        Column("subject_type", "text", "Lists only: its type, or the measure counted."),
        Column("subject_area", "text", "Lists and counts only: its area."),
        Column("quantity", "integer", "Lists only: capacity, or the count returned."),
    ),
)

INTAKE_PROBLEMS = Table(
    name="intake_problems",
    description="What could not be read in a cell: field and problem, never the value.",
    sensitivity=Sensitivity.IDENTIFIABLE,
    key=("submission_id", "row_number", "field", "problem"),
    partition=("provider", "month"),
    source="Reading a submission through its mapping",
    columns=(
        Column("submission_id", "text", "Submission of the row.", nullable=False),
        Column("provider", "text", "Provider.", nullable=False),
        Column("month", "text", "Period of the file.", nullable=False),
        Column("row_number", "integer", "Line of the row in the file.", nullable=False, hashed=False),
        Column("content_hash", "text", "sha256 of the row's own cells.", nullable=False),
        Column("field", "text", "Canonical column.", nullable=False),
        Column("problem", "text", "What is wrong with it.", nullable=False,
               allowed=("missing", "not_a_date", "sentinel_date", "clock_gap", "clock_fold", "not_a_number", "unknown_code",
                        "not_an_nhs_number", "personal_data", "generic_text", "clipped_text", "out_of_range",
                        "incomplete_month")),
    ),
)

PLACE_TEXTS = Table(
    name="place_texts",
    description="Place text as screened at the door: identifiers redacted. The only free text kept; see policy/retention.toml.",
    sensitivity=Sensitivity.IDENTIFIABLE,
    key=("provider", "month", "place_text_id"),
    partition=("provider", "month"),
    source="Place column of a submission after screening",
    columns=(
        Column("place_text_id", "text", "Keyed hash of the normalised text.", nullable=False, hashed=False),
        Column("provider", "text", "Provider that sent it.", nullable=False),
        Column("month", "text", "Period of the file.", nullable=False),
        Column("text", "text", "The text, identifiers replaced.", nullable=False),
        Column("redacted", "flag", "Whether something was replaced.", nullable=False),
    ),
)
