"""Wrong answers to week 6 on transformers, and what to tell those who gave them."""

import keras
import numpy as np

from course.misconception import misconception

# -- add_positional_encoding -----------------------------------------------------------------------


@misconception(
    exercise="add_positional_encoding",
    rejected_by="each_step_gets_its_pattern",
    says="The encoding is computed and then lost: inputs come back as they were. Keras layers and "
    "operations change nothing in place; return the sum.",
)
def position_lost(inputs):
    n_steps, depth = inputs.shape[1:]
    columns = np.arange(depth)
    angles = np.arange(n_steps)[:, np.newaxis] / 10_000 ** (columns // 2 * 2 / depth)
    _ = inputs + np.where(columns % 2 == 0, np.sin(angles), np.cos(angles)).astype("float32")
    return keras.layers.Identity()(inputs)


@misconception(
    exercise="add_positional_encoding",
    rejected_by="each_step_gets_its_pattern",
    says="Sines stand in the left half and cosines in the right one. They take turns, column by "
    "column.",
)
def sines_and_cosines_in_halves(inputs):
    n_steps, depth = inputs.shape[1:]
    pairs = np.arange((depth + 1) // 2)
    angles = np.arange(n_steps)[:, np.newaxis] / 10_000 ** (2 * pairs / depth)
    encoding = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :depth]
    return inputs + encoding[np.newaxis].astype("float32")


@misconception(
    exercise="add_positional_encoding",
    rejected_by="each_step_gets_its_pattern",
    says="What comes back is the encoding alone, and what the steps held is gone: add it to the "
    "inputs.",
)
def encoding_instead_of_the_sum(inputs):
    n_steps, depth = inputs.shape[1:]
    columns = np.arange(depth)
    angles = np.arange(n_steps)[:, np.newaxis] / 10_000 ** (columns // 2 * 2 / depth)
    encoding = np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))
    return 0.0 * inputs + encoding[np.newaxis].astype("float32")


@misconception(
    exercise="add_positional_encoding",
    rejected_by="each_step_gets_its_pattern",
    says="You add the number of the step to every column. It grows without bound and drowns what "
    "the steps hold; sines and cosines stay between -1 and 1.",
)
def number_of_the_step(inputs):
    steps = np.arange(inputs.shape[1], dtype="float32")
    return inputs + steps[np.newaxis, :, np.newaxis]


@misconception(
    exercise="add_positional_encoding",
    rejected_by="each_step_gets_its_pattern",
    says="Each column has an exponent of its own. A sine and the cosine beside it share one: "
    "2 * (column // 2) / depth.",
)
def an_exponent_per_column(inputs):
    n_steps, depth = inputs.shape[1:]
    columns = np.arange(depth)
    angles = np.arange(n_steps)[:, np.newaxis] / 10_000 ** (columns / depth)
    encoding = np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))
    return inputs + encoding[np.newaxis].astype("float32")


# -- transformer_encoder ---------------------------------------------------------------------------


@misconception(
    exercise="transformer_encoder",
    rejected_by="what_came_in_is_added",
    says="There is no residual connection: what came into a part is not added to what comes out, "
    "so deep stacks forget what they were given, and hardly learn.",
)
def no_residual(inputs, head_size, num_heads, ff_dim, dropout=0.0):
    layers = keras.layers
    x = layers.MultiHeadAttention(num_heads, head_size, dropout=dropout)(inputs, inputs)
    x = layers.LayerNormalization()(x)
    x = layers.Dense(ff_dim, activation="relu")(x)
    x = layers.Dropout(dropout)(layers.Dense(inputs.shape[-1])(x))
    return layers.LayerNormalization()(x)


