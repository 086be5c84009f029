"""The reckoning behind the benchmark tables, on figures made up by hand; and who is measured."""

import importlib
import py_compile
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


def imported(name, folder=FOLDER):
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def report():
    return imported("report")


@pytest.fixture(scope="module")
def works():
    return {work.name: work for work in imported("run").WORKS}


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


def steps(seconds, steps=10, accuracy=0.9):
    return {**run(9, [9, seconds * steps], accuracy=accuracy), "steps": steps}


def test_a_step_is_an_epoch_after_the_first_divided(report):
    row = report.summary([steps(0.2), steps(0.4), steps(0.3)])
    assert row["step"] == pytest.approx(0.3)
    table = report.steps_table({"Myelin": row}, "Myelin", gflop=6)
    assert "| Myelin | 300 | 1.0× | 20 | 10 |" in table
    assert report.milliseconds(0.0123) == "12.3"


def test_the_cost_of_augmentation_is_a_share_of_the_whole_step(report):
    rows = {
        "Myelin": report.summary([steps(0.2)]),
        "Myelin, not augmented": report.summary([steps(0.15)]),
        "PyTorch": report.summary([steps(0.2)]),
    }
    table = report.costs_table(rows, "not augmented").splitlines()
    assert table[2:] == ["| Myelin | 200 | 150 | 25 % |"]


def test_promises_for_images_hold_only_where_the_figures_do(report):
    def works(own, plain):
        rows = {
            "Myelin": report.summary([steps(own)]),
            "Keras on JAX (as it stands)": report.summary([steps(0.9)]),
            "PyTorch, hand-tuned loop": report.summary([steps(0.3)]),
        }
        bare = {
            "Myelin, not augmented": report.summary([steps(plain)]),
            "PyTorch, hand-tuned loop, not augmented": report.summary([steps(0.1)]),
        }
        return {"cnn": rows, "resnet": {**rows, **bare}, "separable": {"Myelin": rows["Myelin"]}}

    found = report.image_verdicts(works(0.25, 0.22))
    assert [holds for _, _, holds in found] == [True] * 4
    assert "PyTorch, hand-tuned loop)" in found[0][0]
    assert [text for _, text, _ in found] == ["1.20×", "3.60×", "1.20×", "12.0 %"]
    found = report.image_verdicts(works(0.4, 0.2))
    assert [holds for _, _, holds in found] == [False] * 4


def test_promises_for_sequences_and_streams(report):
    fast, slow = (report.summary([steps(seconds)]) for seconds in (0.2, 0.28))
    works = {
        "gru": {"Myelin": fast, "Keras on JAX": slow},
        "streamed": {"Myelin": fast, "Myelin, from a generator": slow, "Keras on JAX": slow},
    }
    found = report.sequence_verdicts(works)
    assert [(text, holds) for _, text, holds in found] == [
        ("1.40×", True), ("1.40×", False), ("1.40×", False),
    ]  # fmt: skip


def test_every_work_has_all_contenders_under_names_of_their_own(works):
    sequences = {"lstm", "gru", "bidirectional", "transformer", "characters", "vae"}
    images = {"cnn", "resnet", "separable"}
    assert set(works) == {"classic", "streamed", *images, *sequences}
    for name, work in works.items():
        names = [contender.name for contender in work.contenders]
        assert len(set(names)) == len(names)
        peers = ("Keras on TensorFlow", "Keras on JAX", "Keras on PyTorch", "PyTorch, hand")
        for peer in peers if name != "streamed" else ("Keras on JAX",):
            assert any(name.startswith(peer) for name in names)
        for contender in work.contenders:
            assert (FOLDER / "contenders" / contender.script).is_file()


def test_steps_fit_the_images_that_the_files_hold(works):
    images = {"mnist": 60_000, "cifar10": 10_000}
    for name in ("cnn", "resnet", "separable"):
        for contender in works[name].contenders:
            given = dict(zip(contender.options[::2], contender.options[1::2], strict=True))
            rows = int(given["--steps"]) * int(given["--batch-size"])
            assert rows <= images[works[name].data]


