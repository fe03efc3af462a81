//! The runner: the environment in; outputs, summary, annotations and masks out. No network.
