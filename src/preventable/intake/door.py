"""What reading a file needs to know: a home's or a region's providers, mappings, limits and places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from preventable.intake.rows_judged import RulesDoor
from preventable.settings import Policy
from preventable.stages.sources.approvals import (
    ApprovalsTold,
    approvals_in_words,
    approved_mappings,
    read_approval_policy,
    told_of_approvals,
)
from preventable.stages.sources.limits import Limits, read_limits
from preventable.stages.sources.manifests import ManifestPolicy, read_manifest_policy
from preventable.stages.sources.mapping import readable_kinds
from preventable.stages.sources.region_places import RegionPlaces, region_places
from preventable.store.home import (
    Home,
    read_approval_files,
    read_mappings,
    read_region_about,
    read_region_table,
)
from preventable.tables.source_kinds import SourceKind


@dataclass(frozen=True)
class Door:
    """What reading needs to know: providers, their mappings, the key of texts, what policy says, kinds, places."""

    providers: Mapping[str, Mapping[str, Any]]
    mappings: Callable[[str], Sequence[Mapping[str, Any]]]
    text_key: tuple[str, bytes]
    limits: Limits
    manifests: ManifestPolicy
    kinds: Mapping[str, SourceKind]
    region: RegionPlaces
    invented: bool
    told: Callable[[str], ApprovalsTold]

    def approvals_in_words(self, providers: Iterable[str]) -> tuple[str, ...]:
        """What people should know of the approvals of some providers' mappings; invented ones need no signature."""
        told = [self.told(provider) for provider in sorted(set(providers) & set(self.providers))]
        return approvals_in_words([replace(one, unsigned=()) if self.invented else one for one in told])

    def for_rules(self, policy: Policy) -> RulesDoor:
        """What the rules need of it."""
        return RulesDoor(tuple(self.providers.values()), self.mappings, policy)


def door_of_home(home: Home, policy: Policy) -> Door:
    """The door of a home.

    Raises:
        NoRegionError: The home has no region yet.
        PolicyError: A policy file is not well formed.
    """
    providers = home.region_table("providers").to_pylist()
    asked = read_approval_policy(policy)

    @cache
    def mappings_of(provider: str) -> Sequence[Mapping[str, Any]]:
        return approved_mappings(home.mappings(provider), home.approvals(provider), asked, provider)

    def told_of(provider: str) -> ApprovalsTold:
        return told_of_approvals(home.mappings(provider), home.approvals(provider), asked, provider)

    by_name = {row["provider"]: row for row in providers}
    about = home.region_about()
    places = region_places(home.region_table("areas"), home.region_table("small_areas"), about)
    return Door(
        by_name,
        mappings_of,
        home.pseudonym_key(),
        read_limits(policy),
        read_manifest_policy(policy),
        readable_kinds(policy),
        places,
        invented=bool(about.get("invented")),
        told=told_of,
    )


def door_of_region(folder: Path, policy: Policy) -> Door:
    """The door of a region's folder, for looking only.

    Raises:
        UsageError: The region lacks a file.
        PolicyError: A policy file is not well formed.
    """
    providers = read_region_table(folder, "providers").to_pylist()
    asked, mappings = read_approval_policy(policy), folder / "mappings"

    def mappings_of(provider: str) -> Sequence[Mapping[str, Any]]:
        signed = read_approval_files(mappings, provider)
        return approved_mappings(read_mappings(mappings, provider), signed, asked, provider)

    def told_of(provider: str) -> ApprovalsTold:
        signed = read_approval_files(mappings, provider)
        return told_of_approvals(read_mappings(mappings, provider), signed, asked, provider)

    about = read_region_about(folder)
    # Nothing read through this door is stored, so its key protects nothing.
    return Door(
        {row["provider"]: row for row in providers},
        mappings_of,
        ("check", bytes(32)),
        read_limits(policy),
        read_manifest_policy(policy),
        readable_kinds(policy),
        region_places(
            read_region_table(folder, "areas"),
            read_region_table(folder, "small_areas"),
            about,
        ),
        invented=bool(about.get("invented")),
        told=told_of,
    )
