"""Wrong answers to week 4 on transfer learning, and what to tell those who gave them."""

import keras
import numpy as np

from course.misconception import misconception

# -- preprocess ------------------------------------------------------------------------------------


@misconception(
    exercise="preprocess",
    rejected_by="bytes_become_minus_one_to_one",
    says="Your images go from 0 to 1. A MobileNet was trained on -1 to 1 and sees grey fog instead "
    "of black: divide by 127.5 and subtract 1.",
)
def scales_to_zero_to_one(images):
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError("expected uint8")
    return images.astype("float32") / 255


@misconception(
    exercise="preprocess",
    rejected_by="bytes_become_minus_one_to_one",
    says="The images have been scaled twice, so all of them are nearly -1.",
)
def preprocesses_twice(images):
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError("expected uint8")
    return (images.astype("float32") / 127.5 - 1) / 127.5 - 1


@misconception(
    exercise="preprocess",
    rejected_by="bytes_become_minus_one_to_one",
    says="The subtraction happened in unsigned bytes, which cannot be negative: 0 - 127 is 129 "
    "there. Convert to float32 first.",
)
def subtracts_in_bytes(images):
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError("expected uint8")
    return (images - np.uint8(127)).astype("float32") / 127.5


@misconception(
    exercise="preprocess",
    rejected_by="rejects_what_is_no_bytes",
    says="Images that are not uint8 have probably been preprocessed already. Raise ValueError "
    "instead of scaling them again.",
)
def accepts_anything(images):
    return np.asarray(images).astype("float32") / 127.5 - 1


# -- build_augmenter -------------------------------------------------------------------------------


@misconception(
    exercise="build_augmenter",
    rejected_by="changes_images_in_training",
    says="Nothing happens to the images: a factor of 0 leaves them as they are.",
)
def never_augments(seed):
    return keras.Sequential([keras.layers.RandomRotation(0.0, seed=seed)])


@misconception(
    exercise="build_augmenter",
    rejected_by="leaves_images_alone_otherwise",
    says="The images are changed outside of training as well, so the same photo gets another "
    "prediction each time. Pass `training` on instead of training=True.",
)
def augments_at_test_too(seed):
    class Augmenter(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.flip = keras.layers.RandomFlip("horizontal", seed=seed)
            self.rotation = keras.layers.RandomRotation(0.05, seed=seed)

        def call(self, images, training=None):
            return self.rotation(self.flip(images, training=True), training=True)

    return Augmenter()


@misconception(
    exercise="build_augmenter",
    rejected_by="values_stay_in_range",
    says="Layers for brightness and contrast expect values from 0 to 255 and cut off or push away "
    "all else, unless told otherwise: value_range=(-1, 1).",
)
def brightness_for_0_to_255(seed):
    return keras.Sequential(
        [
            keras.layers.RandomFlip("horizontal", seed=seed),
            keras.layers.RandomBrightness(0.2, seed=seed),
        ]
    )


@misconception(
    exercise="build_augmenter",
    rejected_by="seed_decides",
    says="The seed is not used. Pass it to every random layer.",
)
def seed_ignored(seed):
    return keras.Sequential(
        [keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.05)]
    )


# -- build_transfer_model --------------------------------------------------------------------------


@misconception(
    exercise="build_transfer_model",
    rejected_by="training_moves_only_the_head",
    says="The base is trainable. The large, random gradients of a new head then destroy what it "
    "has learnt: base_model.trainable = False, before you compile.",
)
def base_left_trainable(base_model, n_classes, dropout=0.2):
    if n_classes < 2 or not 0 <= dropout < 1:
        raise ValueError("expected at least 2 classes and a dropout in [0, 1)")
    images = keras.Input(base_model.input_shape[1:])
    x = keras.layers.GlobalAveragePooling2D()(base_model(images, training=False))
    x = keras.layers.Dropout(dropout)(x)
    if n_classes == 2:
        x = keras.layers.Dense(1, activation="sigmoid")(x)
    else:
        x = keras.layers.Dense(n_classes, activation="softmax")(x)
    model = keras.Model(images, x)
    loss = "binary_crossentropy" if n_classes == 2 else "sparse_categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss)
    return model