@misconception(
    exercise="transformer_encoder",
    rejected_by="what_came_in_is_added",
    says="Attention has a residual connection, the feed-forward part has none. Each of the two "
    "parts is added to what it was given.",
    betrayed=False,
)
def residual_around_attention_only(inputs, head_size, num_heads, ff_dim, dropout=0.0):
    layers = keras.layers
    attention = layers.MultiHeadAttention(num_heads, head_size, dropout=dropout)
    x = layers.LayerNormalization()(inputs + attention(inputs, inputs))
    x = layers.Dense(ff_dim, activation="relu")(x)
    return layers.Dropout(dropout)(layers.Dense(inputs.shape[-1])(x))


@misconception(
    exercise="transformer_encoder",
    rejected_by="steps_look_at_each_other",
    says="There is no attention among the steps, each of them stays by itself: query and value of "
    "keras.layers.MultiHeadAttention are both the whole sequence.",
)
def no_attention(inputs, head_size, num_heads, ff_dim, dropout=0.0):
    layers = keras.layers
    x = inputs + layers.Dense(inputs.shape[-1])(layers.LayerNormalization()(inputs))
    hidden = layers.Dense(ff_dim, activation="relu")(layers.LayerNormalization()(x))
    return x + layers.Dropout(dropout)(layers.Dense(inputs.shape[-1])(hidden))


@misconception(
    exercise="transformer_encoder",
    rejected_by="heads_and_units",
    says="The two sizes are swapped: the first argument of keras.layers.MultiHeadAttention is the "
    "number of heads, the second their size.",
)
def heads_and_sizes_swapped(inputs, head_size, num_heads, ff_dim, dropout=0.0):
    layers = keras.layers
    normalized = layers.LayerNormalization()(inputs)
    attention = layers.MultiHeadAttention(head_size, num_heads, dropout=dropout)
    x = inputs + attention(normalized, normalized)
    hidden = layers.Dense(ff_dim, activation="relu")(layers.LayerNormalization()(x))
    return x + layers.Dropout(dropout)(layers.Dense(inputs.shape[-1])(hidden))


@misconception(
    exercise="transformer_encoder",
    rejected_by="encoder_drops_in_training_only",
    says="Values are dropped outside of training as well, so each prediction is another one. "
    "keras.layers.Dropout asks whether this is training; keras.random.dropout does not.",
)
def dropout_at_test_too(inputs, head_size, num_heads, ff_dim, dropout=0.0):
    class Drop(keras.layers.Layer):
        def call(self, x):
            return keras.random.dropout(x, dropout)

    layers = keras.layers
    normalized = layers.LayerNormalization()(inputs)
    x = inputs + layers.MultiHeadAttention(num_heads, head_size)(normalized, normalized)
    hidden = layers.Dense(ff_dim, activation="relu")(layers.LayerNormalization()(x))
    return x + layers.Dense(inputs.shape[-1])(Drop()(hidden))


@misconception(
    exercise="transformer_encoder",
    rejected_by="encoder_drops_in_training_only",
    says="The argument dropout is taken and not used.",
)
def dropout_ignored(inputs, head_size, num_heads, ff_dim, dropout=0.0):
    layers = keras.layers
    normalized = layers.LayerNormalization()(inputs)
    x = inputs + layers.MultiHeadAttention(num_heads, head_size)(normalized, normalized)
    hidden = layers.Dense(ff_dim, activation="relu")(layers.LayerNormalization()(x))
    return x + layers.Dense(inputs.shape[-1])(hidden)


# -- build_transformer -----------------------------------------------------------------------------


@misconception(
    exercise="build_transformer",
    rejected_by="as_many_blocks_as_asked_for",
    says="num_transformer_blocks is not used: there is one block whatever it says. Stack them in a "
    "loop, x = transformer_encoder(x, …).",
)
def blocks_ignored(
    input_shape,
    n_classes,
    head_size,
    num_heads,
    ff_dim,
    num_transformer_blocks,
    mlp_units,
    dropout=0.0,
    mlp_dropout=0.0,
):
    window = keras.Input(input_shape)
    x = add_positional_encoding(keras.layers.Dense(head_size * num_heads)(window))  # noqa: F821
    x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)  # noqa: F821
    x = keras.layers.GlobalAveragePooling1D()(x)
    for units in mlp_units:
        x = keras.layers.Dropout(mlp_dropout)(keras.layers.Dense(units, activation="relu")(x))
    model = keras.Model(window, keras.layers.Dense(n_classes, activation="softmax")(x))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


