//! Can the schema move, did it, and can we go back?
