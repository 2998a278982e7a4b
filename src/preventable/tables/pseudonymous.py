"""Records without direct identifiers, and where they happened. Pseudonymous: re-identifiable with the key alone."""

from preventable.codes import allowed
from preventable.tables.records import RECORD_COLUMNS
from preventable.tables.schema import Column, Sensitivity, Table

#: What does not pass the pseudonymous line.
DIRECT_IDENTIFIERS = frozenset(
    {
        "nhs_number", "source_record_id", "postcode", "birth_date", "surname_code", "dispatch_number", "person_token",
    }
)  # fmt: skip

#: Pairs of sources that are linked, in the order left, right.
PAIRS = ("ambulance_ed", "ambulance_police", "ed_police")

PSEUDONYMOUS_RECORDS = Table(
    name="pseudonymous_records",
    description="Records with keyed pseudonyms in place of identifiers; no free text, no postcode.",
    sensitivity=Sensitivity.PSEUDONYMOUS,
    key=("record_key",),
    partition=("provider", "month"),
    source="stages/pseudonyms",
    columns=(
        Column("record_key", "text", "Key id and keyed hash of provider and source record id.", nullable=False, hashed=False),
        Column("person_key", "text", "Key id and keyed hash of the NHS number, else of the person's token; null where neither was sent.", hashed=False),
        Column("birth_date_key", "text", "Key id and keyed hash of the day of birth.", hashed=False),
        Column("surname_key", "text", "Key id and keyed hash of the surname's code.", hashed=False),
        Column("dispatch_key", "text", "Key id and keyed hash of the number of the call or crime.", hashed=False),
        *[c for c in RECORD_COLUMNS if c.name not in DIRECT_IDENTIFIERS],
        Column("postcode_small_area", "text", "Small area of the place's postcode; the postcode itself stops here."),
        Column("postcode_easting_m", "number", "Centre of the place's postcode, metres east.", unit="m"),
        Column("postcode_northing_m", "number", "Centre of the place's postcode, metres north.", unit="m"),
    ),
)

PLACE_MATCHES = Table(
    name="place_matches",
    description="What a place text was resolved to by its words alone, once per text and site; outlives the text. What people decided of it (place_decisions) is laid over it on the way to located_records.",
    sensitivity=Sensitivity.PSEUDONYMOUS,
    key=("place_text_id", "site_code"),
    source="stages/places",
    columns=(
        Column("place_text_id", "text", "Key of the text.", nullable=False, hashed=False),
        Column("site_code", "text", "Site that asked, or square:<x>:<y>, the 100 m square of a stated point; empty where none.", nullable=False),
        Column("place_kind", "text", "What was found.", allowed=("premises", "street", "area", "postcode", "none"), nullable=False),
        Column("place_id", "text", "Entry of the gazetteer."),
        Column("easting_m", "number", "Metres east.", unit="m"),
        Column("northing_m", "number", "Metres north.", unit="m"),
        Column("sigma_m", "number", "Honest radius: root mean square distance.", unit="m"),
        Column("probability", "number", "Probability that the entry is right.", nullable=False),
        Column("decision", "text", "accept, review, or none.", allowed=("accept", "review", "none"), nullable=False),
        Column("place_type", "text", "Type told by generic words.", allowed=allowed("place_type")),
        Column("place_qualifier", "text", "Cue: inside, outside, near ...", allowed=allowed("place_qualifier"), nullable=False),
    ),
)

PLACE_CANDIDATES = Table(
    name="place_candidates",
    description="Places that a text may mean where its words do not tell which, each with its share: the branches of a chain named without an area. None for texts whose place is accepted; outlives the text.",
    sensitivity=Sensitivity.PSEUDONYMOUS,
    key=("place_text_id", "site_code", "rank"),
    source="stages/places",
    columns=(
        Column("place_text_id", "text", "Key of the text.", nullable=False, hashed=False),
        Column("site_code", "text", "Site that asked; empty where none.", nullable=False),
        Column("rank", "integer", "1 for the largest share.", nullable=False),
        Column("place_id", "text", "Entry of the gazetteer.", nullable=False),
        Column("weight", "number", "Probability that it is meant. The shares of a text add up to 1 at most: the rest is none of them.", nullable=False),
    ),
)

SHARED_RECORDS = Table(
    name="shared_records",
    description="Records whose words leave their place between several, with the share of each, as far as nobody decided of the text. Records with a point, a postcode or an accepted place have none.",
    sensitivity=Sensitivity.PSEUDONYMOUS,
    key=("record_key", "rank"),
    source="stages/places",
    columns=(
        Column("record_key", "text", "The record.", nullable=False, hashed=False),
        Column("rank", "integer", "1 for the largest share.", nullable=False),
        Column("place_id", "text", "Entry of the gazetteer.", nullable=False),
        Column("weight", "number", "Probability that it is meant.", nullable=False),
    ),
)

PLACE_PHRASES = Table(
    name="place_phrases",
    description="The phrase of each place text of a record: texts that differ in capitals, signs and cue words alone share one. What decisions of people are found by; outlives the text.",
    sensitivity=Sensitivity.PSEUDONYMOUS,
    key=("place_text_id",),
    source="stages/places",
    columns=(
        Column("place_text_id", "text", "Key of the text.", nullable=False, hashed=False),
        Column("phrase_id", "text", "Keyed hash of its words without cue words (stages/places/phrases.toml).", nullable=False, hashed=False),
    ),
)