@misconception(
    exercise="build_transformer",
    rejected_by="every_attention_kernel_learns",
    says="Nothing gets through to the attention: a layer normalisation over one channel makes 0 of "
    "everything. Project the channels to a depth such as head_size * num_heads first.",
)
def no_projection(
    input_shape,
    n_classes,
    head_size,
    num_heads,
    ff_dim,
    num_transformer_blocks,
    mlp_units,
    dropout=0.0,
    mlp_dropout=0.0,
):
    layers = keras.layers
    window = keras.Input(input_shape)
    x = window + np.sin(np.arange(input_shape[0], dtype="float32"))[:, np.newaxis]
    for _ in range(num_transformer_blocks):
        normalized = layers.LayerNormalization(epsilon=1e-6)(x)
        x = x + layers.MultiHeadAttention(num_heads, head_size)(normalized, normalized)
        hidden = layers.Dense(ff_dim, activation="relu")(layers.LayerNormalization()(x))
        x = x + layers.Dense(x.shape[-1])(layers.Dropout(dropout)(hidden))
    x = layers.GlobalAveragePooling1D()(x)
    for units in mlp_units:
        x = layers.Dropout(mlp_dropout)(layers.Dense(units, activation="relu")(x))
    model = keras.Model(window, layers.Dense(n_classes, activation="softmax")(x))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


@misconception(
    exercise="build_transformer",
    rejected_by="order_of_time_matters",
    says="The model does not know the order of the steps: attention and the mean are the same for "
    "every order. Add the encoding of the positions before the first block, and go on with "
    "the sum.",
)
def position_missing(
    input_shape,
    n_classes,
    head_size,
    num_heads,
    ff_dim,
    num_transformer_blocks,
    mlp_units,
    dropout=0.0,
    mlp_dropout=0.0,
):
    window = keras.Input(input_shape)
    x = keras.layers.Dense(head_size * num_heads)(window)
    for _ in range(num_transformer_blocks):
        x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)  # noqa: F821
    x = keras.layers.GlobalAveragePooling1D()(x)
    for units in mlp_units:
        x = keras.layers.Dropout(mlp_dropout)(keras.layers.Dense(units, activation="relu")(x))
    model = keras.Model(window, keras.layers.Dense(n_classes, activation="softmax")(x))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


@misconception(
    exercise="build_transformer",
    rejected_by="lengths_and_channels_never_seen",
    says="The mean is taken over the channels instead of over time, so the number of weights "
    "depends on the length: data_format='channels_first' is wrong for (batch, steps, channels).",
)
def pooling_over_the_wrong_axis(
    input_shape,
    n_classes,
    head_size,
    num_heads,
    ff_dim,
    num_transformer_blocks,
    mlp_units,
    dropout=0.0,
    mlp_dropout=0.0,
):
    window = keras.Input(input_shape)
    x = add_positional_encoding(keras.layers.Dense(head_size * num_heads)(window))  # noqa: F821
    for _ in range(num_transformer_blocks):
        x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)  # noqa: F821
    x = keras.layers.GlobalAveragePooling1D(data_format="channels_first")(x)
    for units in mlp_units:
        x = keras.layers.Dropout(mlp_dropout)(keras.layers.Dense(units, activation="relu")(x))
    model = keras.Model(window, keras.layers.Dense(n_classes, activation="softmax")(x))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


