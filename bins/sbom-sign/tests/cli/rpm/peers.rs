//! What syft lists of the same images, package by package.
