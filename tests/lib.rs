//! House rules (`tidy`), the YAML of the actions (`actions`) the chain end to end (`chain`) and the examples (`vulnerabilities`).
