"""Cards of checkpoints are read as they stand."""

import shutil

from dnag.cards import CardFigure, read_cards, read_figures
from dnag.checkpoint import DIRECTORY

TEXT = """# name

Some words. <!-- figures:begin -->
| figure | value | exact | aim |
|---|---|---|---|
| raw validity | 99.71 % | 100.00 % | at least 99.5 |
| broken row |
| Spearman | 0.79 |  |  |
<!-- figures:end -->
"""


def test_rows_of_marked_tables():
    assert read_figures(TEXT) == (
        CardFigure("raw validity", "99.71 %", "100.00 %", "at least 99.5"),
        CardFigure("Spearman", "0.79", "", ""),
    )
    assert read_figures("| a | b | c | d |") == ()


def test_every_shipped_checkpoint_has_a_card():
    cards = {card.name: card for card in read_cards()}
    assert {path.stem for path in DIRECTORY.glob("*.safetensors")} == set(cards)
    assert all(card.summary.endswith(".") for card in cards.values())
    score = cards["nasbench201-score"]
    assert (score.kind, score.space) == ("score", "nasbench201") and score.chief
    assert all("aim" not in figure.name for figure in score.figures)


def test_a_checkpoint_without_a_card_and_a_file_that_is_none(tmp_path):
    shutil.copy(DIRECTORY / "nasbench201-latency.safetensors", tmp_path)
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    (card,) = read_cards(tmp_path)
    assert card.name == "nasbench201-latency" and card.summary == "" and card.figures == card.chief == ()


def test_what_is_said_of_a_dataset_is_a_figure_of_the_predictor():
    cards = {card.name: card for card in read_cards()}
    for space, dataset in (("nasbench201", "CIFAR-10"), ("mobilenetv3", "ImageNet-1K")):
        score, predictor = cards[f"{space}-score"], cards[f"{space}-predictor"]
        assert any(figure.name.startswith("raw validity") for figure in score.figures)
        assert predictor.chief[0].name.startswith(f"{dataset}: ") and "Spearman" in predictor.chief[0].name
        written = read_figures((DIRECTORY / f"{space}-score.md").read_text(encoding="utf-8"))
        assert sorted(score.figures + predictor.figures, key=str) == sorted(written, key=str)


def test_a_score_network_alone_keeps_its_figures(tmp_path):
    for path in DIRECTORY.glob("nasbench201-score.*"):
        shutil.copy(path, tmp_path)
    (card,) = read_cards(tmp_path)
    assert card.figures == read_figures((tmp_path / "nasbench201-score.md").read_text(encoding="utf-8"))
