"""Damaged files by number: the same seed and number always give the same file."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.soak.input_archive_kinds import ARCHIVE_KINDS, parts_of, splice_parts, within_a_part
from tests.soak.input_byte_kinds import BYTE_KINDS, Mutate, encode_anew, put_words, splice
from tests.soak.input_staging import Sample, Upload

#: Larger samples take a hundred times as long, and are taken less often.
_LARGE = 100_000
_FILE_TYPES = ("csv", "tsv", "xlsx", "json", "jsonl")
_SHEETS = ("People", "people 2", "Sheet1", "none such")


@dataclass(frozen=True)
class Mutant:
    """A damaged file, ready to be staged."""

    format: str
    kind: str
    upload: Upload


class Mutants:
    """All damaged files that these samples and this seed give."""

    def __init__(self, samples: Sequence[Sample], seed: str) -> None:
        self._samples = samples
        self._seed = seed
        self.formats = sorted({sample.format for sample in samples})

    def make(self, number: int) -> Mutant:
        """The formats, and in each the kinds, take turns."""
        turn, at = divmod(number, len(self.formats))
        format_ = self.formats[at]
        kinds = self.kinds[format_]
        kind = list(kinds)[turn % len(kinds)]
        chance = random.Random(f"{self._seed}/{number}")
        samples = [sample for sample in self._samples if sample.format == format_]
        weights = [1 if len(sample.content) >= _LARGE else 10 for sample in samples]
        sample = chance.choices(samples, weights)[0]
        upload = Upload(
            name=sample.name,
            content=kinds[kind](sample.content, chance),
            mapping=sample.mapping,
            file_type=chance.choice(_FILE_TYPES) if chance.random() < 0.1 else None,
            sheet=chance.choice(_SHEETS) if chance.random() < 0.1 else None,
        )
        return Mutant(format_, kind, upload)

    @cached_property
    def kinds(self) -> Mapping[str, Mapping[str, Mutate]]:
        """By format, what can happen to its files."""
        contents = {
            format_: [sample.content for sample in self._samples if sample.format == format_]
            for format_ in self.formats
        }
        every = [content for of_format in contents.values() for content in of_format]
        kinds: dict[str, Mapping[str, Mutate]] = {}
        for format_, own in contents.items():
            whole = {**BYTE_KINDS, "spliced with another": splice([*own, *every])}
            if format_ == "xlsx":
                parts = [part for workbook in own for part in parts_of(workbook).values()]
                within = {
                    **BYTE_KINDS,
                    "spliced with another": splice(parts),
                    "words of the format": put_words("xml"),
                    "encoded anew": encode_anew,
                }
                kinds[format_] = {
                    **whole,
                    **{f"in a part: {kind}": within_a_part(mutate) for kind, mutate in within.items()},
                    **ARCHIVE_KINDS,
                    "part of another": splice_parts(own),
                }
            else:
                kinds[format_] = {**whole, "words of the format": put_words(format_), "encoded anew": encode_anew}
        return kinds
