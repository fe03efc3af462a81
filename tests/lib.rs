//! House rules (`tidy`), the YAML of the actions (`actions`) and the chain end to end (`chain`).