@misconception(
    exercise="build_transfer_model",
    rejected_by="training_moves_only_the_head",
    says="The base was frozen after the model had been compiled and used. What a model trains is "
    "settled by then: freeze first, compile afterwards.",
)
def frozen_after_compiling(base_model, n_classes, dropout=0.2):
    if n_classes < 2 or not 0 <= dropout < 1:
        raise ValueError("expected at least 2 classes and a dropout in [0, 1)")
    images = keras.Input(base_model.input_shape[1:])
    x = keras.layers.GlobalAveragePooling2D()(base_model(images, training=False))
    x = keras.layers.Dropout(dropout)(x)
    if n_classes == 2:
        x = keras.layers.Dense(1, activation="sigmoid")(x)
    else:
        x = keras.layers.Dense(n_classes, activation="softmax")(x)
    model = keras.Model(images, x)
    loss = "binary_crossentropy" if n_classes == 2 else "sparse_categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss)
    size = base_model.input_shape[1:]
    model.train_on_batch(np.zeros((2, *size), "float32"), np.array([0, 1]))  # does it run?
    base_model.trainable = False
    return model


@misconception(
    exercise="build_transfer_model",
    rejected_by="two_classes_have_one_sigmoid",
    says="Softmax over a single unit is always 1: it has nothing to compare with. One unit needs a "
    "sigmoid.",
)
def softmax_over_one_unit(base_model, n_classes, dropout=0.2):
    if n_classes < 2 or not 0 <= dropout < 1:
        raise ValueError("expected at least 2 classes and a dropout in [0, 1)")
    base_model.trainable = False
    images = keras.Input(base_model.input_shape[1:])
    x = keras.layers.GlobalAveragePooling2D()(base_model(images, training=False))
    x = keras.layers.Dropout(dropout)(x)
    x = keras.layers.Dense(1 if n_classes == 2 else n_classes, activation="softmax")(x)
    model = keras.Model(images, x)
    loss = "binary_crossentropy" if n_classes == 2 else "sparse_categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss)
    return model


@misconception(
    exercise="build_transfer_model",
    rejected_by="two_classes_have_one_sigmoid",
    says="Two classes got two units. The contract asks for one sigmoid unit then: the probability "
    "of class 1.",
)
def two_units_for_two_classes(base_model, n_classes, dropout=0.2):
    if n_classes < 2 or not 0 <= dropout < 1:
        raise ValueError("expected at least 2 classes and a dropout in [0, 1)")
    base_model.trainable = False
    images = keras.Input(base_model.input_shape[1:])
    x = keras.layers.GlobalAveragePooling2D()(base_model(images, training=False))
    x = keras.layers.Dropout(dropout)(x)
    model = keras.Model(images, keras.layers.Dense(n_classes, activation="softmax")(x))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


@misconception(
    exercise="build_transfer_model",
    rejected_by="base_pooling_head",
    says="The head sees every place of the picture by itself: Flatten makes it many times larger, "
    "and a cat on the left is another thing than a cat on the right. Average over the picture with "
    "GlobalAveragePooling2D.",
)
def flattens_instead_of_pooling(base_model, n_classes, dropout=0.2):
    if n_classes < 2 or not 0 <= dropout < 1:
        raise ValueError("expected at least 2 classes and a dropout in [0, 1)")
    base_model.trainable = False
    images = keras.Input(base_model.input_shape[1:])
    x = keras.layers.Flatten()(base_model(images, training=False))
    x = keras.layers.Dropout(dropout)(x)
    if n_classes == 2:
        x = keras.layers.Dense(1, activation="sigmoid")(x)
    else:
        x = keras.layers.Dense(n_classes, activation="softmax")(x)
    model = keras.Model(images, x)
    loss = "binary_crossentropy" if n_classes == 2 else "sparse_categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss)
    return model