@misconception(
    exercise="build_transformer",
    rejected_by="head_and_loss_follow_the_classes",
    says="A softmax over a single unit is always 1, whatever the window. With two classes the one "
    "unit needs a sigmoid.",
)
def softmax_over_one_unit(
    input_shape,
    n_classes,
    head_size,
    num_heads,
    ff_dim,
    num_transformer_blocks,
    mlp_units,
    dropout=0.0,
    mlp_dropout=0.0,
):
    window = keras.Input(input_shape)
    x = add_positional_encoding(keras.layers.Dense(head_size * num_heads)(window))  # noqa: F821
    for _ in range(num_transformer_blocks):
        x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)  # noqa: F821
    x = keras.layers.GlobalAveragePooling1D()(x)
    for units in mlp_units:
        x = keras.layers.Dropout(mlp_dropout)(keras.layers.Dense(units, activation="relu")(x))
    n_units = 1 if n_classes == 2 else n_classes
    model = keras.Model(window, keras.layers.Dense(n_units, activation="softmax")(x))
    loss = "binary_crossentropy" if n_classes == 2 else "sparse_categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss)
    return model


@misconception(
    exercise="build_transformer",
    rejected_by="head_and_loss_follow_the_classes",
    says="There is one unit more than there are classes, for labels that begin with 1. Here labels "
    "begin with 0, and a column that never is right only costs.",
)
def labels_from_one(
    input_shape,
    n_classes,
    head_size,
    num_heads,
    ff_dim,
    num_transformer_blocks,
    mlp_units,
    dropout=0.0,
    mlp_dropout=0.0,
):
    window = keras.Input(input_shape)
    x = add_positional_encoding(keras.layers.Dense(head_size * num_heads)(window))  # noqa: F821
    for _ in range(num_transformer_blocks):
        x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)  # noqa: F821
    x = keras.layers.GlobalAveragePooling1D()(x)
    for units in mlp_units:
        x = keras.layers.Dropout(mlp_dropout)(keras.layers.Dense(units, activation="relu")(x))
    n_units = 1 if n_classes == 2 else n_classes + 1
    activation = "sigmoid" if n_classes == 2 else "softmax"
    loss = "binary_crossentropy" if n_classes == 2 else "sparse_categorical_crossentropy"
    model = keras.Model(window, keras.layers.Dense(n_units, activation=activation)(x))
    model.compile(optimizer="adam", loss=loss)
    return model


@misconception(
    exercise="build_transformer",
    rejected_by="head_and_loss_follow_the_classes",
    says="categorical_crossentropy wants one-hot rows. Labels are integers here: "
    "sparse_categorical_crossentropy.",
    betrayed=False,
)
def loss_of_one_hot_rows(
    input_shape,
    n_classes,
    head_size,
    num_heads,
    ff_dim,
    num_transformer_blocks,
    mlp_units,
    dropout=0.0,
    mlp_dropout=0.0,
):
    window = keras.Input(input_shape)
    x = add_positional_encoding(keras.layers.Dense(head_size * num_heads)(window))  # noqa: F821
    for _ in range(num_transformer_blocks):
        x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)  # noqa: F821
    x = keras.layers.GlobalAveragePooling1D()(x)
    for units in mlp_units:
        x = keras.layers.Dropout(mlp_dropout)(keras.layers.Dense(units, activation="relu")(x))
    n_units = 1 if n_classes == 2 else n_classes
    activation = "sigmoid" if n_classes == 2 else "softmax"
    model = keras.Model(window, keras.layers.Dense(n_units, activation=activation)(x))
    loss = "binary_crossentropy" if n_classes == 2 else "categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss)
    return model


@misconception(
    exercise="build_transformer",
    rejected_by="head_and_loss_follow_the_classes",
    says="A model must know its optimizer and loss before it can learn: end with "
    "model.compile(...).",
)
def not_compiled(
    input_shape,
    n_classes,
    head_size,
    num_heads,
    ff_dim,
    num_transformer_blocks,
    mlp_units,
    dropout=0.0,
    mlp_dropout=0.0,
):
    window = keras.Input(input_shape)
    x = add_positional_encoding(keras.layers.Dense(head_size * num_heads)(window))  # noqa: F821
    for _ in range(num_transformer_blocks):
        x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)  # noqa: F821
    x = keras.layers.GlobalAveragePooling1D()(x)
    for units in mlp_units:
        x = keras.layers.Dropout(mlp_dropout)(keras.layers.Dense(units, activation="relu")(x))
    n_units = 1 if n_classes == 2 else n_classes
    activation = "sigmoid" if n_classes == 2 else "softmax"
    return keras.Model(window, keras.layers.Dense(n_units, activation=activation)(x))


