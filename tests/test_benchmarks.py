"""The reckoning behind the benchmark tables, on figures made up by hand."""

import sys
from pathlib import Path

import pytest

FOLDER = str(Path(__file__).resolve().parent.parent / "benchmarks")


@pytest.fixture(scope="module")
def report():
    sys.path.insert(0, FOLDER)
    try:
        import report
    finally:
        sys.path.remove(FOLDER)
    return report


def run(wall, epochs, memory=2**20, accuracy=0.98):
    return {"wall": wall, "first": wall / 2, "epochs": epochs, "memory": memory,
            "accuracy": accuracy}  # fmt: skip


def test_summary_takes_medians_over_rounds(report):
    row = report.summary([
        run(10, [9, 1, 3, 2]), run(30, [9, 5, 5, 5]), run(20, [9, 3, 3, 3])
    ])  # fmt: skip
    assert row["wall"] == 20
    assert row["epoch"] == 3
    assert row["rounds"] == 3


def test_a_first_epoch_counts_only_where_there_is_no_other(report):
    assert report.later_epoch(run(1, [9, 1, 1])) == 1
    assert report.later_epoch(run(1, [9])) == 9


def test_best_settings_names_both_where_compiling_costs_more_than_it_saves(report):
    tried = {("plain",): run(4, [1, 1]), ("compiled",): run(30, [25, 0.5])}
    assert report.best_settings(tried, 5) == [("compiled",), ("plain",)]
    assert report.best_settings({**tried, ("compiled",): run(4, [1, 0.5])}, 5) == [("compiled",)]


def test_tables_sort_by_the_whole_process_and_give_ratios(report):
    rows = {"slow": report.summary([run(9, [1, 4])]), "Myelin": report.summary([run(3, [1, 2])])}
    lines = report.contenders_table(rows).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| Myelin | 3.00 | 1.0× |")
    assert lines[3].startswith("| slow | 9.00 | 3.0× | 4.50 | 3.0× | 4.00 | 2.0× | 1 | 98.00 % |")
    assert len({line.count("|") for line in lines}) == 1


def test_a_variant_is_held_against_its_own_classic_epoch(report):
    classic = {"Myelin": report.summary([run(3, [1, 2])])}
    rows = {"Myelin, l2": report.summary([run(3, [1, 3])])}
    assert "| 1.5× |" in report.variants_table(rows, classic)


def test_imports_are_ratios_of_jax(report):
    table = report.imports_table({"jax": [2.0, 1.0, 3.0], "torch": [1.0, 1.0, 9.0]})
    assert "| torch | 1.00 | 0.50× |" in table
    assert "| jax | 2.00 | 1.00× |" in table


def test_verdicts_hold_only_where_the_figures_do(report):
    def rows(epoch):
        return {
            "Myelin": report.summary([run(3, [1, epoch])]),
            "Myelin, compilation cache off": report.summary([run(1, [0.1, 0.1])]),
            "Keras on TensorFlow": report.summary([run(15, [3, 3], memory=2**22)]),
            "PyTorch, hand-tuned loop": report.summary([run(5, [1, 1])]),
        }

    walls = {"jax": [1.0], "myelin, loaded": [1.05]}
    assert [holds for _, _, holds in report.verdicts(rows(0.3), walls)] == [True] * 7
    failed = [text for text, _, holds in report.verdicts(rows(0.6), walls) if not holds]
    assert len(failed) == 2
    assert all(text.startswith("an epoch at least") for text in failed)
    assert "**no**" in report.verdicts_table(report.verdicts(rows(0.6), walls))
