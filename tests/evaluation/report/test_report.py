import dataclasses

import numpy as np
import pytest
from sklearn import metrics

import myelin
from myelin.errors import InputError
from myelin.evaluation.report import Run, gather, page
from tests.evaluation.report.pages import check, numbers, read
from tests.evaluation.report.test_gather import crossed, of
from tests.evaluation.report.test_markup import NASTY

NAMES = ("ant", "bee", "cow")


@pytest.fixture(scope="module")
def classes_page(classifier, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    given = myelin.report(
        classifier.model, *classifier.test, path, train=classifier.train,
        validation=classifier.validation, class_names=NAMES, title="Points",
        run=Run(seed=7, command="python points.py", seconds=12.5, epoch=4),
    )  # fmt: skip
    assert given == path
    return check(path.read_text())


def test_a_page_of_classes_has_the_numbers_of_sklearn(classifier, classes_page):
    x, y = classifier.test
    p = classifier.model.predict(x, verbose=0)
    found = numbers(classes_page)
    assert found["accuracy"] == metrics.accuracy_score(y, p.argmax(1))
    precision, recall, _, _ = metrics.precision_recall_fscore_support(y, p.argmax(1))
    for i in range(3):
        assert found[f"by_class.{i}.precision"] == pytest.approx(precision[i])
        assert found[f"by_class.{i}.recall"] == pytest.approx(recall[i])
    matrix = metrics.confusion_matrix(y, p.argmax(1))
    assert [
        [found[f"confusion_matrix.{i}.{j}"] for j in range(3)] for i in range(3)
    ] == matrix.tolist()
    assert found["epoch_kept"] == 4
    assert found["seed"] == 7
    assert found["data.train"] == 200
    assert found["parameters"] == classifier.model.count_params()
    text = classes_page.text
    area = metrics.roc_auc_score(y, p, multi_class="ovr")
    assert f"{area:.4f}" in text
    assert f"{metrics.log_loss(y, p):.4f}" in text


def test_a_page_of_classes_has_all_its_sections(classes_page):
    titles = [node.text for node in classes_page.all("h2")]
    assert titles == [
        "Risks", "Who saw what", "Scores", "Confusion", "Every threshold", "Calibration",
        "Worst examples", "Learning", "The data", "The model", "Making it again",
    ]  # fmt: skip
    linked = [link.text for link in classes_page.one("nav").all("a")]
    assert linked == titles
    assert classes_page.one("head").one("title").text == "Points · report"
    assert "✓ Honest" in classes_page.one("div", id="honesty").text
    assert "python points.py" in classes_page.one("pre").text
    curve = classes_page.one("section", id="learning")
    assert "kept: epoch 4" in curve.text


def test_a_page_of_numbers(regressor, tmp_path):
    path = myelin.report(regressor.model, *regressor.test, tmp_path / "r.html", title="Line")
    found = check(path.read_text())
    x, y = regressor.test
    said = regressor.model.predict(x, verbose=0)[:, 0]
    shown = numbers(found)
    assert shown["mae"] == pytest.approx(metrics.mean_absolute_error(y, said))
    assert shown["rmse"] == pytest.approx(metrics.root_mean_squared_error(y, said))
    assert shown["r2"] == pytest.approx(metrics.r2_score(y, said))
    titles = [node.text for node in found.one("section", id="residuals").all("h3")]
    assert titles == [
        "Prediction against truth", "Residuals", "Spread of the residuals", "Normal quantiles (QQ)",
    ]  # fmt: skip
    assert "Not known to be honest" in found.one("div", id="honesty").text


def test_a_page_of_two_classes(classifier, tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    p = np.clip(0.5 + 0.3 * (2 * y - 1) + rng.normal(0, 0.3, 60), 0, 1)
    content = gather.of_model(classifier.model, p, np.zeros((60, 4)), y, Run(optimistic=""),
                              ["no", "yes"], None, None)  # fmt: skip
    text = page.render(content)
    check(text)
    assert f"{metrics.roc_auc_score(y, p):.4f}" in text
    assert f"{metrics.average_precision_score(y, p):.4f}" in text
    assert f"{metrics.brier_score_loss(y, p):.4f}" in text


def test_a_page_of_a_cross_validation(classifier, tmp_path):
    result = crossed(classifier.model)
    x = np.random.default_rng(4).normal(size=(30, 4))
    path = myelin.report(
        result, x, (x[:, 0] > 0.2).astype(int), tmp_path / "cv.html", class_names=["no", "yes"],
        title="Folds",
    )  # fmt: skip
    found = check(path.read_text())
    assert numbers(found)["accuracy"] == pytest.approx(result.scores["accuracy"].mean())
    table = found.one("section", id="rows").one("table")
    assert len(table.one("tbody").all("tr")) == 5
    assert "95 % from" in table.one("tfoot").text
    assert "2 rows were tested by no fold" in found.text
    assert "Held-out rows" in [node.text for node in found.all("h2")]
    assert "mean of 5 folds" in found.text
    learning = found.one("section", id="learning")
    lines = [p for p in learning.all("path") if p.attributes["class"] == "line a thin"]
    assert len(lines) == 10


@pytest.mark.parametrize("name", NASTY)
def test_no_text_becomes_markup(classifier, name, tmp_path):
    run = Run(title=name, target=name, command=name, notes=(name,), data={name: name}, seed=1,
              optimistic=name, versions={name: name})  # fmt: skip
    names = [name, name + "2", name + "3"]
    content = of(classifier, classifier.test, run)
    rows = dataclasses.replace(content.scored.rows, classes=tuple(names))
    content = dataclasses.replace(content, scored=dataclasses.replace(content.scored, rows=rows))
    found = check(page.render(content))
    assert not found.all("img")
    assert {node.tag for node in found.walk() if node.tag.startswith("s")} <= {
        "section", "span", "small", "summary", "style", "svg",
    }  # fmt: skip


def test_a_name_that_is_no_unicode_can_be_written(classifier, tmp_path):
    path = tmp_path / "r.html"
    names = ["caf\udce9", "b", "c"]
    myelin.report(classifier.model, *classifier.test, path, class_names=names)
    assert "caf?" in path.read_text(encoding="utf-8")


def test_a_thousand_classes_stay_under_two_megabytes(classifier):
    rng = np.random.default_rng(0)
    n, k = 1500, 1000
    y = rng.integers(0, k, n)
    p = rng.dirichlet(np.full(k, 0.02), n)
    p[np.arange(n), y] += rng.random(n)
    p /= p.sum(1, keepdims=True)
    images = rng.integers(0, 256, (n, 32, 32, 3)).astype(np.uint8)
    content = gather.of_model(classifier.model, p, images, y, Run(optimistic=""),
                              [f"a class called {i}" for i in range(k)], None, None)  # fmt: skip
    found = check(page.render(content))
    assert len(found.all("img")) == 10
    assert found.all("svg", class_="heat")
    assert found.all("details")


def test_long_runs_and_many_rows_stay_small(regressor):
    x, y = regressor.test
    many = np.tile(x, (50, 1))
    history = {"loss": list(np.geomspace(100, 0.01, 5000)), "val_loss": [1.0] * 5000}
    run = Run(optimistic="", history=history, epoch=5000)
    outputs = regressor.model.predict(x, verbose=0)
    content = gather.of_model(regressor.model, np.tile(outputs, (50, 1)), many, np.tile(y, 50),
                              run, None, None, None)  # fmt: skip
    text = page.render(content)
    check(text)
    assert len(text) < 200_000
    assert "logarithmic scale" in text


def test_several_inputs_and_frames(tmp_path):
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    x = {"a": rng.normal(size=(40, 2)), "b": rng.normal(size=(40, 3))}
    y = (x["a"][:, 0] > 0).astype(int)
    a, b = myelin.Input((2,), name="a"), myelin.Input((3,), name="b")
    outputs = myelin.layers.Dense(2, "softmax")(myelin.layers.Concatenate()([a, b]))
    model = myelin.Model([a, b], outputs)
    model.compile("sgd", "sparse_categorical_crossentropy")
    given = {"train": (x, y), "title": "Two inputs"}
    page_of_two = check(myelin.report(model, x, y, tmp_path / "r.html", **given).read_text())
    assert "2 features an example" in page_of_two.one("section", id="data").text
    assert "learned from these very rows" in page_of_two.one("div", id="honesty").text
    row = myelin.Sequential([myelin.Input((2,)), myelin.layers.Dense(2, "softmax")])
    row.compile("sgd", "sparse_categorical_crossentropy")
    frame = pandas.DataFrame(x["a"], columns=["left", "right"])
    frame["right"] = y
    told = check(
        myelin.report(row, frame, pandas.Series(y), tmp_path / "f.html", train=(frame[:9], y[:9]))
        .read_text()
    )  # fmt: skip
    assert "right is the target" in told.one("section", id="risks").text


def test_odd_rows_make_a_page_too(classifier, regressor):
    x, y = classifier.test
    sure = np.eye(3)[y]
    odd = [
        (classifier, sure, x, y),
        (classifier, sure[y == 1], x[y == 1], y[y == 1]),
        (classifier, sure[:1], x[:1], y[:1]),
        (regressor, np.zeros(2), x[:2], np.ones(2)),
        (regressor, np.zeros(1), x[:1], np.ones(1)),
        (regressor, np.array([1e30, -1e30, 0]), x[:3], np.array([0.0, 1.0, 1e-30])),
    ]
    for trained, outputs, inputs, targets in odd:
        content = gather.of_model(trained.model, outputs, inputs, targets,
                                  Run(optimistic="", history={}), None, None, None)  # fmt: skip
        found = check(page.render(content))
        assert not found.all("section", id="learning")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda t, p: myelin.report(t.model, path=p), "wants x_test and y_test"),
        (lambda t, p: myelin.report(t.model, t.test[0], path=p), "both x_test and y_test"),
        (lambda t, p: myelin.report("model", *t.test, p), "got str"),
        (lambda t, p: myelin.report(t.model, *t.test, p, train=t.train[0]), "train wants a pair"),
        (lambda t, p: myelin.report(t.model, *t.test, p.parent), "is a folder"),
    ],
)
def test_what_cannot_be_reported_is_an_error_and_leaves_no_file(classifier, tmp_path, call, words):
    with pytest.raises(InputError, match=words):
        call(classifier, tmp_path / "r.html")
    assert not list(tmp_path.iterdir())


def test_the_reader_of_these_tests_sees_faults():
    with pytest.raises(AssertionError):
        read("<p><b></p>")
