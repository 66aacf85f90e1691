"""Week 6, the transformer in another style.

Subclassed layers and models, normalisation after the sum, Conv1D as feed-forward part, positions as
a layer, separable convolution, losses as objects, another optimizer, maps as lists.
"""

import keras
import numpy as np
from keras import layers, ops


class Positions(layers.Layer):
    def build(self, shape):
        _, length, depth = shape
        rates = 10_000.0 ** -(np.arange(0, depth, 2) / depth)
        angles = np.arange(length)[:, None] * rates
        pairs = np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(length, -1)
        self.table = pairs[None, :, :depth].astype("float32")

    def call(self, x):
        return ops.add(x, self.table)


def add_positional_encoding(inputs):
    if len(inputs.shape) != 3:
        raise ValueError("expected three axes")
    return Positions(name="where")(inputs)


class Block(layers.Layer):
    """Normalisation after the sum; a Conv1D of width 1 thinks."""

    def __init__(self, head_size, num_heads, ff_dim, rate):
        super().__init__()
        self.look = layers.MultiHeadAttention(num_heads, key_dim=head_size, name="look")
        self.rest = {"drop": layers.Dropout(rate), "norms": [layers.LayerNormalization()]}
        self.second = layers.LayerNormalization()
        self.up = layers.Conv1D(ff_dim, 1, activation="gelu")
        self.down = None

    def build(self, shape):
        self.down = layers.Conv1D(shape[-1], 1)
        super().build(shape)

    def call(self, x, training=None):
        looked = self.rest["drop"](self.look(x, x, x), training=training)
        x = self.rest["norms"][0](x + looked)
        return self.second(x + self.rest["drop"](self.down(self.up(x)), training=training))


def transformer_encoder(inputs, head_size, num_heads, ff_dim, dropout=0.0):
    if head_size < 1 or num_heads < 1 or ff_dim < 1 or not 0 <= dropout < 1:
        raise ValueError("sizes")
    return Block(head_size, num_heads, ff_dim, dropout)(inputs)


class Classifier(keras.Model):
    def __init__(self, stem, blocks, mlp, head):
        super().__init__()
        self.stem, self.blocks, self.mlp, self.head = stem, blocks, mlp, head
        self.where = Positions()

    def call(self, x, training=None):
        for layer in self.stem:
            x = layer(x, training=training) if isinstance(layer, layers.Dropout) else layer(x)
        x = self.where(x)
        for block in self.blocks:
            x = block(x, training=training)
        x = ops.mean(x, axis=1)
        for layer in self.mlp:
            x = layer(x, training=training)
        return self.head(x)


def classifier(input_shape, stem, n_classes, sizes, n_blocks, mlp_units, dropout, mlp_dropout):
    if n_classes < 2 or n_blocks < 1 or min(sizes) < 1:
        raise ValueError("expected classes and blocks")
    mlp = []
    for units in mlp_units:
        mlp += [layers.Dense(units, "elu"), layers.Dropout(mlp_dropout)]
    blocks = [Block(*sizes, dropout) for _ in range(n_blocks)]
    binary = n_classes == 2
    head = layers.Dense(1, "sigmoid") if binary else layers.Dense(n_classes, "softmax")
    model = Classifier(stem, blocks, mlp, head)
    model.compile(
        keras.optimizers.RMSprop(1e-3),
        keras.losses.BinaryCrossentropy()
        if binary
        else keras.losses.SparseCategoricalCrossentropy(),
    )
    model(np.zeros((1, *input_shape), "float32"))
    return model


def build_transformer(
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
    sizes = (head_size, num_heads, ff_dim)
    return classifier(
        input_shape,
        [layers.Dense(32)],
        n_classes,
        sizes,
        num_transformer_blocks,
        mlp_units,
        dropout,
        mlp_dropout,
    )


def build_cnn_transformer(
    input_shape,
    n_classes,
    filters=24,
    patch=5,
    head_size=8,
    num_heads=2,
    ff_dim=48,
    num_transformer_blocks=1,
    mlp_units=(24,),
    dropout=0.0,
    mlp_dropout=0.0,
    channel_dropout=0.0,
):
    if filters < 1 or patch < 1:
        raise ValueError("sizes")
    stem = [
        layers.Dropout(channel_dropout, noise_shape=(None, 1, input_shape[1])),
        layers.SeparableConv1D(filters, max(3, patch), patch, padding="same", activation="gelu"),
        layers.Dense(24),
    ]
    return classifier(
        input_shape,
        stem,
        n_classes,
        (head_size, num_heads, ff_dim),
        num_transformer_blocks,
        mlp_units,
        dropout,
        mlp_dropout,
    )


def train_transformer(X_train, y_train, X_valid, y_valid, seed):
    keras.utils.set_random_seed(seed)
    for X, y in ((X_train, y_train), (X_valid, y_valid)):
        if np.ndim(y) != 1 or len(X) != len(y) or np.min(y) < 0:
            raise ValueError("labels")
    n_classes = max(y_train) + 1
    if n_classes < 2:
        raise ValueError("one class")
    model = build_transformer(X_train.shape[1:], int(n_classes), 8, 2, 32, 1, [16])
    model.optimizer.learning_rate = 0.003
    model.fit(X_train, y_train, epochs=15, batch_size=16, verbose=0)
    return model


def attention_maps(model, x):
    if np.ndim(x) != 2:
        raise ValueError("one window")
    x = np.asarray(x, "float32")[None]
    for layer in model.stem:
        x = layer(x)
    x, found = model.where(x), []
    for block in model.blocks:
        _, scores = block.look(x, x, return_attention_scores=True)
        found.append(np.array(scores)[0].tolist())
        x = block(x)
    return found