@misconception(
    exercise="build_transfer_model",
    rejected_by="base_pooling_head",
    says="The model scales its images once more, though they come preprocessed: all of them are "
    "nearly -1 then.",
)
def preprocesses_again(base_model, n_classes, dropout=0.2):
    if n_classes < 2 or not 0 <= dropout < 1:
        raise ValueError("expected at least 2 classes and a dropout in [0, 1)")
    base_model.trainable = False
    images = keras.Input(base_model.input_shape[1:])
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(images)
    x = keras.layers.GlobalAveragePooling2D()(base_model(scaled, training=False))
    x = keras.layers.Dropout(dropout)(x)
    if n_classes == 2:
        x = keras.layers.Dense(1, activation="sigmoid")(x)
    else:
        x = keras.layers.Dense(n_classes, activation="softmax")(x)
    model = keras.Model(images, x)
    loss = "binary_crossentropy" if n_classes == 2 else "sparse_categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss)
    return model


@misconception(
    exercise="build_transfer_model",
    rejected_by="base_pooling_head",
    says="The model turns -1 … 1 into 0 … 1 before the base. The images come as the base wants "
    "them: pass them on as they are.",
)
def expects_zero_to_one(base_model, n_classes, dropout=0.2):
    if n_classes < 2 or not 0 <= dropout < 1:
        raise ValueError("expected at least 2 classes and a dropout in [0, 1)")
    base_model.trainable = False
    images = keras.Input(base_model.input_shape[1:])
    scaled = keras.layers.Rescaling(0.5, offset=0.5)(images)
    x = keras.layers.GlobalAveragePooling2D()(base_model(scaled, training=False))
    x = keras.layers.Dropout(dropout)(x)
    if n_classes == 2:
        x = keras.layers.Dense(1, activation="sigmoid")(x)
    else:
        x = keras.layers.Dense(n_classes, activation="softmax")(x)
    model = keras.Model(images, x)
    loss = "binary_crossentropy" if n_classes == 2 else "sparse_categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss)
    return model


@misconception(
    exercise="build_transfer_model",
    rejected_by="dropout_before_the_head",
    says="The argument `dropout` does not reach the model: put a Dropout layer with this rate "
    "between pooling and head.",
)
def dropout_ignored(base_model, n_classes, dropout=0.2):
    if n_classes < 2 or not 0 <= dropout < 1:
        raise ValueError("expected at least 2 classes and a dropout in [0, 1)")
    base_model.trainable = False
    images = keras.Input(base_model.input_shape[1:])
    x = keras.layers.GlobalAveragePooling2D()(base_model(images, training=False))
    x = keras.layers.Dropout(0.0)(x)
    if n_classes == 2:
        x = keras.layers.Dense(1, activation="sigmoid")(x)
    else:
        x = keras.layers.Dense(n_classes, activation="softmax")(x)
    model = keras.Model(images, x)
    loss = "binary_crossentropy" if n_classes == 2 else "sparse_categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss)
    return model


@misconception(
    exercise="build_transfer_model",
    rejected_by="training_moves_only_the_head",
    says="The whole model is frozen, the new head included, so nothing can learn. Freeze the base "
    "alone: base_model.trainable = False.",
)
def head_frozen_too(base_model, n_classes, dropout=0.2):
    if n_classes < 2 or not 0 <= dropout < 1:
        raise ValueError("expected at least 2 classes and a dropout in [0, 1)")
    base_model.trainable = False
    images = keras.Input(base_model.input_shape[1:])
    x = keras.layers.GlobalAveragePooling2D()(base_model(images, training=False))
    x = keras.layers.Dropout(dropout)(x)
    if n_classes == 2:
        x = keras.layers.Dense(1, activation="sigmoid")(x)
    else:
        x = keras.layers.Dense(n_classes, activation="softmax")(x)
    model = keras.Model(images, x)
    loss = "binary_crossentropy" if n_classes == 2 else "sparse_categorical_crossentropy"
    model.trainable = False
    model.compile(optimizer="adam", loss=loss)
    return model


# -- extract_features ------------------------------------------------------------------------------


