"""From events to a model version where boxes are drawn: pictures are asked by coverage."""

from dataclasses import replace
from typing import NoReturn

from sparing.errors import CapabilityError
from sparing.project.learning.trainee import Trainee
from sparing.store import Version

NO_MODEL_OF_BOXES = (
    "A model file is of one class an item; this project is of boxes: 'sparing export --format coco'"
    " gives them to a detector."
)


class BoxTrainee(Trainee):
    """Chooses pictures by their vectors, the groups that nobody has looked at first.

    Its versions say nothing of boxes: suggestions are predictions of others.
    """

    def learn(self, version: int) -> Version:
        """Order the pictures; write the scores, and return what belongs in the store.

        Raises
        ------
        SparingError : the pictures cannot be encoded
        """
        self._see()
        self._read_events()
        made = self._by_coverage(version, self._good_rows())
        n = sum(item.answer is not None for item in self._replay.items.values())
        facts = replace(made.facts, n_labels=n, is_draft=not self._sight.is_whole)
        return replace(made, facts=facts)

    def model(self) -> NoReturn:
        """Refuse to make a model file.

        Raises
        ------
        CapabilityError : there is none of boxes
        """
        raise CapabilityError(NO_MODEL_OF_BOXES)

    def arrange(self) -> bool:
        """Say that there are no clusters to be found: boxes are given one by one."""
        return False
