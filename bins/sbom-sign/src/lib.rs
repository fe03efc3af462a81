//! What is inside, who made it, and can anyone check that?
