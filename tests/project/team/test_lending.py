"""What others have on their screens is told only as far as somebody is yet to answer it."""

from sparing.audit.audit import Phase


def test_an_item_that_somebody_looks_at_again_is_not_the_rest(pets, project):
    ids = list(project.items)
    project.teach(dict.fromkeys(ids[:-1], "fur"))
    project.lending.hold("another", [ids[0], ids[-1]])
    assert project.lending.lend("mine", 5, (), project.query).n_elsewhere == 1
    project.teach({ids[-1]: "fur"})
    assert project.lending.lend("mine", 5, (), project.query).n_elsewhere == 0


def test_in_a_hand_back_only_what_is_handed_back_can_be_on_other_screens(pets, project):
    ids = list(project.items)
    pets.answer(project, [project.asked(item_id) for item_id in ids[:20]])
    project.retrain()
    project.audits.draw(0.2)
    while asked := project.audits.query(60):
        pets.answer(project, asked)
    project.audits.certify()
    left = [one.item.item_id for one in project.audits.query_remainder(60)]
    free = next(item_id for item_id in ids if project.asked(item_id).answer is None)
    project.lending.hold("another", {free, *left})
    told = project.lending.lend("mine", 5, (), project.audits.query_remainder)
    assert told.items == []
    assert told.n_elsewhere == len(left)
    assert project.phase in (Phase.CERTIFIED, Phase.DONE)