@misconception(
    exercise="extract_features",
    rejected_by="inference_mode",
    says="The base ran in training mode: dropout drops features at random, and BatchNormalization "
    "uses the batch instead of what it has learnt. Use predict, or training=False.",
)
def in_training_mode(base_model, images):
    batches = [images[i : i + 32] for i in range(0, len(images), 32)]
    maps = [np.asarray(base_model(batch, training=True)) for batch in batches]
    return np.concatenate(maps).mean(axis=(1, 2))


@misconception(
    exercise="extract_features",
    rejected_by="the_bases_output_averaged",
    says="These are the largest values over the picture. Asked for is their average.",
)
def takes_the_maximum(base_model, images):
    return base_model.predict(images, verbose=0).max(axis=(1, 2))


@misconception(
    exercise="extract_features",
    rejected_by="the_bases_output_averaged",
    says="These are sums over the picture, which grow with its size. Asked for is the average.",
)
def sums_over_the_picture(base_model, images):
    return base_model.predict(images, verbose=0).sum(axis=(1, 2))


@misconception(
    exercise="extract_features",
    rejected_by="the_bases_output_averaged",
    says="Every place of the picture is still there. Average over height and width, so that "
    "each channel gives one feature.",
)
def not_pooled(base_model, images):
    maps = base_model.predict(images, verbose=0)
    return maps.reshape(len(maps), -1)


@misconception(
    exercise="extract_features",
    rejected_by="the_bases_output_averaged",
    says="The images were scaled once more, though they come preprocessed.",
)
def preprocesses_features_again(base_model, images):
    return base_model.predict(images / 127.5 - 1, verbose=0).mean(axis=(1, 2))


@misconception(
    exercise="extract_features",
    rejected_by="in_batches",
    says="All images go through the base at once. The memory for that grows with their number and "
    "runs out: base_model.predict(images, batch_size=64).",
)
def all_at_once(base_model, images):
    return np.asarray(base_model(images, training=False)).mean(axis=(1, 2))


# -- unfreeze_top ----------------------------------------------------------------------------------


@misconception(
    exercise="unfreeze_top",
    rejected_by="exactly_the_top_moves",
    says="The model was not compiled again, so it goes on as before: same learning rate, and what "
    "you unfroze does not learn. Compile after every change of what is trainable.",
)
def unfreezes_without_compiling(model, base_model, n_layers, learning_rate=1e-5):
    if n_layers < 1:
        raise ValueError("expected at least 1")
    base_model.trainable = True
    for layer in base_model.layers[:-n_layers]:
        layer.trainable = False
    for layer in base_model.layers[-n_layers:]:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    return model


@misconception(
    exercise="unfreeze_top",
    rejected_by="exactly_the_top_moves",
    says="The model has been compiled anew, but the top of the base is as frozen as before. Set "
    "base_model.trainable = True, then freeze again what must stay.",
)
def recompiles_but_never_unfreezes(model, base_model, n_layers, learning_rate=1e-5):
    if n_layers < 1:
        raise ValueError("expected at least 1")
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=model.loss)
    return model


@misconception(
    exercise="unfreeze_top",
    rejected_by="exactly_the_top_moves",
    says="The old optimizer was used again. It knows the head's variables only, and fit ends with "
    '"Unknown variable". Compile with a new one.',
)
def optimizer_reused(model, base_model, n_layers, learning_rate=1e-5):
    if n_layers < 1:
        raise ValueError("expected at least 1")
    base_model.trainable = True
    for layer in base_model.layers[:-n_layers]:
        layer.trainable = False
    for layer in base_model.layers[-n_layers:]:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    model.optimizer.learning_rate = learning_rate
    model.compile(optimizer=model.optimizer, loss=model.loss)
    return model


@misconception(
    exercise="unfreeze_top",
    rejected_by="lower_learning_rate_same_loss",
    says="The learning rate is not the one asked for. Large steps undo what the base has learnt: "
    "keras.optimizers.Adam(learning_rate).",
)
def same_learning_rate(model, base_model, n_layers, learning_rate=1e-5):
    if n_layers < 1:
        raise ValueError("expected at least 1")
    base_model.trainable = True
    for layer in base_model.layers[:-n_layers]:
        layer.trainable = False
    for layer in base_model.layers[-n_layers:]:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    model.compile(optimizer="adam", loss=model.loss)
    return model


