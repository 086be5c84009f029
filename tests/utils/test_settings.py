import copy

import pytest

from myelin.errors import InputError
from myelin.utils import Config


def test_entries_are_attributes_until_it_is_frozen():
    config = Config(rate=0.1, momentum=0.9)
    config.epochs = 3
    config["seed"] = 7
    assert (config.seed, config["epochs"], len(config), "rate" in config) == (7, 3, 4, True)
    assert list(config) == ["epochs", "momentum", "rate", "seed"]
    assert config.pop("momentum") == 0.9
    config.freeze()
    for change in (
        lambda: setattr(config, "rate", 1),
        lambda: config.update(rate=1),
        lambda: config.pop("rate"),
    ):
        with pytest.raises(InputError, match='frozen, so "rate" stays'):
            change()
    assert config.frozen
    assert config.to_json() == '{"rate": 0.1, "epochs": 3, "seed": 7}'
    again = copy.deepcopy(config)
    again.unfreeze()
    again.rate = 1
    assert config.as_dict() == {"rate": 0.1, "epochs": 3, "seed": 7}
    with pytest.raises(AttributeError, match='Did you mean "epochs"'):
        _ = config.epoch
