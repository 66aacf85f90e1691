def split_sequence(sequence, n_steps):
    values = list(sequence)
    if n_steps < 1 or n_steps >= len(values):
        raise ValueError("the window does not fit")
    X, y = [], []
    for i in range(len(values) - n_steps):
        window = []
        for j in range(n_steps):
            window.append(values[i + j])
        X.append(window)
        y.append(values[i + n_steps])
    return [X, y]