@misconception(
    exercise="unfreeze_top",
    rejected_by="batch_normalization_stays",
    says="BatchNormalization layers of the base are trainable, so fit replaces their statistics by "
    "those of a few small batches. Keep each of them frozen: training=False in the model does not, "
    "Keras ignores it during fit.",
)
def batch_normalization_drifts(model, base_model, n_layers, learning_rate=1e-5):
    if n_layers < 1:
        raise ValueError("expected at least 1")
    base_model.trainable = True
    for layer in base_model.layers[:-n_layers]:
        layer.trainable = False
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=model.loss)
    return model


@misconception(
    exercise="unfreeze_top",
    rejected_by="exactly_the_top_moves",
    says="All layers of the base learn, not just the last n_layers. The lowest ones know edges and "
    "colours, which every picture has: freeze base_model.layers[:-n_layers] again.",
)
def unfreezes_everything(model, base_model, n_layers, learning_rate=1e-5):
    if n_layers < 1:
        raise ValueError("expected at least 1")
    base_model.trainable = True
    for layer in base_model.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=model.loss)
    return model


@misconception(
    exercise="unfreeze_top",
    rejected_by="rejects_no_layers",
    says="layers[-0:] is all layers, so unfreezing none unfreezes everything. Refuse n_layers < 1.",
    betrayed=False,
)
def no_layers_are_all_layers(model, base_model, n_layers, learning_rate=1e-5):
    base_model.trainable = True
    for layer in base_model.layers[:-n_layers]:
        layer.trainable = False
    for layer in base_model.layers[-n_layers:]:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=model.loss)
    return model


# -- transfer_learn --------------------------------------------------------------------------------


@misconception(
    exercise="transfer_learn",
    rejected_by="fine_tunes_the_top_at_a_lower_rate",
    says="The second phase is missing: the base is still frozen. Unfreeze its top when the head "
    "has learnt, and train on at a lower rate.",
)
def head_only(base_model, x_train, y_train, x_valid, y_valid, n_classes, seed):
    if len(x_train) != len(y_train):
        raise ValueError("expected a label for each image")
    keras.utils.set_random_seed(seed)
    model = build_transfer_model(base_model, n_classes)  # noqa: F821  the solution's
    model.compile(optimizer=keras.optimizers.Adam(9e-4), loss=model.loss)
    model.fit(x_train, y_train, epochs=3, verbose=0)
    return model


@misconception(
    exercise="transfer_learn",
    rejected_by="fine_tunes_the_top_at_a_lower_rate",
    says="Both phases learn at the same rate. Fine-tuning is to change the base a little: its "
    "learning rate should be far below that of the head.",
)
def same_learning_rate_for_both(base_model, x_train, y_train, x_valid, y_valid, n_classes, seed):
    if len(x_train) != len(y_train):
        raise ValueError("expected a label for each image")
    keras.utils.set_random_seed(seed)
    model = build_transfer_model(base_model, n_classes)  # noqa: F821  the solution's
    model.fit(x_train, y_train, epochs=3, verbose=0)
    unfreeze_top(model, base_model, 3, learning_rate=1e-3)  # noqa: F821  the solution's
    model.fit(x_train, y_train, epochs=1, verbose=0)
    return model


@misconception(
    exercise="transfer_learn",
    rejected_by="fine_tunes_the_top_at_a_lower_rate",
    says="Fine-tuning changed the statistics of BatchNormalization layers: they were trainable. "
    "Keep each of them frozen while the layers around them learn.",
)
def statistics_drift_in_fine_tuning(
    base_model, x_train, y_train, x_valid, y_valid, n_classes, seed
):
    if len(x_train) != len(y_train):
        raise ValueError("expected a label for each image")
    keras.utils.set_random_seed(seed)
    model = build_transfer_model(base_model, n_classes)  # noqa: F821  the solution's
    model.fit(x_train, y_train, epochs=3, verbose=0)
    base_model.trainable = True
    model.compile(optimizer=keras.optimizers.Adam(1e-4), loss=model.loss)
    model.fit(x_train, y_train, epochs=1, verbose=0)
    return model


