//! What an environment runs on, and how it is switched.
