"""A small LightGBM text model written by hand, and its answers worked out by hand."""

from seawall.engine.model import model_hash, parse_model
from seawall.engine.model.trees import TreeModel

TEXT = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=regression
feature_names=amount device_age
feature_infos=[0:100] [0:9]
tree_sizes=1 1

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
threshold=10.5 2.5
decision_type=10 8
left_child=-1 -2
right_child=1 -3
leaf_value=1 2 4
internal_value=2.5 3.5
is_linear=0

Tree=1
num_leaves=1
num_cat=0
leaf_value=0.25

end of trees

parameters:
end of parameters

pandas_categorical:null
"""
# amount, device_age: answer, contributions; a missing amount goes left, a missing device_age right
ANSWERS = [
    ((10.5, 0.0), 1.25, (-1.5, 0.0)),
    ((11.0, 2.0), 2.25, (1.0, -1.5)),
    ((11.0, 3.0), 4.25, (1.0, 0.5)),
    ((float("nan"), 3.0), 1.25, (-1.5, 0.0)),
    ((11.0, float("nan")), 4.25, (1.0, 0.5)),
]
BIAS = 2.75


def load(text: str = TEXT) -> TreeModel:
    """The model of this text."""
    model = parse_model(text.encode(), model_hash(text.encode()))
    assert isinstance(model, TreeModel)
    return model