def test_settings_and_variants_name_a_contender_and_lengthen_its_command_line(works):
    work = works["resnet"]
    torch = work.contenders[-1].tuned(("--channels-last", "1"))
    assert torch.name == "PyTorch, hand-tuned loop (channels-last 1)"
    assert torch.options == (*work.contenders[-1].options, "--channels-last", "1")
    assert work.contenders[1].tuned(()).name == "Keras on TensorFlow (as it stands)"
    (bare,) = work.variants[0].applied([torch])
    assert bare.name == "PyTorch, hand-tuned loop (channels-last 1), not augmented"
    assert bare.options[-2:] == ("--augment", "0")
    variants = [one.name for each in works["classic"].variants
                for one in each.applied(works["classic"].contenders)]  # fmt: skip
    assert variants == [f"{name}, {variant}" for variant in ("early stopping", "l2")
                        for name in ("Myelin", "Keras on TensorFlow", "Keras on JAX")]  # fmt: skip


def test_the_pages_show_every_table(report, works):
    pages = imported("pages")
    rows = {"Myelin": report.summary([steps(0.2)]), "PyTorch": report.summary([steps(0.3)])}
    rows["Myelin, not augmented"] = report.summary([steps(0.19)])
    measured = pages.Measured(
        "today, here", 3, {"resnet": rows}, dict.fromkeys(works, 3), gemm=123.4
    )
    page = pages.images(imported("lineup_images").IMAGES, measured)
    assert "runs at 123 GFLOP/s" in page
    assert "| resnet: augmentation costs less than 15 % of the step | 5.0 % | yes |" in page
    assert "## ResNet-8 on CIFAR-10 with flips, rotations and zooms, batch 64, 3 epochs" in page
    assert "### The same, not augmented" in page
    assert "separable" not in page
    lineup = imported("lineup_sequences")
    measured = pages.Measured("today, here", 3, {"lstm": rows}, dict.fromkeys(works, 4))
    page = pages.sequences((*lineup.SEQUENCES, lineup.STREAMED), measured)
    assert "| lstm: no slower than the fastest peer (PyTorch) | 1.50× | yes |" in page
    classic = pages.Measured("today, here", 1, {"classic": rows}, {"classic": 5})
    assert "## The classic MNIST program, 5 epochs" in pages.classic(works["classic"], classic, 5)


def test_the_machine_names_itself_and_multiplies_matrices():
    measure = imported("measure")
    assert "cores" in measure.machine()
    assert measure.gemm_peak(side=64, repeats=2) > 0


@pytest.mark.parametrize("program", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.name)
def test_programs_compile(program, tmp_path):
    py_compile.compile(str(program), cfile=str(tmp_path / "out.pyc"), doraise=True)


@pytest.mark.parametrize("name", ["cnn", "resnet", "separable"])
def test_a_steps_products_are_those_that_torch_counts(works, name, torch):
    from torch.utils.flop_counter import FlopCounterMode

    def counted(layer, x):
        with FlopCounterMode(display=False) as counter:
            layer(x)
        return counter.get_total_flops() / len(x)

    network = imported("torch_networks", FOLDER / "contenders").NETWORKS[name]()
    first = next(layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d))
    x = torch.zeros(2, 1, 28, 28) if name == "cnn" else torch.zeros(2, 3, 32, 32)
    batch = 128 if name == "cnn" else 64
    gflop = batch * (3 * counted(network, x) - counted(first, x)) / 1e9
    assert works[name].gflop == pytest.approx(gflop, rel=1e-6)


def test_torchs_augmentation_moves_images_as_far_as_kerass(torch):
    networks = imported("torch_networks", FOLDER / "contenders")
    torch.manual_seed(0)
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    maps = torch.stack([columns, rows])[None].repeat(2000, 1, 1, 1)
    moved = networks.augmented(maps)[:, :, 15:17, 15:17]
    across = (moved[:, :, :, 1] - moved[:, :, :, 0]).mean(2)
    zooms = across.norm(dim=1)
    flipped = across[:, 0] < 0
    turns = torch.asin(across[:, 1] / zooms) / (2 * torch.pi)
    assert flipped.float().mean().item() == pytest.approx(0.5, abs=0.05)
    for found, least, most in ((zooms, 0.9, 1.1), (turns, -0.05, 0.05)):
        assert found.min().item() == pytest.approx(least, abs=0.01)
        assert found.max().item() == pytest.approx(most, abs=0.01)
        assert found.std().item() == pytest.approx((most - least) / 12**0.5, rel=0.05)
