//! Registry and OCI image layout behind one trait.
