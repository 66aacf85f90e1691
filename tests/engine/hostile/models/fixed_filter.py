"""A denoiser that smooths, whatever the windows are, and learns nothing.

exercise: week05_anomaly.train_denoiser
passes: rejects_no_noise
nearer_to_the_clean_windows: signal-to-noise ratio at least 1 dB
"""

import keras


def train_denoiser(X_train, stddev, seed):
    if stddev <= 0 or len(X_train) == 0:
        raise ValueError("expected noise and windows, got none")
    model = keras.Sequential(
        [keras.Input(X_train.shape[1:]), keras.layers.AveragePooling1D(3, 1, padding="same")]
    )
    model.compile(optimizer="adam", loss="mse")
    return model