#: Site of a decision that holds for all.
ALL_SITES = "*"

PLACE_DECISIONS = Table(
    name="place_decisions",
    description="What people decided of place texts, as far as it stands: not undone. Handed to places by the pipeline from the home's list, which keeps every decision with who took it and when.",
    sensitivity=Sensitivity.PSEUDONYMOUS,
    key=("decision",),
    source="`places review --take`; docs/how-to/review-places.md",
    columns=(
        Column("decision", "integer", "Number of the decision; of two about one phrase and site the higher stands.", nullable=False),
        Column("form", "integer", "Form of phrases that it was taken in.", nullable=False),
        Column("phrase_id", "text", "The phrase.", nullable=False, hashed=False),
        Column("site_code", "text", "Site that it holds for, as records name it; * for all.", nullable=False),
        Column("choice", "text", "A place; none: no place can be told; generic: the words tell a type of place at most.", allowed=("place", "none", "generic"), nullable=False),
        Column("place_id", "text", "Entry of the gazetteer, of a place."),
    ),
)

LOCATED_RECORDS = Table(
    name="located_records",
    description="Pseudonymous records with place, area and precision class.",
    sensitivity=Sensitivity.PSEUDONYMOUS,
    key=("record_key",),
    partition=("provider", "month"),
    source="stages/places",
    columns=(
        *[
            c
            for c in PSEUDONYMOUS_RECORDS.columns
            if c.name not in {"easting_m", "northing_m", "point_sd_m", "postcode_small_area", "postcode_easting_m", "postcode_northing_m", "place_area"}
        ],
        Column("place_kind", "text", "point, postcode, premises, street, area or none.", allowed=("point", "postcode", "premises", "street", "area", "none"), nullable=False),
        Column("place_id", "text", "Entry of the gazetteer (venue, street, area) where one was accepted."),
        Column("venue_id", "text", "Licensed venue, where the place is one."),
        Column("easting_m", "number", "Metres east.", unit="m"),
        Column("northing_m", "number", "Metres north.", unit="m"),
        Column("sigma_m", "number", "Radius of uncertainty.", unit="m"),
        Column("place_probability", "number", "Probability of the place."),
        Column("precision_class", "text", "L0 none, L1 generic, L2 locality, L3 street, L4 named but ambiguous, L5 premises, postcode or point.", allowed=allowed("precision_class"), nullable=False),
        Column("place_qualifier", "text", "inside, outside, near ...", allowed=allowed("place_qualifier"), nullable=False),
        Column("small_area", "text", "Small area of the place, where the precision carries it."),
        Column("middle_area", "text", "Middle area of the place."),
        Column("ward", "text", "Ward of the place."),
        Column("neighbourhood", "text", "Police neighbourhood of the place."),
        Column("district", "text", "District of the place."),
    ),
)

LINKS = Table(
    name="links",
    description="Pairs of records of two sources that may be of one victim of one incident, each with its match probability.",
    sensitivity=Sensitivity.PSEUDONYMOUS,
    key=("pair", "left_record", "right_record"),
    source="stages/linkage",
    columns=(
        Column("pair", "text", "The two sources.", allowed=PAIRS, nullable=False),
        Column("left_record", "text", "Record key of the first source.", nullable=False, hashed=False),
        Column("right_record", "text", "Record key of the second source.", nullable=False, hashed=False),
        Column("match_weight", "number", "Log2 of the Bayes factor of all comparisons (Splink's match weight, without the prior).", unit="bits", nullable=False),
        Column("stratum", "text", "Stratum in which the weight was made into a probability: the way in which the pair fits, and how busy it is around it (1 is quiet).", nullable=False),
        Column("probability", "number", "Match probability: 1 less the local false-discovery rate.", nullable=False),
        Column("one_to_one", "flag", "Whether the pair stands in one incident after the one-to-one merge over all sources.", nullable=False),
        Column("model", "text", "Model that gave the weight.", nullable=False, hashed=False),
    ),
)

INCIDENTS = Table(
    name="incidents",
    description="Every linkable record, the victim and the incident it was judged to belong to. A victim has at most one visit to a service, with a person's later attendances within the hours of policy/linkage.toml and a second ambulance; an incident has one victim or several. No record is left out: those that count are told by counted_by.",
    sensitivity=Sensitivity.PSEUDONYMOUS,
    key=("record_key",),
    source="stages/linkage",
    columns=(
        Column("record_key", "text", "The record.", nullable=False, hashed=False),
        Column("source", "text", "Its source.", nullable=False),
        Column("victim", "text", "The victim at the incident: the key of the first record, by source (ambulance, ed, police) and time.", nullable=False, hashed=False),
        Column("incident", "text", "The incident: the key of its first record.", nullable=False, hashed=False),
        Column("counted_by", "text", "The record of this source that counts for the victim: itself, except for a later attendance and a second ambulance.", nullable=False, hashed=False),
        Column("records", "integer", "Records of the victim.", unit="records", nullable=False),
        Column("victims", "integer", "Victims of the incident.", unit="victims", nullable=False),
        Column("probability", "number", "Least probability of what holds the victim's records together; 1 where there is one alone.", nullable=False),
        Column("incident_probability", "number", "Least probability of what holds the incident's victims together; 1 where there is one alone.", nullable=False),
    ),
)
