//! What is this image called, and does exactly that digest carry the name?
