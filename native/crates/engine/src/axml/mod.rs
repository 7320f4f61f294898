//! Binary XML (AXML) and resource tables (`resources.arsc`).