@misconception(
    exercise="transfer_learn",
    rejected_by="tells_classes_apart",
    says="The model was taken apart and put together, but never trained: fit the head first, then "
    "head and top.",
    betrayed=False,
)
def never_fitted(base_model, x_train, y_train, x_valid, y_valid, n_classes, seed):
    if len(x_train) != len(y_train):
        raise ValueError("expected a label for each image")
    keras.utils.set_random_seed(seed)
    model = build_transfer_model(base_model, n_classes)  # noqa: F821  the solution's
    return unfreeze_top(model, base_model, 3)  # noqa: F821  the solution's


# -- homework --------------------------------------------------------------------------------------


@misconception(
    exercise="pretrain_base",
    rejected_by="features_know_the_rings",
    says="The model returned still has its head: one number per shell, the rings. The next task "
    "needs what comes before it, the last hidden layer.",
)
def returns_the_head_too(x, rings, seed):
    if len(x) != len(rings):
        raise ValueError("expected rings for each row")
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((x.shape[1],)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, rings, epochs=5, verbose=0)
    return model


@misconception(
    exercise="pretrain_base",
    rejected_by="features_know_the_rings",
    says="The base knows nothing of rings: its features tell no more than random ones. The layers "
    "that are returned must be the ones that were trained, and the base must not be frozen.",
)
def base_is_never_trained(x, rings, seed):
    if len(x) != len(rings):
        raise ValueError("expected rings for each row")
    keras.utils.set_random_seed(seed)
    base_model = keras.Sequential(
        [keras.Input((x.shape[1],)), keras.layers.Dense(16, activation="relu")]
    )
    base_model.trainable = False
    regressor = keras.Sequential([base_model, keras.layers.Dense(1)])
    regressor.compile(optimizer="adam", loss="mse")
    regressor.fit(x, rings, epochs=5, verbose=0)
    return base_model


@misconception(
    exercise="transfer_to_sex",
    rejected_by="base_does_not_move",
    says="The base was trained along with the head. Freeze it before you compile: "
    "base_model.trainable = False.",
)
def base_learns_too(base_model, x, sex, seed):
    x, sex = np.asarray(x, "float32"), np.asarray(sex)
    if len(x) != len(sex) or not np.isin(sex, (0, 1, 2)).all():
        raise ValueError("expected a label of 0, 1 or 2 for each row")
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([base_model, keras.layers.Dense(3, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="sparse_categorical_crossentropy")
    model.fit(x, sex, epochs=10, verbose=0)
    return model


@misconception(
    exercise="transfer_to_sex",
    rejected_by="base_does_not_move",
    says="The base says that it is frozen, and it moved nevertheless: it was frozen after the "
    "model had begun to train. Freeze first, compile afterwards.",
)
def frozen_too_late(base_model, x, sex, seed):
    x, sex = np.asarray(x, "float32"), np.asarray(sex)
    if len(x) != len(sex) or not np.isin(sex, (0, 1, 2)).all():
        raise ValueError("expected a label of 0, 1 or 2 for each row")
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([base_model, keras.layers.Dense(3, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="sparse_categorical_crossentropy")
    model.fit(x, sex, epochs=5, verbose=0)
    base_model.trainable = False
    model.fit(x, sex, epochs=5, verbose=0)
    return model


@misconception(
    exercise="transfer_to_sex",
    rejected_by="tells_the_sex_of_unseen_shells",
    says="The model guesses. Its head must be trained, too: model.fit(x, sex, …).",
)
def head_is_never_trained(base_model, x, sex, seed):
    x, sex = np.asarray(x, "float32"), np.asarray(sex)
    if len(x) != len(sex) or not np.isin(sex, (0, 1, 2)).all():
        raise ValueError("expected a label of 0, 1 or 2 for each row")
    keras.utils.set_random_seed(seed)
    base_model.trainable = False
    model = keras.Sequential([base_model, keras.layers.Dense(3, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model
