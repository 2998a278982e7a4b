"""Police: recorded offences.

Without a recorded time there is no injury interval: a report may come years later.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from preventable.codes import code_file
from preventable.stages.sources.intervals import stated
from preventable.stages.sources.kinds import Derived, Kind, KindFields, words_from
from preventable.stages.sources.rules_files import rules_file


def _derive(fields: KindFields) -> Derived:
    intervals = stated(
        fields.injury_from,
        fields.injury_to,
        basis="reported_from_to",
        minutes=rules_file("police/rules")["stated_minutes"],
        zone=fields.zone,
    )
    offences = code_file("home_office_offence")["codes"]
    told = words_from(
        fields.values["offence_code"], lambda code: offences[code]["severity"] if code else None
    )
    severity = pc.fill_null(pc.coalesce(fields.values["severity"], told), pa.scalar("unknown"))
    return Derived(intervals, {"severity": severity})


KIND = Kind(derive=_derive, required=tuple(rules_file("police/rules")["required"]))