@misconception(
    exercise="build_transformer",
    rejected_by="sizes_are_used",
    says="mlp_units says which Dense layers stand between the mean and the head, one for each of "
    "its numbers.",
)
def mlp_units_ignored(
    input_shape,
    n_classes,
    head_size,
    num_heads,
    ff_dim,
    num_transformer_blocks,
    mlp_units,
    dropout=0.0,
    mlp_dropout=0.0,
):
    window = keras.Input(input_shape)
    x = add_positional_encoding(keras.layers.Dense(head_size * num_heads)(window))  # noqa: F821
    for _ in range(num_transformer_blocks):
        x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)  # noqa: F821
    x = keras.layers.Dropout(mlp_dropout)(keras.layers.GlobalAveragePooling1D()(x))
    model = keras.Model(window, keras.layers.Dense(n_classes, activation="softmax")(x))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


# -- build_cnn_transformer -------------------------------------------------------------------------


@misconception(
    exercise="build_cnn_transformer",
    rejected_by="convolution_before_attention",
    says="There is no convolution: a Dense layer, or a Conv1D of width 1, sees one step at a time.",
)
def no_convolution(input_shape, n_classes, filters=64, patch=5, **sizes):
    blocks = {"head_size": 8, "num_heads": 2, "ff_dim": 32, "num_transformer_blocks": 1}
    return build_transformer(  # noqa: F821
        input_shape, n_classes, **blocks | {"mlp_units": (16,)} | sizes
    )


@misconception(
    exercise="build_cnn_transformer",
    rejected_by="convolution_before_attention",
    says="After your convolution there are as many steps as before, and attention compares them "
    "all. With strides=patch there is one token for every patch.",
)
def attends_to_every_step(
    input_shape,
    n_classes,
    filters=64,
    patch=5,
    head_size=16,
    num_heads=4,
    ff_dim=32,
    num_transformer_blocks=1,
    mlp_units=(16,),
    dropout=0.0,
    mlp_dropout=0.0,
):
    window = keras.Input(input_shape)
    x = keras.layers.Conv1D(filters, patch, padding="same", activation="relu")(window)
    x = add_positional_encoding(keras.layers.Dense(head_size * num_heads)(x))  # noqa: F821
    for _ in range(num_transformer_blocks):
        x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)  # noqa: F821
    x = keras.layers.GlobalAveragePooling1D()(x)
    for units in mlp_units:
        x = keras.layers.Dropout(mlp_dropout)(keras.layers.Dense(units, activation="relu")(x))
    model = keras.Model(window, keras.layers.Dense(n_classes, activation="softmax")(x))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


@misconception(
    exercise="build_cnn_transformer",
    rejected_by="order_of_patches_matters",
    says="A convolution sees the order within a patch, not that of the patches: their positions "
    "must be added before the first block.",
)
def position_missing_among_patches(
    input_shape,
    n_classes,
    filters=64,
    patch=5,
    head_size=16,
    num_heads=4,
    ff_dim=32,
    num_transformer_blocks=1,
    mlp_units=(16,),
    dropout=0.0,
    mlp_dropout=0.0,
):
    window = keras.Input(input_shape)
    x = keras.layers.Conv1D(filters, patch, patch, padding="same", activation="relu")(window)
    x = keras.layers.Dense(head_size * num_heads)(x)
    for _ in range(num_transformer_blocks):
        x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)  # noqa: F821
    x = keras.layers.GlobalAveragePooling1D()(x)
    for units in mlp_units:
        x = keras.layers.Dropout(mlp_dropout)(keras.layers.Dense(units, activation="relu")(x))
    model = keras.Model(window, keras.layers.Dense(n_classes, activation="softmax")(x))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


@misconception(
    exercise="build_cnn_transformer",
    rejected_by="blocks_and_sizes_are_used",
    says="num_transformer_blocks is not used: there is one block whatever it says.",
)
def blocks_ignored_after_convolution(
    input_shape,
    n_classes,
    filters=64,
    patch=5,
    head_size=16,
    num_heads=4,
    ff_dim=32,
    num_transformer_blocks=2,
    mlp_units=(16,),
    dropout=0.0,
    mlp_dropout=0.0,
):
    window = keras.Input(input_shape)
    x = keras.layers.Conv1D(filters, patch, patch, padding="same", activation="relu")(window)
    x = add_positional_encoding(keras.layers.Dense(head_size * num_heads)(x))  # noqa: F821
    x = transformer_encoder(x, head_size, num_heads, ff_dim, dropout)  # noqa: F821
    x = keras.layers.GlobalAveragePooling1D()(x)
    for units in mlp_units:
        x = keras.layers.Dropout(mlp_dropout)(keras.layers.Dense(units, activation="relu")(x))
    model = keras.Model(window, keras.layers.Dense(n_classes, activation="softmax")(x))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


# -- train_transformer -----------------------------------------------------------------------------


@misconception(
    exercise="train_transformer",
    rejected_by="tells_movements_apart",
    says="Labels are shifted to begin with 1, so the model has a column more than there are "
    "classes, and its answers are one too high. Labels from 0 need no shift.",
)
def trains_labels_from_one(X_train, y_train, X_valid, y_valid, seed):
    keras.utils.set_random_seed(seed)
    shape, n_classes = X_train.shape[1:], int(y_train.max()) + 2
    model = build_cnn_transformer(shape, n_classes, num_transformer_blocks=1)  # noqa: F821
    model.compile(keras.optimizers.Adam(0.003), model.loss)
    model.fit(X_train, y_train + 1, epochs=15, batch_size=16, verbose=0)
    return model


@misconception(
    exercise="train_transformer",
    rejected_by="tells_movements_apart",
    says="The model is built and returned as it was born, without model.fit.",
)
def never_trained(X_train, y_train, X_valid, y_valid, seed):
    keras.utils.set_random_seed(seed)
    return build_cnn_transformer(X_train.shape[1:], int(y_train.max()) + 1)  # noqa: F821


@misconception(
    exercise="train_transformer",
    rejected_by="tells_movements_apart",
    says="model.fit returns the history of the training. Return the model.",
    betrayed=False,
)
def returns_the_history(X_train, y_train, X_valid, y_valid, seed):
    model = build_cnn_transformer(X_train.shape[1:], int(y_train.max()) + 1)  # noqa: F821
    return model.fit(X_train, y_train, epochs=1, verbose=0)


@misconception(
    exercise="train_transformer",
    rejected_by="tells_movements_apart",
    says="A good network, but there is no attention in it: this is to be a transformer.",
)
def trains_no_transformer(X_train, y_train, X_valid, y_valid, seed):
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(X_train.shape[1:]),
            layers.Conv1D(32, 5, activation="relu", padding="same"),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(int(y_train.max()) + 1, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    model.fit(X_train, y_train, epochs=15, batch_size=16, verbose=0)
    return model


@misconception(
    exercise="train_transformer",
    rejected_by="two_classes_and_bad_labels",
    says="One-hot rows and the sparse loss do not go together, and an error of Keras deep inside "
    "says so late. Look at the labels first: raise ValueError.",
    betrayed=False,
)
def takes_any_labels(X_train, y_train, X_valid, y_valid, seed):
    keras.utils.set_random_seed(seed)
    y_train = np.asarray(y_train)
    labels = y_train.argmax(axis=1) if y_train.ndim == 2 else y_train
    shape, n_classes = np.shape(X_train)[1:], max(2, int(labels.max()) + 1)
    model = build_cnn_transformer(shape, n_classes, num_transformer_blocks=1)  # noqa: F821
    model.compile(keras.optimizers.Adam(0.003), model.loss)
    model.fit(X_train[: len(labels)], labels, epochs=12, batch_size=16, verbose=0)
    return model


# -- attention_maps --------------------------------------------------------------------------------


@misconception(
    exercise="attention_maps",
    rejected_by="who_looked_at_whom",
    says="These are the maps of the last block alone. All blocks have some, in their order.",
)
def last_block_only(model, x):
    kind = keras.layers.MultiHeadAttention
    scores = [layer.output[1] for layer in model.layers if isinstance(layer, kind)]
    maps = keras.Model(model.input, keras.ops.stack(scores[-1:], axis=1))
    return keras.ops.convert_to_numpy(maps(np.asarray(x)[np.newaxis], training=False))[0]


@misconception(
    exercise="attention_maps",
    rejected_by="who_looked_at_whom",
    says="The blocks come backwards: the first one that the window meets is to be first.",
)
def blocks_backwards(model, x):
    kind = keras.layers.MultiHeadAttention
    scores = [layer.output[1] for layer in model.layers if isinstance(layer, kind)][::-1]
    maps = keras.Model(model.input, keras.ops.stack(scores, axis=1))
    return keras.ops.convert_to_numpy(maps(np.asarray(x)[np.newaxis], training=False))[0]


@misconception(
    exercise="attention_maps",
    rejected_by="who_looked_at_whom",
    says="The heads are averaged, and what each of them looks for is lost: (blocks, heads, T, T).",
)
def heads_averaged(model, x):
    kind = keras.layers.MultiHeadAttention
    scores = [layer.output[1] for layer in model.layers if isinstance(layer, kind)]
    maps = keras.Model(model.input, keras.ops.stack(scores, axis=1))
    maps = keras.ops.convert_to_numpy(maps(np.asarray(x)[np.newaxis], training=False))[0]
    return maps.mean(axis=1)


@misconception(
    exercise="attention_maps",
    rejected_by="who_looked_at_whom",
    says="Rows and columns are swapped: rows look, columns are looked at, and each row adds up "
    "to 1.",
)
def maps_transposed(model, x):
    kind = keras.layers.MultiHeadAttention
    scores = [layer.output[1] for layer in model.layers if isinstance(layer, kind)]
    maps = keras.Model(model.input, keras.ops.stack(scores, axis=1))
    maps = keras.ops.convert_to_numpy(maps(np.asarray(x)[np.newaxis], training=False))[0]
    return np.swapaxes(maps, 2, 3)


@misconception(
    exercise="attention_maps",
    rejected_by="who_looked_at_whom",
    says="The axis of the batch is still there: x is one window, and so are its maps.",
)
def batch_axis_left(model, x):
    kind = keras.layers.MultiHeadAttention
    scores = [layer.output[1] for layer in model.layers if isinstance(layer, kind)]
    maps = keras.Model(model.input, keras.ops.stack(scores, axis=0))
    return keras.ops.convert_to_numpy(maps(np.asarray(x)[np.newaxis], training=False))


@misconception(
    exercise="attention_maps",
    rejected_by="maps_are_not_of_training",
    says="The maps are those of training: what dropout takes away in the first block changes what "
    "the second looks at, each time in another way. Call the model with training=False.",
)
def maps_with_dropout(model, x):
    kind = keras.layers.MultiHeadAttention
    scores = [layer.output[1] for layer in model.layers if isinstance(layer, kind)]
    maps = keras.Model(model.input, keras.ops.stack(scores, axis=1))
    return keras.ops.convert_to_numpy(maps(np.asarray(x)[np.newaxis], training=True))[0]
